"""The same map on a cluster: a dead worker costs nothing, a dead driver trains nothing twice, tables are the same."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest

from assay.core.errors import BadInput
from assay.core.files import read_json
from assay.lab import Failure, Lab, executor
from assay.lab.execute import workers
from assay.lab.ray import STARTS, _start
from assay.studies import Means, conduct, configure
from tests.lab.test_execute import killed, square, third_fails
from tests.studies.conftest import FAST, SMALL, parts

__all__ = ["parts"]
HERE = importlib.util.find_spec("ray") is not None
cluster = [
    pytest.mark.slow,
    pytest.mark.skipif(not HERE, reason="ray is not installed: pip install 'assay[ray]'"),
    pytest.mark.filterwarnings("default"),  # ray's own
]
ONE_CLUSTER = "ray:2"


@pytest.fixture(scope="module", autouse=True)
def ended() -> Iterator[None]:
    yield
    if "ray" in sys.modules:
        sys.modules["ray"].shutdown()


def test_without_ray_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.lab.ray.find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"found no package ray; install it \(pip install 'assay\[ray\]'\)"):
        executor("ray:2")


@pytest.mark.skipif(not HERE, reason="ray is not installed")
def test_naming_the_executor_starts_nothing() -> None:
    assert callable(executor("ray")) and workers("ray:3") == 3
    assert dict(executor("ray")(square, [])) == {}
    with pytest.raises(BadInput, match="at least one worker"):
        executor("ray:0")


class Slow:
    """A stand-in for ray whose node does not report in time for some starts."""

    def __init__(self, late: int) -> None:
        self.late, self.begun, self.ended = late, 0, 0

    def init(self, **settings: object) -> None:
        self.begun += 1
        if self.begun <= self.late:
            raise RuntimeError("The current node timed out during startup.\nDetails")

    def shutdown(self) -> None:
        self.ended += 1


def test_a_cluster_that_starts_too_slowly_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.lab.ray.atexit.register", lambda *call, **named: None)
    slow, dead = Slow(late=STARTS - 1), Slow(late=STARTS)
    _start(slow, 2, {})
    assert (slow.begun, slow.ended) == (STARTS, STARTS - 1)
    with pytest.raises(BadInput, match=r"asked for --on ray:2; .* did not start: The current node timed out during"):
        _start(dead, 2, {})
    assert dead.begun == dead.ended == STARTS


class TestCluster:
    pytestmark = cluster

    def test_it_is_a_map(self) -> None:
        assert dict(executor(ONE_CLUSTER)(square, range(100))) == {n: n * n for n in range(100)}
        found = dict(executor(ONE_CLUSTER)(third_fails, [1, 3, 5]))
        assert (found[0], found[2]) == (1, 5)
        assert isinstance(found[1], Failure) and "three" in found[1].reason and "Traceback" in found[1].trace

    @pytest.mark.parametrize("always", [False, True])
    def test_a_worker_that_dies_costs_at_most_its_own_job(self, tmp_path: Path, always: bool) -> None:
        found = dict(executor(ONE_CLUSTER)(killed, [(n, str(tmp_path), always) for n in range(4)]))
        assert [found[n] for n in (0, 2, 3)] == [0, 2, 3]
        if always:
            assert isinstance(found[1], Failure) and "died 4 times" in found[1].reason
        else:
            assert found[1] == 1

    def test_an_address_where_nothing_is_gives_one_line(self) -> None:
        code = "import sys; from assay.lab import executor; list(executor(sys.argv[1])(abs, [1]))"
        done = subprocess.run(
            [sys.executable, "-c", code, "ray:127.0.0.1:1"], capture_output=True, text=True, check=False
        )
        assert "BadInput: asked for --on ray:127.0.0.1:1" in done.stderr.strip().splitlines()[-1]


def command(parts: Path, lab: Path) -> list[str]:
    sets = [word for setting in FAST for word in ("--set", setting)]
    call = [sys.executable, "-c", "from assay.cli import main; main()", "study", "families", "--data", str(parts)]
    return [*call, "--seeds", "3", "--fleet", "1", "--lab", str(lab), "--on", "ray:2", "--json", *sets]


def inline(parts: Path, lab: Path) -> dict[str, bytes]:
    study, data = configure("families", str(parts), seeds=3, settings=FAST)
    return tables(conduct(study, data, Lab(lab), Means("inline", 1), command="assay study families"))


def tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.csv")}


class TestStudy:
    pytestmark = cluster

    def test_a_study_gives_the_same_bytes_and_clean_json(self, parts: Path, tmp_path: Path) -> None:
        done = subprocess.run(command(parts, tmp_path / "lab"), capture_output=True, text=True, check=True)
        folder = Path(json.loads(done.stdout)["folder"])
        assert json.loads((folder / "provenance.json").read_text())["on"] == "ray:2"
        assert tables(folder) == inline(parts, tmp_path / "inline")

    def test_a_worker_killed_in_mid_study_changes_nothing(self, parts: Path, tmp_path: Path) -> None:
        process = subprocess.Popen(command(parts, tmp_path / "lab"), stdout=subprocess.PIPE, text=True)
        wait_for(lambda: len(done_runs(tmp_path / "lab")) >= 2, process)
        wait_for(lambda: busy_workers(process.pid), process)
        os.kill(busy_workers(process.pid)[0], signal.SIGKILL)
        out, _ = process.communicate(timeout=240)
        assert process.returncode == 0
        assert tables(Path(json.loads(out)["folder"])) == inline(parts, tmp_path / "inline")

    def test_a_driver_killed_and_restarted_trains_nothing_twice(self, parts: Path, tmp_path: Path) -> None:
        lab = tmp_path / "lab"
        process = subprocess.Popen(command(parts, lab), stdout=subprocess.DEVNULL)
        wait_for(lambda: len(done_runs(lab)) >= 4, process)
        process.kill()
        process.wait()
        before = {path: path.stat().st_mtime_ns for path in done_runs(lab)}
        done = subprocess.run(command(parts, lab), capture_output=True, text=True, check=True)
        folder = Path(json.loads(done.stdout)["folder"])
        assert {path: path.stat().st_mtime_ns for path in before} == before
        made = json.loads((folder / "provenance.json").read_text())
        assert made["runs_reused"] == len(before) < 30 and made["runs_trained"] == 30 - len(before)
        assert tables(folder) == inline(parts, tmp_path / "inline")

    def test_a_users_own_model_travels(self, parts: Path, tmp_path: Path) -> None:
        own = tmp_path / "own.py"
        own.write_text(
            "from torch import nn\n"
            "def net(shape, classes):\n"
            "    return nn.Sequential(nn.Flatten(), nn.Linear(36, 8), nn.ReLU(), nn.Linear(8, classes))\n"
        )
        settings = (*SMALL[:1], f"model={own}:net", *SMALL[2:])
        found = []
        for on in ("ray:2", "inline"):
            study, data = configure("families", str(parts), seeds=2, settings=settings)
            found.append(tables(conduct(study, data, Lab(tmp_path / on), Means(on, 1), command="x")))
        assert found[0] == found[1]

    def test_a_study_of_settings_says_the_same_on_every_executor(self, parts: Path, tmp_path: Path) -> None:
        means = {"inline": Means("inline", 1), "processes": Means("processes:2", 1)}
        means |= {"stacked": Means("inline", 3), "ray": Means("ray:2", 1)}
        grid = ("epochs=2", "batch=32", "grid.depths=['8','8-8']", "grid.widths=[]", "grid.lr=[]")
        words, bytes_ = {}, {}
        for name, each in means.items():
            study, data = configure("simplicity", str(parts), seeds=3, settings=grid)
            folder = conduct(study, data, Lab(tmp_path / name), each, command="assay study simplicity")
            verdicts = json.loads((folder / "verdicts.json").read_text())["verdicts"]
            words[name] = [(verdict["claim"], verdict["word"], verdict["direction"]) for verdict in verdicts]
            bytes_[name] = tables(folder)
        assert len(words["inline"]) == 10 and len(bytes_["inline"]) == 4
        stacks = {job["stacked"] for job in map(read_json, (tmp_path / "stacked").glob("runs/*/record.json"))}
        assert stacks == {3}
        assert all(each == words["inline"] for each in words.values())
        assert bytes_["processes"] == bytes_["ray"] == bytes_["inline"]
        for name, content in bytes_["inline"].items():
            alone, together = (pd.read_csv(BytesIO(each)) for each in (content, bytes_["stacked"][name]))
            zlib = [column for column in alone if column.startswith("zlib_")]  # counts the last bits, too
            pd.testing.assert_frame_equal(together[zlib], alone[zlib], rtol=0.05)
            pd.testing.assert_frame_equal(together.drop(columns=zlib), alone.drop(columns=zlib), rtol=1e-4, atol=1e-5)


def done_runs(lab: Path) -> list[Path]:
    return sorted(lab.glob("runs/*/record.json"))


def wait_for(condition, process: subprocess.Popen) -> None:
    until = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, "the study ended before it could be disturbed"
        assert time.monotonic() < until
        time.sleep(0.02)


def busy_workers(driver: int) -> list[int]:
    """Worker processes of the cluster that this driver started, those with a task first (else: those that wait)."""
    parents, names = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                names[int(folder.name)] = (folder / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue

    def ours(pid: int) -> bool:
        while pid in parents and pid > 1:
            pid = parents[pid]
            if pid == driver:
                return True
        return False

    found = [pid for pid, name in names.items() if name.startswith(("ray::_do", "ray::IDLE")) and ours(pid)]
    return sorted(found, key=lambda pid: "IDLE" in names[pid])
