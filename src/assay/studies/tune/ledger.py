"""The search's memory: an Optuna study in a journal file, shared by any number of processes on one folder.

A process claims trials under a lock and marks them with its own name; its name is a file that it keeps locked, so when
it dies, however it dies, the lock goes with it and another process takes its trials over, under the same numbers and
with the same values. The sampler's draws are addressed by the trial's number, not taken from a stream: a search that
was killed and repeated tries what it would have tried.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from uuid import uuid4

from assay.core.rng import seed_of

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial

Values = dict[str, Any]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that ends with this process at the latest."""
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class _JournalLock:
    """Optuna's lock on its journal. Optuna's own outlives a killed process, and so does a line half written."""

    def __init__(self, journal: Path):
        self.journal = journal
        self.file: IO[bytes] | None = None

    def acquire(self) -> bool:
        """Take the lock; cut off what a killed process left of its last line."""
        import fcntl

        self.file = open(self.journal, "r+b")  # noqa: SIM115  (held until release)
        fcntl.flock(self.file, fcntl.LOCK_EX)
        content = self.file.read()
        if not content.endswith(b"\n"):
            self.file.truncate(content.rfind(b"\n") + 1)
        return True

    def release(self) -> None:
        """Give the lock back."""
        assert self.file is not None
        self.file.close()


class Ledger:
    """Trials of one search: claimed, finished, counted."""

    def __init__(self, folder: Path, signs: list[str], axes: Mapping[str, Mapping[str, Any]], seed: int, startup: int):
        self.folder, self.axes, self.seed, self.startup = folder, axes, seed, startup
        self.name = uuid4().hex[:12]
        self.lock = folder / "locks" / "claim"
        with locked(self.lock):
            self.own = open(folder / "locks" / self.name, "ab")  # noqa: SIM115  (held while this process lives)
            _try_lock(self.own)
            self.study = _open(folder / "journal.log", signs)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *error: object) -> None:
        """Give up the name; unfinished trials of this process may be taken over."""
        self.own.close()
        with suppress(OSError):
            os.unlink(self.folder / "locks" / self.name)

    def start_with(self, starts: list[tuple[str, Values]]) -> None:
        """Put settings in front of the queue, each once however often this is called."""
        with locked(self.lock):
            known = {trial.user_attrs.get("start") for trial in self.trials()}
            for tag, values in starts:
                if tag not in known:
                    self.study.enqueue_trial(values, user_attrs={"start": tag})

    def claim(self, count: int, limit: int | None) -> list[Trial]:
        """Up to ``count`` trials for this process: first those of dead processes, then new ones up to ``limit``."""
        from optuna.trial import Trial, TrialState

        with locked(self.lock):
            trials = self.trials()
            dead = [t for t in trials if t.state == TrialState.RUNNING and not self._lives(t.user_attrs.get("by"))]
            claimed = [Trial(self.study, t._trial_id) for t in dead[:count]]
            begun = sum(t.state != TrialState.WAITING for t in trials)
            while len(claimed) < count and (limit is None or begun < limit):
                claimed.append(self.study.ask())
                begun += 1
            for trial in claimed:
                trial.set_user_attr("by", self.name)
                self._suggest(trial)
            return claimed

    def _draw_for(self, *address: str | int) -> None:
        self.study.sampler = _sampler(seed_of(self.seed, "sampler", *address), self.startup)

    def _suggest(self, trial: Trial) -> None:
        from assay.studies.tune.space import rounded

        # Its process may have died between two axes, and those it had drawn are kept: what is drawn together is drawn
        # first, and what is drawn alone is addressed by its axis too.
        self._draw_for(trial.number)
        assert trial.relative_params is not None
        values: Values = {}
        for name, axis in self.axes.items():
            self._draw_for(trial.number, name)
            if "choices" in axis:
                values[name] = trial.suggest_categorical(name, axis["choices"])
            elif isinstance(axis["low"], int):
                values[name] = trial.suggest_int(name, axis["low"], axis["high"], log=axis["high"] > 8)
            else:
                found = trial.suggest_float(name, axis["low"], axis["high"], log=True)
                values[name] = min(max(rounded(found), axis["low"]), axis["high"])
        trial.set_user_attr("values", values)

    def finish(self, trial: Trial, values: list[float] | None, excess: Mapping[str, float], **notes: Any) -> None:
        """Write a trial down: complete with its goals' values, or (None) ended early."""
        from optuna.trial import TrialState

        for name, note in notes.items():
            trial.set_user_attr(name, note)
        for name, value in excess.items():
            trial.set_constraint(name, value)
        self.study.tell(trial, values, state=TrialState.PRUNED if values is None else TrialState.COMPLETE)

    def trials(self) -> list[FrozenTrial]:
        """All trials in the order of their numbers."""
        return self.study.get_trials(deepcopy=False)

    def finished(self) -> list[FrozenTrial]:
        """Trials that have ended, in whatever way."""
        return [trial for trial in self.trials() if trial.state.is_finished()]

    def _lives(self, name: str | None) -> bool:
        """Whether the process of that name holds its lock still."""
        if name == self.name:
            return True
        try:
            with open(self.folder / "locks" / str(name), "r+b") as file:
                return not _try_lock(file)
        except OSError:
            return False


def _try_lock(file: IO[bytes]) -> bool:
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _open(journal: Path, signs: list[str]) -> Study:
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
    from optuna.study import StudyDirection

    optuna.logging.get_logger("optuna").setLevel(logging.ERROR)
    lock: Any = _JournalLock(journal)
    storage = JournalStorage(JournalFileBackend(str(journal), lock_obj=lock))
    directions = [StudyDirection.MAXIMIZE if sign == "+" else StudyDirection.MINIMIZE for sign in signs]
    return optuna.create_study(
        storage=storage, study_name="tune", directions=directions, load_if_exists=True, sampler=_sampler(0, 1)
    )


def _sampler(seed: int, startup: int) -> Any:
    from optuna.samplers import TPESampler

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return TPESampler(n_startup_trials=startup, multivariate=True, constant_liar=True, seed=seed % 2**32)
