"""Everything about one training run, as plain data."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from assay.core.errors import BadInput
from assay.core.spec import OneOf, Spec
from assay.data import Bias
from assay.models import MODELS, PROJECTOR, ActivationName, code_digest, load_file, own_file
from assay.train.interventions import Intervention
from assay.train.optimiser import Optimiser
from assay.train.sampling import Sampler, Shuffled
from assay.train.strategies import Standard, Strategy
from assay.train.teacher import TeacherField

BEST = "best"  # the moment at which a look at val scored highest
PART = "+"  # 1+adversarial: what is kept at a moment beside the run's own weights


class Recipe(Spec):
    """Dataset + model + strategy + interventions + optimiser + seed: complete, hashable.

    ``keep`` lists the moments at which weights are kept, as shares of training: ``0.5`` is after the interventions
    due there, ``0.5-`` before them; ``best`` is the end of the epoch at which val looked best, by the strategy's own
    score (robust accuracy in adversarial training), else by accuracy. ``record`` names splits whose figures each look
    writes into the history beside val's: to be seen, never to choose by. ``start`` names a run of the lab (its folder)
    whose weights are begun with; a projector may be added to its model. ``uses`` names Python files that define the
    user's own losses, strategies or interventions.
    """

    uses: tuple[str, ...] = ()
    data: str
    regroup: bool = False
    split_seed: int = Field(0, ge=0)
    biases: tuple[OneOf[Bias], ...] = ()  # put into the training images on purpose
    model: str | None = None
    activation: ActivationName | None = None  # put into every slot; None leaves what the model came with
    strategy: OneOf[Strategy] = Standard()
    interventions: tuple[OneOf[Intervention], ...] = ()
    optimiser: Optimiser = Optimiser()
    epochs: int = Field(20, ge=1)
    batch: int = Field(64, ge=1)
    sampler: OneOf[Sampler] = Shuffled()
    evaluate_every: int = Field(1, ge=0)  # epochs between looks at val; 0: never
    record: tuple[Literal["train", "test"], ...] = ()
    start: TeacherField | None = None  # begin with the weights of a trained run, not with fresh ones
    keep: tuple[str, ...] = ("1",)
    seed: int = Field(0, ge=0)

    @classmethod
    def parse(cls, value: Any, origin: str = "") -> Self:
        """Build from plain data, loading the user's own parts first so that their kinds are known."""
        for path in value.get("uses", ()) if isinstance(value, dict) else ():
            load_file(path)
        return super().parse(value, origin)

    def run_id(self, data_digest: str) -> str:
        """The run's name: a hash of every field, each part's version, the data and the user's code."""
        own = own_file(self.model or "")
        files = [*self.uses, *(own[:1] if own else ())]
        return self.fingerprint(data_digest, *(code_digest(file) for file in files))

    def sans_seed(self) -> str:
        """The same for all runs that may share a stack: everything but the seed."""
        return self.with_(seed=0).fingerprint()

    def lasting(self, epochs: int) -> Self:
        """The recipe with other epochs: what its strategies would never do in so many, they do more often.

        >>> short = Recipe(data="digits", strategy="generalist", epochs=20).lasting(4)
        >>> short.epochs, short.strategy.hand_back.every  # every fifth of four epochs never comes
        (4, 4)
        """
        swapped = [(one, getattr(one, "strategy", None)) for one in self.interventions]
        lasting = [one if own is None else one.with_(strategy=own.lasting(epochs)) for one, own in swapped]
        return self.with_(epochs=epochs, strategy=self.strategy.lasting(epochs), interventions=tuple(lasting))

    @property
    def stacks(self) -> bool:
        """Whether runs of this recipe may share a stack, by what its strategies do with a batch."""
        return all(strategy.stacks for strategy in self._strategies)

    @property
    def _strategies(self) -> list[Strategy]:
        """Its own strategy, and those that are swapped in."""
        swapped = (getattr(one, "strategy", None) for one in self.interventions)
        return [strategy for strategy in (self.strategy, *swapped) if strategy is not None]

    @field_validator("keep", mode="before")
    @classmethod
    def _as_text(cls, moments: Any) -> Any:
        """A share may be written as a number: ``keep: [best, 1]``."""
        if not isinstance(moments, list | tuple):
            return moments
        return [f"{one:.12g}" if isinstance(one, int | float) and not isinstance(one, bool) else one for one in moments]

    @field_validator("model")
    @classmethod
    def _known_model(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            if own := own_file(value):
                path, rest = own[0], value.removeprefix(own[0])
                return f"{Path(path).expanduser().resolve()}{rest}"
            MODELS.find(value.partition(PROJECTOR)[0].partition(":")[0])
        except BadInput as error:
            raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _embeds(self) -> Recipe:
        if self.strategy.embeds and self.model is not None and PROJECTOR not in self.model:
            raise ValueError(
                f"model: strategy '{self.strategy.kind}' acts on embeddings and {self.model} has no projector; "
                f"write {self.model}{PROJECTOR} (or {PROJECTOR}:128-64)"
            )
        return self

    @model_validator(mode="after")
    def _long_enough(self) -> Recipe:
        for strategy in self._strategies:
            strategy.check_epochs(self.epochs)
        return self

    @model_validator(mode="after")
    def _known_moments(self) -> Recipe:
        if BEST in self.keep and not self.evaluate_every:
            raise ValueError("keep: 'best' is chosen at looks at val, and evaluate_every is 0; write 1")
        for moment in (moment for moment in self.keep if moment != BEST):
            try:
                share, _ = moment_of(moment)
            except (ValueError, ZeroDivisionError):
                raise ValueError(f"keep: '{moment}' is no moment; write a share such as 0.5, 0.5-, or best") from None
            if not 0 <= share <= 1:
                raise ValueError(f"keep: '{moment}' lies outside training; shares are in [0, 1]")
        return self


def moment_of(text: str) -> tuple[Fraction, bool]:
    """A moment's share of training and whether it lies before the interventions due there.

    >>> moment_of("0.5-"), moment_of("1")
    ((Fraction(1, 2), True), (Fraction(1, 1), False))
    """
    return Fraction(text.removesuffix("-")), text.endswith("-")
