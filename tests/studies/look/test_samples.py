"""Maps, neighbours, densities and outcomes, each against something independent."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.stats import ortho_group
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from assay.metrics import detection, sample_correlation, sample_density
from assay.studies.look.alike import alike
from assay.studies.look.crowd import crowds
from assay.studies.look.maps import pca, tsne
from assay.studies.look.outcomes import limit_of, outcomes, rates
from assay.studies.look.tables import on_map, picture

seeds = st.integers(0, 10_000)


def cloud(seed: int, n: int = 40, width: int = 6) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return draw.normal(size=(n, width)) * np.arange(1, width + 1)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_pca_is_that_of_another_library(seed: int) -> None:
    x = cloud(seed)
    found, other = pca(x), PCA(2).fit(x)
    assert np.allclose(np.abs(found.points), np.abs(other.transform(x)), atol=1e-9)
    assert np.allclose(found.shares, other.explained_variance_ratio_)
    assert all(column[np.abs(column).argmax()] > 0 for column in found.points.T)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_a_turned_and_moved_representation_has_the_same_map(seed: int) -> None:
    x = cloud(seed)
    turned = 3 * x @ ortho_group.rvs(6, random_state=seed) + 5
    assert np.allclose(pca(turned).points, 3 * pca(x).points, atol=1e-8)


def test_later_rows_do_not_bend_the_map_of_the_first() -> None:
    x = cloud(0)
    assert np.allclose(pca(np.concatenate([x, 100 * cloud(1)]), 40).points[:40], pca(x).points)


@pytest.mark.parametrize("width", [1, 2, 5])
def test_a_dead_layer_lies_at_one_point(width: int) -> None:
    dead = np.ones((20, width))
    assert not pca(dead).points.any() and pca(dead).shares == (0.0, 0.0) and tsne(dead) is None
    assert pca(cloud(0, width=width)).points.shape == (40, 2)


def test_tsne_keeps_neighbours_and_repeats_itself() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(90, 10)) + 12 * np.repeat(np.eye(3, 10), 30, 0)
    one, again, other = tsne(x, 0), tsne(x, 0), tsne(x, 1)
    assert one is not None and again is not None and other is not None
    assert np.array_equal(one.points, again.points)
    assert trustworthiness(x, one.points) > 0.9
    assert tsne(x[:7]) is None and tsne(x[:9, :1]) is not None


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_neighbours_are_those_of_another_library(seed: int) -> None:
    train, others = cloud(seed), cloud(seed + 1, 15)
    labels = np.random.default_rng(seed).integers(0, 3, len(train))
    found = alike(train, labels, others, 3, k=5)
    distances, places = NearestNeighbors(n_neighbors=5).fit(train).kneighbors(others)
    own = NearestNeighbors(n_neighbors=2).fit(train).kneighbors(train)[0][:, 1]
    assert np.array_equal(found.places, places) and np.allclose(found.distances, distances / np.median(own), rtol=1e-4)
    for row, winner in zip(places, found.among, strict=True):
        counts = np.bincount(labels[row], minlength=3)
        tied = np.flatnonzero(counts == counts.max())
        assert winner in tied and (labels[row[0]] not in tied or winner == labels[row[0]])


def test_classes_are_compared_from_as_many_samples() -> None:
    x = cloud(0, 80)
    labels = np.array([0] * 40 + [1] * 25 + [2] * 12 + [3] * 3)
    rows = {row["label"]: row for row in crowds(x, labels, 5)}
    assert set(rows) == {-1, 0, 1, 2, 3} and [rows[c]["n"] for c in (0, 1, 2, 3)] == [12, 12, 12, 3]
    assert rows[3]["density"] is None and rows[3]["correlation"] is None
    for label in (0, 1, 2):
        chosen = x[labels == label][:12]
        assert rows[label]["density"] == sample_density(chosen, 4)
        assert rows[label]["correlation"] == sample_correlation(chosen)


@pytest.mark.parametrize("x", [np.ones((30, 4)), np.arange(30.0)[:, None], np.repeat(np.arange(30.0)[:, None], 3, 1)])
def test_layers_without_shape_have_no_figures_that_need_one(x: np.ndarray) -> None:
    rows = crowds(x, np.arange(30) % 2, 2)
    assert all(row["correlation"] is None and row["apart"] is None for row in rows)
    assert [row["density"] is None for row in rows] == [bool((x == x[0]).all())] * 3


@settings(max_examples=40, deadline=None)
@given(seeds, st.sampled_from([0, 2, None]))
def test_outcomes_add_up_to_the_rates(seed: int, ok: int | None) -> None:
    draw = np.random.default_rng(seed)
    labels = [np.arange(n) % 3 for n in (30, 60)]
    probs = [draw.dirichlet(np.ones(3), len(each)) * 0.5 + 0.5 * np.eye(3)[each] * draw.random() for each in labels]
    probs = [each / each.sum(1, keepdims=True) for each in probs]
    said = outcomes(probs[1], labels[1], ok, limit_of(probs[0], labels[0], ok))
    found = detection(probs[0], labels[0], probs[1], labels[1], ok)
    if ok is None:
        assert said.count("right") == (probs[1].argmax(1) == labels[1]).sum() and set(said) <= {"right", "wrong"}
    else:
        assert said.count("false reject") == found.counts[0].false_rejects
        assert said.count("escape") == found.counts[0].escapes
    row = rates((probs[0], labels[0]), (probs[1], labels[1]), ok)
    assert row["false_reject"] == found.false_reject and row["escape"] == found.escape
    for name, low, high in (("accuracy", "low", "high"), ("escape", "escape_low", "escape_high")):
        assert 0 <= row[low] <= row[name] <= row[high] <= 1


def test_wrong_items_are_on_the_map_beside_those_drawn() -> None:
    wrong = np.zeros(1000, bool)
    wrong[:40] = True
    shown = on_map(wrong, 50, 0)
    assert shown[:40].all() and 50 <= shown.sum() <= 90
    assert on_map(np.ones(1000, bool), 50, 0).sum() == 150


def opened(text: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))


def test_pictures_are_reduced_by_whole_numbers_only() -> None:
    image = np.arange(64 * 40).reshape(64, 40, 1).astype(np.uint8)
    assert np.array_equal(opened(picture(image, 64)), image[..., 0])
    small = opened(picture(image, 32))
    assert small.shape == (32, 20) and small[0, 0] == int(image[:2, :2].mean())
    assert opened(picture(np.zeros((8, 8, 5), np.uint8), 32)).shape == (8, 8)
    assert opened(picture(np.zeros((100, 1, 3), np.uint8), 32)).shape == (25, 1, 3)
