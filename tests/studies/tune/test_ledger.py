"""Trials shared by processes: claimed once, taken over from the dead, never lost to a torn line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("optuna", reason="optuna is not installed: pip install 'assay[tune]'")

from assay.studies.tune.ledger import Ledger

AXES = {"lr": {"low": 1e-4, "high": 1e-1}, "width": {"low": 16, "high": 256}, "kind": {"choices": ["a", "b"]}}
HELD = (
    "import sys, time\nfrom pathlib import Path\nfrom assay.studies.tune.ledger import Ledger\n"
    f"ledger = Ledger(Path(sys.argv[1]), ['+'], {AXES!r}, 0, 10)\n"
    "for trial in ledger.claim(2, None): print(trial.number, trial.user_attrs['values'])\n"
    "print('claimed', flush=True)\ntime.sleep(60)\n"
)


def ledger(folder: Path) -> Ledger:
    return Ledger(folder, ["+"], AXES, 0, 10)


def drawn(folder: Path, batches: list[int]) -> list[dict]:
    found = []
    with ledger(folder) as book:
        for size in batches:
            for trial in book.claim(size, None):
                found.append(trial.user_attrs["values"])
                book.finish(trial, [float(trial.number)], {})
    return found


def test_draws_depend_on_the_number_and_not_on_how_often_it_was_stopped(tmp_path: Path) -> None:
    whole = drawn(tmp_path / "a", [1] * 4)
    assert drawn(tmp_path / "b", [1, 1]) + drawn(tmp_path / "b", [1, 1]) == whole
    assert len({str(values) for values in whole}) == 4
    assert all(float(f"{values['lr']:.3g}") == values["lr"] for values in whole)


def test_a_limit_counts_every_trial_that_was_begun(tmp_path: Path) -> None:
    with ledger(tmp_path) as a, ledger(tmp_path) as b:
        assert [t.number for t in a.claim(3, 4)] == [0, 1, 2]
        assert [t.number for t in b.claim(3, 4)] == [3]  # those of a living process are not taken
        assert a.claim(3, 4) == [] and b.claim(3, 4) == []


def test_trials_of_a_dead_process_are_taken_over_as_they_were(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HELD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(3)]
        assert lines[2] == "claimed"
        with ledger(tmp_path) as book:
            assert [t.number for t in book.claim(1, None)] == [2]
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            assert [f"{t.number} {t.user_attrs['values']}" for t in book.claim(2, 0)] == lines[:2]


@pytest.mark.parametrize("number", [3, 14])  # drawn one axis at a time, and (after ten) all axes together
def test_a_process_may_die_between_any_two_lines_of_a_claim(tmp_path: Path, number: int) -> None:
    whole = drawn(tmp_path / "whole", [1] * (number + 1))
    lines = (tmp_path / "whole" / "journal.log").read_bytes().splitlines(keepends=True)
    drawn(tmp_path / "before", [1] * number)
    before = len((tmp_path / "before" / "journal.log").read_bytes().splitlines())
    assert len(lines) - before >= 6  # born, named, three axes, values
    for kept in range(before, len(lines)):
        folder = tmp_path / str(kept)
        folder.mkdir()
        (folder / "journal.log").write_bytes(b"".join(lines[:kept]))
        with ledger(folder) as book:
            (trial,) = book.claim(1, None)
            assert (trial.number, trial.user_attrs["values"]) == (number, whole[number]), kept


def test_a_line_half_written_is_cut_off(tmp_path: Path) -> None:
    before = drawn(tmp_path, [2])
    with open(tmp_path / "journal.log", "ab") as file:
        file.write(b'{"op_code": 4, "worker_id": "x"')
    after = drawn(tmp_path, [1])
    with ledger(tmp_path) as book:
        assert [t.user_attrs["values"] for t in book.finished()] == [*before, *after]


def test_starts_are_put_in_front_once(tmp_path: Path) -> None:
    first = {"lr": 0.01, "width": 64, "kind": "b"}
    with ledger(tmp_path) as book:
        book.start_with([("default", first)])
    with ledger(tmp_path) as book:
        book.start_with([("default", first)])
        (trial,) = book.claim(1, None)
        assert trial.user_attrs["values"] == first and trial.user_attrs["start"] == "default"
        assert book.claim(1, None)[0].user_attrs.get("start") is None
