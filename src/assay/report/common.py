"""What every study's page has: the facts under the question, cards, all runs, terms, how it was done, references."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from assay.report.blocks import Section, Story, Terms, Text
from assay.report.charts import theme
from assay.report.folder import Folder
from assay.report.numbers import duration
from assay.report.runs import run_table
from assay.report.words import Say, chrome, say_in


def facts(folder: Folder) -> list[str]:
    """The line under the question: data, model, how many runs."""
    say = say_in(folder.lang)
    study, data, runs = folder.study, folder.study.get("data") or {}, folder.table("runs")
    sizes = data.get("sizes") or {}
    return [
        text
        for text in (
            say(f"data: {data['name']}", f"データ: {data['name']}") if data.get("name") else "",
            _learned(study.get("images"), sizes.get("train"), say),
            say(f"{len(runs)} trained models", f"学習済みモデル {len(runs)} 件") if len(runs) else "",
            say(f"{len(folder.conditions)} conditions", f"{len(folder.conditions)} 条件") if folder.conditions else "",
            str(study.get("model") or ""),
        )
        if text
    ]


def _learned(images: int | None, whole: int | None, say: Say) -> str:
    """How many items the base is trained on, and of how many, where it is a part."""
    if not whole:
        return ""
    if not images or images == whole:
        return say(f"{whole:,} items to learn from", f"学習データ {whole:,} 件")
    return say(f"{images:,} of {whole:,} items to learn from", f"学習データ {whole:,} 件のうち {images:,} 件")


def keys(folder: Folder) -> dict[str, list[tuple[str, str, str]]]:
    """The keys of hue and shape: (text, colour token or nothing, shape)."""
    words = chrome(folder.lang)
    hues = theme.hues(c.stress for c in folder.conditions)
    return {
        "stress": [(words.get(name, name), token, "circle") for name, token in hues.items()],
        "stressed": [(words.get(name, name), hues[name], "circle") for name in hues if name not in ("none", "fork")],
        "family": [(words[name], "", theme.SHAPES[name]) for name in ("happy", "middle", "unhappy")],
        "extremes": [(words[name], "", theme.SHAPES[name]) for name in ("happy", "unhappy")],
    }


def sections(folder: Folder, told: Story) -> list[Section]:
    """The sections that follow a study's own."""
    words = chrome(folder.lang)
    found = (
        [Section("controls", words["controls"], told.controls, words["controls_lead"], part="controls")]
        if told.controls
        else []
    )
    runs = run_table(folder)
    found.append(Section("runs", words["runs"], (runs,) if runs else (), words["runs_lead"], part="runs"))
    found += [_terms(folder, words, told), *_done(folder, words)]
    cited = folder.study.get("references") or []
    if cited:
        items = tuple((str(item.get("key", "")), (str(item.get("text", "")),)) for item in cited)
        found.append(Section("references", words["references"], (Terms(items),), part="references"))
    return [section for section in found if section.blocks or (section.part == "runs" and not told.cards)]


def _terms(folder: Folder, words: dict[str, str], told: Story) -> Section:
    items = []
    for metric in folder.study.get("metrics") or []:
        low, high = (metric.get("range") or [None, None])[:2]
        lines = [folder.text(metric.get("summary"))]
        bounds = f"{_bound(low, '−∞')} … {_bound(high, '∞')} {metric.get('unit') or ''}".strip()
        lines.append(
            f"{words['range']}: {bounds} · {words.get(str(metric.get('better')), str(metric.get('better', '')))}"
        )
        if metric.get("example"):
            lines.append(f"{words['example']}: {metric['example']}")
        if metric.get("cite"):
            lines.append(f"[{metric['cite']}]")
        items.append((str(metric.get("name", "")), tuple(lines)))
    plain = told.terms or common_terms(folder)
    return Section("terms", words["terms"], (Terms((*plain, *items)),), part="terms")


def _bound(value: Any, endless: str) -> str:
    return f"{value:g}" if isinstance(value, int | float) else endless


def common_terms(folder: Folder) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Terms of every report, joining plain words and field terms."""
    say = say_in(folder.lang)
    level = f"{100 * (1 - folder.level):.0f} %"
    said = (
        (
            say("interval", "区間"),
            say(
                f"The range that holds the true value in {level} of such studies. What repeats is the trained model, "
                "not the image.",
                f"同様の研究の {level} で真の値を含む範囲。繰り返しの単位は画像ではなく学習済みモデル。",
            ),
        ),
        (
            "p",
            say(
                "How often chance alone would show at least this much; corrected for the number of claims.",
                "偶然だけでこれ以上の差が出る頻度。主張の数で補正済み。",
            ),
        ),
        (
            say("false reject, escape", "過検出、見逃し"),
            say(
                "A good item turned away (overkill, false positive); a faulty item let through (underkill, false "
                "negative). Given per thousand items of that sort. Where no class means 'nothing wrong', each class is "
                "the good one in turn, and the mean over classes is given.",
                "良品を不良とすること (false positive)、不良品を通すこと (false negative)。該当する千件あたり。"
                "「異常なし」のクラスがなければ、各クラスを順に良品とみなした平均。",
            ),
        ),
        ("‰", say("per thousand items", "千件あたり")),
    )
    return tuple((term, (text,)) for term, text in said)


def _done(folder: Folder, words: dict[str, str]) -> list[Section]:
    import yaml

    study = folder.study
    blocks: list[Any] = []
    if study.get("command"):
        blocks.append(Text(str(study["command"]), code=True, title=words["command"]))
    if study.get("recipe"):
        recipe = yaml.safe_dump(study["recipe"], sort_keys=False, allow_unicode=True)
        blocks.append(Text(recipe.rstrip(), code=True, title=words["recipe"]))
    blocks.append(Terms(tuple(_ledger(folder))))
    return [Section("done", words["done"], tuple(blocks), part="done")]


def _ledger(folder: Folder) -> list[tuple[str, tuple[str, ...]]]:
    """What was used, how much of it, and how long it took; empty entries are left out."""
    say = say_in(folder.lang)
    study, data, made = folder.study, folder.study.get("data") or {}, folder.provenance
    sizes = ", ".join(f"{name} {count:,}" for name, count in (data.get("sizes") or {}).items())
    shape = " × ".join(str(side) for side in data.get("shape") or [])
    layers = ", ".join(map(str, study.get("layers") or []))
    preset = f"preset {study['preset']}" if study.get("preset") else ""
    versions = ", ".join(f"{name} {made[name]}" for name in ("python", "torch", "numpy") if made.get(name))
    machine = ", ".join(str(made[name]) for name in ("platform", "device") if made.get(name))
    threads = f"{say('threads', 'スレッド')}: {made['threads']}" if made.get("threads") else ""
    rows = [
        (say("data", "データ"), (str(data.get("name", "")), sizes, f"{shape} {data.get('kind', '')}".strip())),
        (say("classes", "クラス"), (", ".join(map(str, data.get("classes") or [])),)),
        (say("hash of the data", "データのハッシュ"), (str(data.get("digest", "")),)),
        (say("model", "モデル"), (str(study.get("model") or ""), layers)),
        (say("seeds", "シード"), (str(study.get("seeds", "")), preset)),
        (say("study fingerprint", "研究の指紋"), (str(made.get("study_fingerprint", "")),)),
        (say("versions", "版"), (versions, f"assay {study.get('version', '')}")),
        (say("machine", "計算機"), (machine, threads)),
        (say("time", "時間"), _times(folder)),
    ]
    return [(name, tuple(text for text in texts if text)) for name, texts in rows if any(texts)]


def moment(value: Any) -> str:
    """A point in time in words: seconds since 1970 as a date in UTC, text as it is.

    >>> moment(0.0), moment("2026-01-10")
    ('1970-01-01 00:00 UTC', '2026-01-10')
    """
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return str(value)


def _times(folder: Folder) -> tuple[str, ...]:
    say, made = say_in(folder.lang), folder.provenance
    if "seconds_training" not in made:
        return ()
    training, observing = made["seconds_training"], made.get("seconds_observing")
    texts = [
        say(
            f"{duration(training)} training, {duration(observing)} observing",
            f"学習 {duration(training, '分', '秒')}、観測 {duration(observing, '分', '秒')}",
        )
    ]
    if "runs_trained" in made:
        texts.append(
            say(
                f"{made['runs_trained']} runs trained, {made.get('runs_reused', 0)} reused",
                f"学習 {made['runs_trained']} 件、再利用 {made.get('runs_reused', 0)} 件",
            )
        )
    if made.get("finished"):
        texts.append(moment(made["finished"]))
    return tuple(texts)
