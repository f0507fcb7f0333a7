"""The test of the measures: what it must find on representations whose relations are known."""

import tracemalloc

import numpy as np
import pytest
import torch

from assay.core.errors import BadInput
from assay.metrics import METRICS, layer_identification, metric, pairwise, separation
from assay.studies.families.trust import COLUMNS, ranked, sentence, trusted

TWO_SIDED = [name for name, m in METRICS.items() if m.card.needs == ("features_a", "features_b")]


def runs(n=40, width=6, models=4, own=0.4, seed=0):
    """Three groups of models with three layers: a layer's signal differs by group, coordinates by model."""
    draw = np.random.default_rng(seed)
    features, groups = {}, {}
    for group in (0, 50, 100):
        signals = [draw.standard_normal((n, width)) for _ in range(3)]
        for model in range(models):
            name = f"{group}-{model}"
            turned = [x @ np.linalg.qr(draw.standard_normal((width, width)))[0] for x in signals]
            features[name] = {f"layer{i}": x + own * draw.standard_normal(x.shape) for i, x in enumerate(turned)}
            groups[name] = group
    return features, groups


@pytest.fixture
def useless():
    """A registered measure of the user's that says nothing."""

    @metric(range=(0, 1), symmetric=True)
    def hashed(features_a, features_b):
        """Similarity that depends on rounding alone."""
        return float(np.mod(1e6 * np.abs(np.sum(features_a) * np.sum(features_b)), 1))

    yield "hashed"
    METRICS.pop("hashed")


def test_every_registered_measure_has_a_row():
    table = trusted(*runs())
    assert list(table.columns) == COLUMNS and list(table["measure"]) == TWO_SIDED
    assert {"linear_cka", "procrustes_distance", "rsa", "mutual_knn", "pwcca", "linear_regression_r2"} <= set(TWO_SIDED)
    good = table.set_index("measure")
    assert good["trusted"].all(), good[~good["trusted"]].T
    assert (good["identification"] == 1).all() and (good["chance"] == 1 / 3).all()
    assert (good["seconds"] >= 0).all() and (good["megabytes"] > 0).all() and (good["p_holm"] >= good["p"]).all()
    assert good.loc["linear_cka", "estimator"].startswith("biased") and good.loc["rbf_cka", "estimator"] == "biased"
    assert good.loc["debiased_rbf_cka", "estimator"] == "unbiased" and good.loc["rsa", "estimator"] == "plain"
    assert good.loc["linear_cka", "similar_is"] == "high" and good.loc["cka_distance", "similar_is"] == "low"
    assert (good.loc[["linear_cka", "pwcca"], "pairs"] == [12 * 11, 2 * 12 * 11]).all()
    assert abs(good.loc["debiased_cka", "unrelated"]) < 0.08 < good.loc["linear_cka", "unrelated"]


def test_numbers_are_those_of_the_functions():
    features, groups = runs(own=2.0)
    row = trusted(features, groups, measures=["angular_shape"], reference=50).iloc[0]
    layers = [x for name, own in features.items() if groups[name] == 50 for x in own.values()]
    found = layer_identification(pairwise(layers, "angular_shape"), 3, distance=True)
    assert row["identification"] == found.score and row["identification_low"] == found.low
    last = pairwise([own["layer2"] for own in features.values()], "angular_shape")
    apart = separation(last, list(groups.values()), distance=True)
    assert tuple(row[["separation", "separation_low", "separation_high", "p", "auprc"]]) == apart[:5]


def test_a_useless_measure_is_not_trusted(useless):
    table = trusted(*runs(), measures=["cka_distance", useless]).set_index("measure")
    assert table.loc["cka_distance", "trusted"] and not table.loc[useless, "trusted"]


def test_what_ignores_invertible_maps_says_nothing_where_width_exceeds_samples():
    table = trusted(*runs(n=20, width=30), measures=["mean_cca", "cca_r2", "linear_cka", "debiased_cka"])
    table = table.set_index("measure")
    for name in ("mean_cca", "cca_r2"):
        assert table.loc[name, "unrelated"] == pytest.approx(1) and not table.loc[name, "trusted"]
        assert table.loc[name, "identification"] == pytest.approx(1 / 3)
        assert "canonical correlations are 1 whatever the features" in table.loc[name, "warning"]
    assert "unrelated features have a CKA near" in table.loc["linear_cka", "warning"]
    assert table.loc["debiased_cka", "warning"] == "" and table.loc["debiased_cka", "trusted"]


def test_groups_that_do_not_differ_are_not_told_apart():
    features, groups = runs()
    draw = np.random.default_rng(1)
    mixed = dict(zip(groups, draw.permutation(list(groups.values())).tolist(), strict=True))
    table = trusted(features, mixed, measures=["linear_cka", "rsa"])
    assert not table["trusted"].any() and (table["p"] > 0.05).all()
    assert sentence(table)["en"].startswith("None of 2 measures can be trusted here")
    assert "信頼できるものはない" in sentence(table)["ja"]


def test_one_group_or_two_models_say_why_there_is_no_value():
    features, groups = runs()
    alone = {name: 0 for name in groups}
    row = trusted(features, alone, measures=["linear_cka"]).iloc[0]
    assert np.isnan(row["separation"]) and "two or more groups" in row["warning"] and not row["trusted"]
    row = trusted(features, groups, most=2, measures=["linear_cka"]).iloc[0]
    assert row["models"] == 6 and np.isnan(row["identification_low"]) == (row["identification"] < 1)


def test_dead_layers_are_left_out_and_said():
    features, groups = runs()
    features["0-0"]["layer1"] = np.ones((40, 6))
    row = trusted(features, groups, measures=["linear_cka"]).iloc[0]
    assert row["models"] == 11 and row["warning"] == "1 models with a dead layer left out."


def test_tensors_maps_and_progress():
    features, groups = runs()
    maps = {
        m: {k: torch.from_numpy(x).float().reshape(40, 3, 2, 1) for k, x in own.items()} for m, own in features.items()
    }
    seen = []

    def track(names):
        for name in names:
            seen.append(name)
            yield name

    measures = ["linear_cka", "knn_jaccard"]
    a, b = (trusted(x, groups, measures=measures, track=track) for x in (features, maps))
    assert seen == measures * 2
    assert a["separation"].tolist() == pytest.approx(b["separation"].tolist()) and b["width"].tolist() == [6, 6]


def test_memory_is_measured_also_while_someone_else_measures():
    features, groups = runs(n=120, models=2)
    tracemalloc.start()
    try:
        inside = trusted(features, groups, measures=["rsa"]).iloc[0]["megabytes"]
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()
    outside = trusted(features, groups, measures=["rsa"]).iloc[0]["megabytes"]
    assert inside == pytest.approx(outside, rel=0.2) and outside > 120 * 119 / 2 * 8 / 1e6
    assert not tracemalloc.is_tracing()


def test_the_sentence_names_the_best_and_the_primary_ones():
    table = trusted(*runs(own=1.2), measures=["cka_distance", "procrustes_distance", "rsa", "cca_r2"])
    best = ranked(table)
    worse = best[["identification", "separation"]].min(axis=1).tolist()
    assert worse == sorted(worse, reverse=True) and len(best) >= 1
    said = sentence(table)
    assert best.iloc[0]["measure"] in said["en"] and best.iloc[0]["measure"] in said["ja"]
    assert ("cka_distance" in set(best["measure"])) == ("cka_distance" in said["en"].split("rest on")[1])


def test_refusals():
    features, groups = runs()
    with pytest.raises(BadInput, match="found none for 0-0; name its group"):
        trusted(features, {})
    with pytest.raises(BadInput, match="group 7; found none"):
        trusted(features, groups, reference=7)
    with pytest.raises(BadInput, match="the same layers in one order"):
        trusted({**features, "0-0": {"other": features["0-0"]["layer0"]}}, groups)
    with pytest.raises(BadInput, match="found 0 models"):
        trusted({"a": {"x": np.ones((9, 2))}}, {"a": 1})
    with pytest.raises(BadInput, match="did you mean 'linear_cka'"):
        trusted(features, groups, measures=["linear_ckaa"])
