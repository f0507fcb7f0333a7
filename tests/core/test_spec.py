"""Specs: strictness, identity, overrides and the words of their errors."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import BadInput
from assay.core.spec import Kind, Number, OneOf, Share, Spec, override, plain_value


class Shape(Kind):
    pass


class Circle(Shape):
    kind: str = "circle"
    radius: Number = 1.0


class Square(Shape):
    kind: str = "square"
    side: Number = 1.0


class Drawing(Spec):
    shape: OneOf[Shape] = Circle()
    more: tuple[OneOf[Shape], ...] = ()
    at: Share = Fraction(1, 2)
    eps: Number = 0.1


def test_round_trip_through_plain_data_keeps_the_members_own_fields() -> None:
    drawing = Drawing.parse({"shape": {"kind": "square", "side": 3}, "more": ["circle", {"kind": "square"}]})
    assert drawing.plain()["shape"] == {"kind": "square", "side": 3.0}
    assert Drawing.parse(drawing.plain()) == drawing
    assert hash(Drawing.parse(drawing.plain())) == hash(drawing)


def test_fractions_and_their_float_are_one_identity_and_a_near_number_is_another() -> None:
    text, number, near = (Drawing.parse({"eps": e}) for e in ("8/255", 8 / 255, 0.031))
    assert text == number and text.fingerprint() == number.fingerprint()
    assert text.fingerprint() != near.fingerprint()


def test_shares_are_exact() -> None:
    assert Drawing.parse({"at": "2/3"}).at == Fraction(2, 3)
    assert Drawing.parse({"at": 0.1}).at == Fraction(1, 10)


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ({"shap": "circle"}, "did you mean 'shape'"),
        ({"shape": "circel"}, "did you mean 'circle'"),
        ({"shape": {"kind": "circle", "radios": 2}}, "did you mean 'radius'"),
        ({"shape": 3}, "needs a kind"),
        ({"eps": "8/0"}, "8/255"),
        ({"eps": float("nan")}, "finite"),
    ],
)
def test_errors_name_the_nearest_right_thing(plain: dict, words: str) -> None:
    with pytest.raises(BadInput, match=words) as error:
        Drawing.parse(plain)
    assert "\n" not in str(error.value)


def test_version_of_a_part_is_part_of_the_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Drawing().fingerprint()
    monkeypatch.setattr(Circle, "version", 2)
    assert Drawing().fingerprint() != before


def test_overrides_reach_into_lists_and_refuse_what_is_not_there() -> None:
    plain = {"a": {"b": [1, {"c": 2}]}}
    assert override(plain, ["a.b.1.c=3"]) == {"a": {"b": [1, {"c": 3}]}}
    assert plain == {"a": {"b": [1, {"c": 2}]}}
    for wrong in ("a", "a.b.7=1", "a.b.0.c=1", "=3"):
        with pytest.raises(BadInput, match="--set"):
            override(plain, [wrong])


def test_exponents_on_the_command_line_are_numbers() -> None:
    assert plain_value("{lr: 1e-3}") == {"lr": 0.001}
    assert plain_value("8/255") == "8/255"


@given(st.dictionaries(st.sampled_from(["eps"]), st.floats(0, 1)))
def test_equal_specs_have_equal_fingerprints(values: dict) -> None:
    assert Drawing.parse(values).fingerprint() == Drawing.parse(dict(values)).fingerprint()


def test_broken_yaml_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("eps: 1\nat: [")
    with pytest.raises(BadInput, match="line 2"):
        Drawing.read(tmp_path / "r.yaml")
    with pytest.raises(BadInput, match="No such file"):
        Drawing.read(tmp_path / "none.yaml")
