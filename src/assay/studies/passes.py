"""What a recipe costs: steps, examples, and passes through networks, counted on a small one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from assay.core.files import write_bytes, write_json
from assay.data import Dataset, biased
from assay.lab.store import pack
from assay.models import PROJECTOR, activations, build
from assay.studies.teachers import taught, teachers_of
from assay.train import Recipe, SmallLoss, Strategy, Teacher
from assay.train.passes import Passes, passes_of
from assay.train.strategies import Wrapper

SMALL = "mlp:32"  # the network that passes are counted with
_KNOWN: dict[str, Passes] = {}
HALF = 0.5  # of the examples count as small while passes are counted: how many there will be is not known before
LOOKS = 40  # about so many looks a run: each attacks images of three splits
HORIZON = 10  # an exponential average forgets within this part of training: a tenth
SLOWEST = 0.999


def steps(recipe: Recipe, data: Dataset) -> int:
    """Steps of a run."""
    return recipe.sampler.sizes(biased(data, recipe.biases).train.y, recipe.batch)[1] * recipe.epochs


def decay(total: int) -> float:
    """Decay of an exponential average that forgets within a tenth of so many steps.

    >>> decay(100), decay(1_000_000)
    (0.9, 0.999)
    """
    return min(SLOWEST, max(0.0, 1 - HORIZON / total))


def examples(recipe: Recipe, data: Dataset) -> int:
    """Examples of an epoch."""
    return recipe.sampler.covers(biased(data, recipe.biases).train.y, recipe.batch)


def lasting(recipe: Recipe, epochs: int) -> Recipe:
    """The recipe with other epochs and about as many looks; what would never come in them comes more often.

    >>> short = lasting(Recipe(data="digits", strategy="generalist", epochs=20, evaluate_every=5), 8)
    >>> short.epochs, short.evaluate_every, lasting(short, 4).strategy.hand_back.every
    (8, 2, 4)
    """
    looks = max(1, recipe.epochs // max(1, recipe.evaluate_every)) if recipe.evaluate_every else LOOKS
    return recipe.lasting(epochs).with_(evaluate_every=max(1, epochs // looks))


def passes_each(recipe: Recipe, data: Dataset) -> Passes:
    """Passes an example of a step, counted once in a process; how many there are does not depend on the network."""
    model = SMALL + PROJECTOR if recipe.strategy.embeds else SMALL
    small = recipe.with_(model=model, activation=None, start=None)
    with rehearsable(small, data) as one:
        trial = one.lasting(1).with_(biases=(), seed=0)
        trial = trial.with_(strategy=halved(trial.strategy))
        key = trial.run_id(data.learned)
        if key not in _KNOWN:
            _KNOWN[key] = passes_of(trial, data)
        return _KNOWN[key]


@contextmanager
def rehearsable(recipe: Recipe, data: Dataset) -> Iterator[Recipe]:
    """A context in which a recipe can be carried out whose teachers are not trained yet: one stands in for them, an
    untrained network of the recipe's own model, with which the student begins.
    """
    if not teachers_of(recipe.strategy):
        yield recipe
        return
    assert recipe.model is not None
    with TemporaryDirectory() as above:
        folder = Path(above) / "untrained"
        folder.mkdir()
        net = build(recipe.model, data.shape, len(data.classes), activation=recipe.activation)
        write_bytes(folder / "weights@1.safetensors", pack(net.state_dict(), activations(net)))
        write_json(folder / "recipe.json", {"model": recipe.model})
        one = Teacher(run=str(folder))
        by = {Path(each.run).name: one for each in teachers_of(recipe.strategy)}
        yield taught(recipe.with_(start=one), by)


def halved(strategy: Strategy) -> Strategy:
    """With half of each batch small, whatever the losses of an untrained network."""
    if not isinstance(strategy, Wrapper):
        return strategy
    changes = {"quantile": HALF} if isinstance(strategy, SmallLoss) else {}
    return strategy.with_(inner=halved(strategy.inner), **changes)
