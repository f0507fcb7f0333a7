import pytest

from assay.metrics import METRICS, linear_cka, metric


def test_a_card_is_read_from_the_function():
    card = METRICS["linear_cka"].card
    assert METRICS["linear_cka"] is linear_cka
    assert card.name == "linear_cka" and card.needs == ("features_a", "features_b")
    assert card.summary.startswith("Linear centred kernel alignment")
    assert card.formula == "CKA = ||X'Y||² / (||X'X|| ||Y'Y||)"
    assert card.example.startswith(">>> corners") and card.example.endswith("0.707107")


def test_settings_with_a_default_are_not_needed():
    assert METRICS["sample_density"].card.needs == ("features",)


def test_words_outside_the_vocabulary_are_refused():
    with pytest.raises(ValueError, match="no such argument or invariance: pictures"):

        @metric(range=(0, 1))
        def brightness(pictures):
            return 0.0

    with pytest.raises(ValueError, match="no such argument or invariance: rotation"):

        @metric(range=(0, 1), invariant=("rotation",))
        def size(features):
            return 0.0

    assert "brightness" not in METRICS and "size" not in METRICS


def test_a_name_is_given_once():
    with pytest.raises(ValueError, match="two metrics are called 'accuracy'"):

        @metric(range=(0, 1))
        def accuracy(logits, labels):
            return 0.0
