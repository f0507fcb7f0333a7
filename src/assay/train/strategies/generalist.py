"""Base learners, each trained in its own way, and a global model that is blended from them (Wang and Wang 2023)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from assay.core.errors import BadInput
from assay.core.spec import Number, Share
from assay.data import Dataset, Split
from assay.train.blend import check_weights, mean_of
from assay.train.draws import Draws
from assay.train.learner import Learner, Net
from assay.train.strategies.adversarial import Adversarial
from assay.train.strategies.averaged import rate_of, statistics
from assay.train.strategies.base import BaseLearner, Batch, Memory, Strategy, inside, under
from assay.train.strategies.mixture import HandBack, Mix, Select
from assay.train.strategies.standard import Standard

AVERAGE, STEPS, SHARES = " average", "united steps", "shares"


class Generalist(Strategy):
    """k learners a_i of one shape and one beginning, each with its own strategy and optimiser; one network to deploy.

    A_i <- A_i + r_t (a_i - A_i);  G <- G + s_t (sum_i w_i A_i - G): averages of each, and of their mixture, the global
    model G, which alone is evaluated and kept. ``decay``: what an average keeps of itself each step; ``global_decay``
    is G's own (0: the mixture as it is). ``ramp`` says how averages begin: with the released code's decay
    min(decay, (t + 1) / (t + 10)) (``released``), or of equal parts until the decay forgets faster, as in `Averaged`
    (``mean``), which lags behind in short runs. Until ``start`` they follow the learners.

    ``norm`` is about batch norm. ``average``: running statistics are averaged, mixed and handed back like weights.
    ``estimate``: those of the global model are estimated anew when it is looked at or kept, on ``images`` training
    images as each learner prepares them, by its share in the mixture; learners keep their own. ``separate``: as
    ``estimate``, and a hand-back leaves each learner its batch norm's scale and shift, too.

    Weight memory: k learners, k averages and the global model. Kept beside the global model, as ``MOMENT+NAME``, are
    the averages of the learners: what `assay frontier` blends anew.
    """

    kind: str = "generalist"
    learners: tuple[BaseLearner, ...] = (BaseLearner(strategy=Adversarial()), BaseLearner(strategy=Standard()))
    mix: Mix = Mix()
    hand_back: HandBack | None = HandBack()
    decay: Number = Field(0.999, ge=0, lt=1)
    global_decay: Number | None = Field(None, ge=0, lt=1)  # None: as `decay`
    ramp: Literal["mean", "released"] = "released"
    start: Share = Field(Fraction(0), ge=0, lt=1)
    norm: Literal["average", "estimate", "separate"] = "estimate"
    images: int = Field(1024, ge=2)
    select: Select = Select()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not self.learners:
            raise ValueError("learners: none are listed; list at least one: learners: [adversarial, standard]")
        names = [base.called for base in self.learners]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"learners: two are called '{twice}'; give each a name of its own: name: linf")
        nested = next((base.called for base in self.learners if base.strategy.team), None)
        if nested is not None:
            raise ValueError(f"learners: '{nested}' has learners of its own; list those here instead")
        try:
            check_weights(self.mix.ends(len(names)), len(names), f"asked to mix {len(names)} learners")
        except BadInput as error:
            raise ValueError(f"mix.weights: {error}") from None
        if self.hand_back is not None and self.hand_back.start < self.start:
            raise ValueError(
                f"hand_back.start: {float(self.hand_back.start):g} lies before the averages begin (start: "
                f"{float(self.start):g}); hand back later, or begin averages earlier"
            )
        return self

    @property
    def team(self) -> tuple[BaseLearner, ...]:
        """The base learners."""
        return self.learners

    @property
    def embeds(self) -> bool:
        """Whether any learner acts on embeddings."""
        return any(base.strategy.embeds for base in self.learners)

    @property
    def crafts(self) -> bool:
        """Whether any learner attacks its inputs."""
        return any(base.strategy.crafts for base in self.learners)

    @property
    def stacks(self) -> bool:
        """Whether every learner's runs may share a stack."""
        return all(base.strategy.stacks for base in self.learners)

    @property
    def score(self) -> str:
        """The weighted figure that `select` states."""
        return "val_selection"

    def check_epochs(self, epochs: int) -> None:
        """ValueError for averages that never begin, or a hand-back that never comes, in so many epochs.

        How many steps an epoch has is not known here, so averages must begin where an epoch does, or before.
        """
        if self.start > _last(epochs):
            raise ValueError(
                f"strategy.start: {float(self.start):g} lies after the last of {epochs} epochs has begun "
                f"({float(_last(epochs)):g}), so averages may never begin; begin earlier, or train for more epochs"
            )
        if self.hand_back is not None and not self.hand_back.ever(epochs):
            raise ValueError(
                f"strategy.hand_back: never comes: no epoch from {float(self.hand_back.start):g} of training on, of "
                f"{epochs}, is a multiple of {self.hand_back.every}; hand back more often, or leave it out (null)"
            )

    def lasting(self, epochs: int) -> Self:
        """With averages that begin in so many epochs, and a hand-back that comes: as they are, or earlier, and more
        often (`HandBack.lasting`).
        """
        back = self.hand_back and self.hand_back.lasting(epochs)
        return self.with_(start=min(self.start, _last(epochs)), hand_back=back)

    def settled(self, data: Dataset, batch: int, balanced: bool) -> Self:
        """With every learner's strategy settled."""
        settled = [base.with_(strategy=base.strategy.settled(data, batch, balanced)) for base in self.learners]
        return self.with_(learners=tuple(settled))

    def reported(self, y: Tensor) -> dict[str, Any]:
        """What each learner reports, under its name."""
        told = {base.called: base.strategy.reported(y) for base in self.learners}
        notes = [f"{name}: {note}" for name, found in told.items() for note in found.get("notes", [])]
        own = {f"{name} {key}": value for name, found in told.items() for key, value in found.items() if key != "notes"}
        return own | ({"notes": notes} if notes else {})

    def watch(self, net: Net, split: Split) -> list[dict[str, Any]] | None:
        """What the first learner that attacks its inputs would watch, of the global model."""
        watching = (found for base in self.learners if (found := base.strategy.watch(net, split)) is not None)
        return next(watching, None)

    def graded(self, row: Mapping[str, Any]) -> dict[str, float]:
        """The score of a look; plain accuracy where no robust accuracy is watched."""
        clean = row["val_accuracy"]
        robust = row.get("val_robust_accuracy")
        return {"val_selection": clean if robust is None else self.select.score(clean, robust)}

    def init_state(self, learner: Learner, data: Dataset) -> Memory:
        """What each learner remembers, and its average, which begins as the network does."""
        shares = torch.tensor(self.mix.at(0, len(self.learners)), dtype=torch.float64)
        memory: Memory = {STEPS: torch.zeros((), dtype=torch.long), SHARES: shares}
        for base in self.learners:
            average = {name: value.clone() for name, value in self._averaged(learner).items()}
            own = base.strategy.init_state(learner, data)
            memory |= under(base.called, own) | under(_place(base), average)
        return memory

    def _averaged(self, learner: Learner) -> dict[str, Tensor]:
        """The tensors that averages are taken of: weights, and running statistics where they count as weights."""
        if self.norm != "average":
            return {name: value.detach() for name, value in learner.params.items()}
        return learner.tensors()

    @torch.no_grad()
    def unite(self, learner: Learner, bases: Sequence[Learner], batch: Batch, memory: Memory) -> Memory:
        """Averages take up this step's weights, the global model their mixture; hand back where it is time."""
        taken, begun = int(memory[STEPS]), batch.progress >= self.start
        weights = self.mix.at(batch.through, len(bases))
        averages = [inside(memory, _place(base)) for base in self.learners]
        for average, one in zip(averages, bases, strict=True):
            _towards(average, self._averaged(one), self._rate(taken, self.decay) if begun else 1.0)
        whole = self._averaged(learner)
        _towards(whole, mean_of(averages, weights), self._rate(taken, self._global_decay) if begun else 1.0)
        if self.norm != "average":  # attacks on the global model meet statistics that are near its own
            _towards(learner.buffers, mean_of([one.buffers for one in bases], weights), 1.0)
        if self.hand_back is not None and self.hand_back.due(batch):
            own = _batch_norms(learner) if self.norm == "separate" else set()
            given = {name: value for name, value in whole.items() if name not in own}
            for one in bases:
                one.load({**one.tensors(), **given})
        memory = {**memory, SHARES: torch.tensor(weights, dtype=torch.float64)}
        return {**memory, STEPS: memory[STEPS] + 1} if begun else memory

    @property
    def _global_decay(self) -> float:
        return self.decay if self.global_decay is None else self.global_decay

    def _rate(self, taken: int, decay: float) -> float:
        if self.ramp == "released":
            return 1 - min(decay, (taken + 1) / (taken + 10))
        return rate_of(taken, decay)

    @torch.no_grad()
    def shipped(self, learner: Learner, memory: Memory, data: Dataset, draws: Draws) -> dict[str, Tensor] | None:
        """The global model; its running statistics are estimated unless they are averaged, or one learner's own."""
        mixed = [(base, share) for base, share in zip(self.learners, memory[SHARES].tolist(), strict=True) if share > 0]
        followed = not memory[STEPS] and len(mixed) == 1  # the global model is that learner
        if self.norm == "average" or followed or not learner.statistics():
            return None
        tensors, found = learner.tensors(), []
        for base, _ in mixed:
            own = inside(memory, base.called)
            with learner.holding(tensors):  # each from the same beginning, whatever the learners' order
                found.append(statistics(base.strategy, learner, own, data, draws, self.images))
        return tensors | _pooled(found, [share for _, share in mixed])

    def parts(self, bases: Sequence[Learner], memory: Memory, run: int) -> dict[str, dict[str, Tensor]]:
        """The averages of the base learners; what is not averaged is each learner's own."""
        found = {}
        for base, one in zip(self.learners, bases, strict=True):
            average = inside(memory, _place(base))
            stacked = {name: value[run] if one.stacked else value for name, value in average.items()}
            found[base.called] = {name: stacked.get(name, value).clone() for name, value in one.state(run).items()}
        return found


def _last(epochs: int) -> Fraction:
    """The share of training at which the last of so many epochs begins."""
    return Fraction(epochs - 1, epochs)


def _place(base: BaseLearner) -> str:
    """Where a learner's average is remembered: apart from what its own strategy remembers."""
    return base.called + AVERAGE


def _towards(average: Mapping[str, Tensor], values: Mapping[str, Tensor], rate: float) -> None:
    """average <- average + rate (values - average), in place; whole numbers are taken as they are."""
    moving = [name for name, value in average.items() if value.is_floating_point()]
    if moving:
        torch._foreach_lerp_([average[name] for name in moving], [values[name] for name in moving], rate)
    for name in average.keys() - set(moving):
        average[name].copy_(values[name])


def _batch_norms(learner: Learner) -> set[str]:
    """The names of batch norm's scales, shifts and statistics."""
    layers = tuple({name.rpartition(".")[0] + "." for name in learner.statistics()})
    return {name for name in learner.tensors() if name.startswith(layers)} if layers else set()


def _pooled(found: Sequence[Mapping[str, Tensor]], shares: Sequence[float]) -> dict[str, Tensor]:
    """Means and variances of a mixture of inputs, from those of each kind of input.

    m = sum_i p_i m_i;  v = sum_i p_i (v_i + m_i^2) - m^2
    """
    if len(found) == 1:
        return dict(found[0])
    pooled = mean_of(found, shares)
    for name in (name for name in pooled if name.endswith("running_var")):
        mean = name.removesuffix("var") + "mean"
        spread = mean_of([{mean: one[mean] ** 2} for one in found], shares)[mean] - pooled[mean] ** 2
        pooled[name] = pooled[name] + spread
    return pooled
