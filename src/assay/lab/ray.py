"""The executor for more than one machine: ``--on ray``, ``ray:N`` (N workers here), ``ray:ADDRESS`` (a cluster).

A task whose worker dies is tried `RETRIES` times more; then it is a `Failure` and the others go on. Data, lab and
assay itself are read by path on the worker: on several machines they lie in a shared folder. User-written files are
sent along (`parcel`).
"""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any

from assay.core.errors import BadInput
from assay.lab.execute import EXECUTORS, ONE, Executor, Failure, _guarded, cores
from assay.lab.parcel import Parcel, pack, unpack

RETRIES = 3
STORE = 256 * 2**20  # bytes of shared memory for results on their way; more goes to disk
AHEAD = 64  # jobs handed over at a time, so that a long study does not fill the store with results nobody has read
STARTS = 2  # tries at a cluster on this machine: ray waits 30 s for its node, and no setting says more
SETTINGS = {  # read when ray is imported
    "RAY_gcs_server_port_wait_time_s": "120",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # "task failed, will be retried" goes to standard output otherwise
}

_connected_to: str | None = None


@EXECUTORS.named("ray")
def on_ray(argument: str) -> Executor:
    """``ray``, ``ray:N``, ``ray:ADDRESS``: a local cluster of N workers (default: one a core), or one that stands."""
    if find_spec("ray") is None:
        raise BadInput(
            f"asked for --on ray{':' + argument if argument else ''}; found no package ray; "
            "install it (pip install 'assay[ray]') or use --on processes"
        )
    if argument.isdigit() and int(argument) < 1:
        raise BadInput(f"asked for --on ray:{argument}; a cluster has at least one worker; write ray:2 or ray:ADDRESS")

    def run(function: Callable[[Any], Any], jobs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        if jobs:
            yield from _map(connect(argument), function, jobs)

    return run


def _map(cluster: Any, function: Callable[[Any], Any], jobs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    waiting = iter(enumerate(jobs))
    running: dict[Any, int] = {}
    todo = partial(_carried, function)
    while True:
        for number, job in waiting:
            gpus = 1 if getattr(job, "device", "cpu") == "cuda" else 0
            task = cluster.remote(max_retries=RETRIES, num_cpus=1, num_gpus=gpus)(_do)
            running[task.remote(todo, pack(job))] = number
            if len(running) >= AHEAD:
                break
        if not running:
            return
        for reference in cluster.wait(list(running), num_returns=1)[0]:
            yield running.pop(reference), _value(cluster, reference)


def _do(todo: Callable[[Parcel], Any], parcel: Parcel) -> Any:
    return _guarded(todo, parcel)


def _carried(function: Callable[[Any], Any], parcel: Parcel) -> Any:
    return function(unpack(parcel))


def _value(cluster: Any, reference: Any) -> Any:
    try:
        return cluster.get(reference)
    except cluster.exceptions.WorkerCrashedError:
        return Failure(f"its worker process died {RETRIES + 1} times (killed, or out of memory)", "")
    except cluster.exceptions.RayError as error:
        return Failure(f"{type(error).__name__}: {str(error).strip().splitlines()[0]}", str(error))


def cpus(argument: str) -> int:
    """How many jobs the cluster does at a time; connects to it where the argument is an address."""
    if argument and not argument.isdigit():
        return max(1, int(connect(argument).cluster_resources().get("CPU", 1)))
    return int(argument) if argument else cores()


def connect(argument: str) -> Any:
    """The ``ray`` module, connected: to the cluster of the last call if it is the same, else anew.

    A cluster that the caller's own program started is used as it is.
    """
    global _connected_to
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    import ray as module

    if module.is_initialized() and _connected_to in (None, argument):
        return module
    if module.is_initialized():
        module.shutdown()
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if argument and not argument.isdigit():
        try:
            _knock(argument)
            module.init(address=argument, **quiet)
        except Exception as error:
            raise BadInput(
                f"asked for --on ray:{argument}; found {_first_line(error)}; start a cluster there (ray start --head), "
                "set RAY_AUTH_MODE=token if it asks for a token, or use --on ray:2 for one on this machine"
            ) from error
    else:
        _start(module, int(argument) if argument else cores(), quiet)
    _connected_to = argument
    return module


def _knock(address: str) -> None:
    """Raise where nobody listens: ray itself would go on trying for many minutes."""
    host, mark, port = address.removeprefix("ray://").rpartition(":")
    if mark and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()


def _start(module: Any, count: int, quiet: dict[str, Any]) -> None:
    """A cluster on this machine that ends with this process. Socket paths must be short: hence /tmp, not TMPDIR."""
    folder = tempfile.mkdtemp(prefix="assay-ray-", dir="/tmp")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(module.shutdown)  # runs before the folder goes: last in, first out
    before = {name: os.environ.get(name) for name in ONE}
    os.environ.update(ONE)  # workers inherit it: one thread each unless a job says more
    try:
        for number in range(1, STARTS + 1):
            try:
                module.init(
                    num_cpus=count, include_dashboard=False, object_store_memory=STORE, _temp_dir=folder, **quiet
                )
                break
            except Exception:
                module.shutdown()
                if number == STARTS:
                    raise
    except Exception as error:
        raise BadInput(
            f"asked for --on ray:{count}; the cluster on this machine did not start: {_first_line(error)}; "
            "use --on processes"
        ) from error
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
