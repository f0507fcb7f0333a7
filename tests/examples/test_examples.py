"""The examples print what they promise, and their conclusions follow from the numbers."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
FIGURES = {
    "regression": ["error", "complexity", "sensitivity", "moved"],
    "time_series": ["error", "complexity", "patterns", "sensitivity", "moved"],
}
REFERENCES = {"regression": ["complexity"], "time_series": ["complexity", "patterns"]}
WORDS = ("supported", "refuted", "undecided")


@pytest.fixture
def load(monkeypatch):
    """An example as a module, with its command line set; forgotten afterwards."""
    monkeypatch.syspath_prepend(str(EXAMPLES))

    def load(name, *line):
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *line])
        module = importlib.import_module(name)
        monkeypatch.setitem(sys.modules, name, module)  # taken out again when the test ends
        return module

    yield load
    sys.modules.pop("side_by_side", None)


def shown(text):
    """The table of seeds, the ratios, the references and the last sentences of what an example printed."""
    rows = [[float(v) for v in re.split(r"[\s|]+", line.strip())] for line in re.findall(r"^  \d.*$", text, re.M)]
    ratios = re.findall(r"^(\w+), .* over .*: ([\d.]+) times \[([\d.]+), ([\d.]+)\], (\d+) seeds$", text, re.M)
    references = re.findall(
        r"^references for (\w+): constant ([\d.]+), true (\d+), shuffled (\d+), random (\d+)$", text, re.M
    )
    return rows, ratios, references, re.findall(r"^Conclusion: (\w+) \(", text, re.M)


@pytest.mark.parametrize("name", FIGURES)
def test_example_prints_what_it_promises(load, capsys, name):
    load(name, "--seeds", "3", "--steps", "20").main()
    text = capsys.readouterr().out
    rows, ratios, references, conclusions = shown(text)
    assert [row[0] for row in rows] == [0, 1, 2] and {len(row) for row in rows} == {1 + 2 * len(FIGURES[name])}
    assert set(ratio[0] for ratio in ratios) <= set(FIGURES[name]) and "error" in [ratio[0] for ratio in ratios]
    for figure, effect, low, high, seeds in ratios:
        column = 1 + 2 * FIGURES[name].index(figure)
        product = rows[0][column] * rows[1][column] * rows[2][column]
        product /= rows[0][column + 1] * rows[1][column + 1] * rows[2][column + 1]
        assert float(effect) == pytest.approx(product ** (1 / 3), abs=0.02)
        assert float(low) <= float(effect) <= float(high) and seeds == "3"
    assert re.search(r"^references for error: mean [\d.]+$", text, re.M)
    assert [found[0] for found in references] == REFERENCES[name]
    for constant, true, shuffled, random in (map(float, found[1:]) for found in references):
        assert constant < true < min(shuffled, random)
    assert len(conclusions) == 1 and conclusions[0] in WORDS and "Claim: " in text


@pytest.mark.parametrize("name", FIGURES)
def test_a_setting_compared_with_itself_refutes_the_claim(load, capsys, monkeypatch, name):
    module = load(name, "--seeds", "2", "--steps", "3")
    first = next(iter(module.SETTINGS.values()))
    monkeypatch.setattr(module, "SETTINGS", {"one": first, "other": first})
    module.main()
    text = capsys.readouterr().out
    assert shown(text)[3] == ["refuted"] and "1.00 times [1.00, 1.00]" in text


@pytest.mark.parametrize(
    "values, side, word",
    [
        ([2.0, 2.2, 1.9, 2.1, 2.3, 1.8], "above", "supported"),
        ([2.0, 2.2, 1.9, 2.1, 2.3, 1.8], "below", "refuted"),
        ([2.0, 0.5, 1.9, 0.4, 2.3, 0.6], "above", "undecided"),
        ([1.0, 1.01, 0.99, 1.02, 1.0, 0.98], "above", "refuted"),
        ([2.0, 2.2, 0.0, 2.1, 2.3, 1.8], "above", "undecided"),
    ],
)
def test_the_word_follows_from_the_interval(load, values, side, word):
    module = load("side_by_side")
    pairs = [({"figure": value}, {"figure": 1.0}) for value in values]
    _, sentence = module.conclusion(module.Claim("a claim", "figure", side), ("one", "other"), pairs)
    assert sentence.startswith(f"Conclusion: {word} (")
    assert ("not known" in sentence) is (0.0 in values)


@pytest.mark.parametrize("line", [("--seeds", "1"), ("--steps", "0")])
def test_too_few_are_refused(load, capsys, line):
    with pytest.raises(SystemExit):
        load("regression", *line).main()
    assert "give --seeds 2 or more" in capsys.readouterr().err
