"""The grid of the `stream` study: a model that is deployed, and ways to go on with it chunk by chunk, at equal cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from assay.data import Dataset, Part, Shifted
from assay.studies.generalist.design import standard, timed
from assay.studies.passes import examples, passes_each, steps
from assay.studies.study import Planned
from assay.train import Adversarial, Generalist, Recipe, Strategy, Teacher
from assay.train.strategies.base import BaseLearner
from assay.train.strategies.mixture import HandBack, Mix

NO_UPDATE, FINE, BRIEF = "no update", "fine-tuning", "brief fine-tuning"
ADVERSARIAL, GENERALIST, THROUGHOUT = "adversarial fine-tuning", "generalist", "adversarial throughout"
NAMES = (NO_UPDATE, FINE, BRIEF, ADVERSARIAL, GENERALIST, THROUGHOUT)
UPDATED = tuple(name for name in NAMES if name != NO_UPDATE)
DEPLOYED, PLAIN = "deployed generalist", "deployed adversarial"  # what is trained before the stream begins


def base_of(arm: str) -> str:
    """What an arm goes on from at the first chunk."""
    return PLAIN if arm == THROUGHOUT else DEPLOYED


@dataclass(frozen=True)
class Costed:
    """A recipe, and the passes of examples, forward and backward, that a run of it takes."""

    recipe: Recipe
    passes: int


@dataclass(frozen=True)
class Course:
    """What comes after what: chunk 0 is what is deployed, chunk k of ``chunks`` has the shift at k / chunks of its
    last ``strength``. ``recipe`` trains adversarially on all images; a ``part`` of them makes what is deployed, the
    chunks share the rest. ``epochs``: of the generalist on a chunk.
    """

    recipe: Recipe
    part: Fraction
    chunks: int
    shift: str
    strength: float
    epochs: int

    @property
    def strengths(self) -> tuple[float, ...]:
        """The strength of the shift at each chunk, that of the original images first."""
        return tuple(self.strength * k / self.chunks for k in range(self.chunks + 1))

    @property
    def plain(self) -> Adversarial:
        """Adversarial training, as the recipe has it."""
        assert isinstance(self.recipe.strategy, Adversarial)
        return self.recipe.strategy

    def on(self, chunk: int) -> Recipe:
        """The recipe on the images of a chunk; the last moment is kept, since val does not move along."""
        width = (1 - self.part) / self.chunks
        start = self.part + (chunk - 1) * width if chunk else Fraction(0)
        own = [Part(start=start, stop=start + (width if chunk else self.part))]
        if chunk:
            own.append(Shifted(shift=self.shift, strength=self.strengths[chunk]))  # type: ignore[arg-type]
        epochs = self.epochs if chunk else self.recipe.epochs
        return self.recipe.with_(
            biases=(*self.recipe.biases, *own), epochs=epochs, evaluate_every=0, record=(), keep=("1",)
        )

    def costed(self, chunk: int, data: Dataset) -> dict[str, Costed]:
        """What is trained on a chunk, by arm (by what is deployed on chunk 0), each at the cost of the generalist; but
        the brief fine-tuning, which makes as many epochs."""
        base, plain = self.on(chunk), standard(self.plain)
        ways: dict[str, Strategy] = {DEPLOYED: self._generalist(base, Mix(), HandBack(), data), PLAIN: self.plain}
        if chunk:
            at_once, back = Mix(start=Fraction(0)), HandBack(start=Fraction(0))
            ways = {
                GENERALIST: self._generalist(base, at_once, back, data),
                **{FINE: plain, ADVERSARIAL: self.plain, THROUGHOUT: self.plain},
            }
        found = _at_equal_cost(base, ways, data)
        if chunk:
            found[BRIEF] = _at_equal_cost(base, {BRIEF: plain}, data)[BRIEF]
        return found

    def _generalist(self, base: Recipe, mix: Mix, back: HandBack, data: Dataset) -> Strategy:
        """One learner that is attacked, one that is not; how often they are handed back, and how fast averages forget,
        is as in the study `generalist`."""
        learners = (BaseLearner(strategy=self.plain), BaseLearner(strategy=standard(self.plain)))
        return timed(Generalist(learners=learners, mix=mix, hand_back=back), base.epochs, steps(base, data))

    def planned(self, chunk: int, seeds: Sequence[int], data: Dataset, done: Mapping[str, bool]) -> dict[str, Planned]:
        """The runs of a chunk by id, each beginning where the run before it ended; none where that one stopped.

        ``done``: whether a run of an earlier chunk finished. A run is named by what it begins with, so every name is
        known before anything is trained.
        """
        found = {}
        costed = {k: self.costed(k, data) for k in range(chunk + 1)}
        for seed in seeds:
            for arm in costed[chunk]:
                recipe = self._chained(arm, chunk, seed, data, costed)
                if recipe.start is not None and not done.get(recipe.start.run, False):
                    continue
                tags = {"condition": arm, "design": "paired", "chunk": chunk}
                found[recipe.run_id(data.learned)] = Planned(recipe, tags)
        return found

    def _chained(
        self, arm: str, chunk: int, seed: int, data: Dataset, costed: Mapping[int, Mapping[str, Costed]]
    ) -> Recipe:
        """The recipe of an arm on a chunk, its ``start`` named by the id of the run before."""
        recipe = costed[chunk][arm].recipe.with_(seed=seed)
        if chunk == 0:
            return recipe
        before = self._chained(arm if chunk > 1 else base_of(arm), chunk - 1, seed, data, costed)
        return recipe.with_(start=Teacher(run=before.run_id(data.learned)))


def _at_equal_cost(base: Recipe, ways: Mapping[str, Strategy], data: Dataset) -> dict[str, Costed]:
    """Each way to train with as many epochs as the cost of the first pays for, the first with the recipe's own."""
    found: dict[str, Costed] = {}
    total = 0.0
    for name, way in ways.items():
        recipe = base.with_(strategy=way)
        epoch = passes_each(recipe, data).total * examples(recipe, data)
        total = total or epoch * recipe.epochs
        epochs = max(1, round(total / epoch))
        found[name] = Costed(recipe.with_(epochs=epochs), round(epoch * epochs))
    return found
