"""The training loop. There is one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from assay.core.rng import rng
from assay.data import Dataset, Split, biased
from assay.train.draws import Draws
from assay.train.recipe import BEST, PART, Recipe, moment_of
from assay.train.state import Kept, State, Trained
from assay.train.strategies import Batch
from assay.train.strategies.base import Memory, inside, under

CHUNK = 1024  # examples forwarded at once when nothing is learned
RECORDED = 1024  # images of each split that a recipe records beside val


@dataclass
class Result:
    """One run, carried out: weights by moment, history rows, how it ended, and what its strategy reports."""

    kept: dict[str, Kept]
    history: list[dict[str, Any]]
    status: str  # "finished", or "stopped: ..." with the reason
    steps: int
    reported: dict[str, Any]


def train(
    recipes: Sequence[Recipe],
    data: Dataset,
    *,
    checkpoint: Path | None = None,
    every: float = 20.0,
    device: str = "cpu",
    tell: Callable[[float, list[list[dict[str, Any]]]], None] | None = None,
) -> list[Result]:
    """Carry out recipes that differ only in their seed: one of them plainly, several as one stack.

    With ``checkpoint``, state is written there at the first epoch's start after ``every`` seconds, and an existing
    file is continued from: the result is the same, bit for bit on a CPU, as without interruption. ``tell`` hears, after
    each epoch, the share of training done and each run's history so far; what it raises ends training.
    """
    data = biased(data, recipes[0].biases)
    state = State.begin(recipes, data, device)
    if checkpoint is not None and checkpoint.exists():
        state.load(checkpoint)
    x, y = data.train.x.to(device), data.train.y.to(device)
    sampler, asked = state.recipe.sampler, state.recipe.batch
    batch, per_epoch = sampler.sizes(data.train.y, asked)
    total = per_epoch * state.recipe.epochs
    notes: list[dict[str, Tensor]] = []  # of this epoch's steps
    indices, indices_for = torch.empty(0), None
    saved = time.monotonic()
    while state.step < total and not all(step is not None for step in state.stopped):
        epoch, within = divmod(state.step, per_epoch)
        if within == 0 and checkpoint is not None and time.monotonic() - saved > every:
            state.save(checkpoint)
            saved = time.monotonic()
        _moment(state, total)
        if indices_for != (epoch, state.forks):
            orders = [sampler.order(seed, epoch, data.train.y, asked, state.forks) for seed in state.seeds]
            indices = torch.stack(orders)
            indices_for = (epoch, state.forks)
        chosen = indices[:, within * batch : (within + 1) * batch]
        chosen = (chosen if state.learner.stacked else chosen[0]).to(device)
        ends = within == per_epoch - 1
        batch_now = Batch(_take(x, chosen), y[chosen], chosen, state.step / total)
        notes.append(_step(state, replace(batch_now, epoch=epoch + 1, epochs=state.recipe.epochs, last=ends)))
        state.step += 1
        if ends:
            _end_of_epoch(state, data, epoch, notes, device)
            notes = []
            if tell is not None:
                tell(state.step / total, state.history)
    _moment(state, total)
    return [_result(state, run) for run in range(len(recipes))]


def _take(x: Tensor, chosen: Tensor) -> Tensor:
    """``x[chosen]`` by whole rows, which copies about twice as fast as indexing."""
    return x.index_select(0, chosen.reshape(-1)).view(*chosen.shape, *x.shape[1:])


def _step(state: State, batch: Batch) -> dict[str, Tensor]:
    """One optimiser step of each network in training; the mean loss of each run, and what the strategies note."""
    found: dict[str, dict[str, Tensor]] = {}
    for one in state.trained:
        found[one.name], memory = _advance(one, inside(state.memory, one.name), batch, state.draws)
        state.memory = memory if not one.name else {**state.memory, **under(one.name, memory)}
    if not state.bases:
        return found[""]
    bases = [base.learner for base in state.bases]
    state.memory = state.strategy.unite(state.learner, bases, batch, state.memory)
    losses = torch.stack([notes["train_loss"] for notes in found.values()])
    named = {f"{name}_{key}": value for name, notes in found.items() for key, value in notes.items()}
    return {"train_loss": losses.mean(0), **named}


def _advance(one: Trained, memory: Memory, batch: Batch, draws: Draws) -> tuple[dict[str, Tensor], Memory]:
    """One optimiser step of one network."""
    learner, net, strategy = one.learner, one.learner.net, one.strategy
    if learner.random:
        draws.seed_modules()
    batch = strategy.prepare(net, batch, memory, draws)
    with strategy.displaced(learner, batch, memory):
        means = strategy.losses(net, batch, memory).mean(-1)
        one.optimiser.zero_grad(set_to_none=True)
        means.sum().backward()
    for group in one.optimiser.param_groups:
        group["lr"] = one.settings.lr_at(batch.progress)
    one.optimiser.step()
    memory = strategy.after_step(learner, batch, memory)
    notes = {"train_loss": means} | strategy.noted(batch)
    return {name: value.detach().reshape(-1) for name, value in notes.items()}, memory


def _moment(state: State, total: int) -> None:
    """Keep weights and fire interventions that are due at this step: first ``0.5-``, then the swap, then ``0.5``."""

    def keep(before: bool) -> None:
        for moment in state.recipe.keep:
            if moment == BEST:
                continue
            share, is_before = moment_of(moment)
            if is_before == before and round(share * total) == state.step:
                with state.shipped():
                    state.keep(moment)

    keep(before=True)
    for intervention in state.recipe.interventions:
        for number, share in enumerate(intervention.times()):
            if round(share * total) == state.step:
                event = {"step": state.step, "share": state.step / total, **intervention.fire(state, number)}
                for rows in state.history:
                    rows.append(event)
    keep(before=False)


@torch.no_grad()
def _end_of_epoch(state: State, data: Dataset, epoch: int, notes: list[dict[str, Tensor]], device: str) -> None:
    """Write each run's epoch into its history, and find runs whose loss stopped being a number."""
    names = dict.fromkeys(name for note in notes for name in note)
    table = {name: torch.stack([note[name] for note in notes if name in note]).cpu() for name in names}  # (steps, runs)
    every = state.recipe.evaluate_every
    look = every > 0 and ((epoch + 1) % every == 0 or epoch + 1 == state.recipe.epochs)
    with state.shipped() if look else nullcontext():
        rows: list[dict[str, Any]] = [{} for _ in state.seeds]
        for name, split in _looked_at(state, data).items() if look else ():
            for row, found in zip(rows, _looked(state, split, device), strict=True):
                row |= {f"{name}_{key}": value for key, value in found.items() if f"{name}_{key}" != "train_loss"}
        _written(state, epoch, table, rows)


def _looked_at(state: State, data: Dataset) -> dict[str, Split]:
    """Val, by which everything is chosen, and the images of other splits that are recorded, always the same."""
    found = {"val": data.val}
    for name in state.recipe.record:
        split = data.splits[name]
        found[name] = split.take(torch.randperm(len(split), generator=rng(0, "recorded", name))[:RECORDED].numpy())
    return found


def _looked(state: State, split: Split, device: str) -> list[dict[str, Any]]:
    """What a look at a split shows of each run."""
    loss, accuracy = evaluate(state.learner.net, split, device)
    seen = state.strategy.watch(state.learner.net, split) or [{} for _ in state.seeds]
    found = zip(loss.tolist(), accuracy.tolist(), seen, strict=True)
    return [{"loss": one, "accuracy": two, **more} for one, two, more in found]


def _written(state: State, epoch: int, table: dict[str, Tensor], rows: list[dict[str, Any]]) -> None:
    """Each run's row of the history; the best are kept where that is asked for."""
    for run in range(len(state.seeds)):
        if state.stopped[run] is not None:
            continue
        losses = table["train_loss"][:, run]
        bad = (~losses.isfinite()).nonzero()
        if len(bad):
            state.stopped[run] = state.step - len(losses) + int(bad[0])
            state.history[run].append({"event": "stopped", "step": state.stopped[run], "reason": "loss not finite"})
            continue
        row: dict[str, Any] = {"epoch": epoch + 1, "step": state.step}
        row |= {name: values[:, run].double().mean().item() for name, values in table.items()}
        row |= rows[run]
        row |= state.strategy.graded(row) if rows[run] else {}
        if rows[run] and BEST in state.recipe.keep:
            row["best"] = state.keep_best(run, row[state.strategy.score])
        state.history[run].append(row)


@torch.no_grad()
def evaluate(net: Any, split: Split, device: str = "cpu") -> tuple[Tensor, Tensor]:
    """Mean cross-entropy (nats) and accuracy of each run on a split, ``(runs,)`` each."""
    losses, hits = [], []
    for start in range(0, len(split), CHUNK):
        logits = net(split.x[start : start + CHUNK].to(device)).double()
        labels = split.y[start : start + CHUNK].to(device).expand(logits.shape[:-1])
        losses.append(F.cross_entropy(logits.flatten(0, -2), labels.flatten(), reduction="none").view(labels.shape))
        hits.append((logits.argmax(-1) == labels).double())
    return torch.cat(losses, -1).mean(-1).reshape(-1).cpu(), torch.cat(hits, -1).mean(-1).reshape(-1).cpu()


def _result(state: State, run: int) -> Result:
    at = state.stopped[run]
    status = "finished" if at is None else f"stopped: loss not finite at step {at}"
    order = {moment: number for number, moment in enumerate(state.recipe.keep)}
    names = sorted(state.kept, key=lambda name: (order[name.partition(PART)[0]], name))  # parts behind their whole
    kept = {name: one for name in names if (one := state.kept[name][run]) is not None}
    if at is not None:  # what was kept after the loss broke is not a model
        kept = {m: k for m, k in kept.items() if all(bool(t.isfinite().all()) for t in k.tensors.values())}
    y = state.data.train.y
    batch, _ = state.recipe.sampler.sizes(y, state.recipe.batch)
    first = state.recipe.sampler.order(state.seeds[run], 0, y, state.recipe.batch)[:batch]
    return Result(kept, state.history[run], status, state.step if at is None else at, state.strategy.reported(y[first]))
