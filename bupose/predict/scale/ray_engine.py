"""Units of work on Ray Data: a pool of actors, each with a network of its own."""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from bupose.errors import DependencyError, InputError, OptionsError
from bupose.exchange.rows import load_arrow
from bupose.images.files import reason
from bupose.machine import count_cores
from bupose.predict.options import RayOptions
from bupose.predict.scale.units import Unit
from bupose.predict.scale.worker import Receipt, ShardWorker
from bupose.requirements import of_module

STORE = 300_000_000  # bytes of objects in a cluster of this machine's own: lists of paths
PATIENCE = 5.0  # seconds to connect, and between trials
TRIALS = 3  # to start workers
HANDED = 2  # units at a worker at once: the next waits there

_LOG = logging.getLogger(__name__)


@contextmanager
def connected(options: RayOptions) -> Iterator[None]:
    """Connected to a cluster; without an address, and ``RAY_ADDRESS``, to one of this machine, for as long.

    Raises
    ------
    DependencyError
        Ray is not installed.
    InputError
        There is no such cluster, or none can be started.
    OptionsError
        It has nothing for a worker to run on.
    """
    ray = _load()
    signals = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    mine = not ray.is_initialized()
    if mine:
        address = options.address or os.environ.get("RAY_ADDRESS")
        own = {} if address else {
            "num_cpus": count_cores(), "include_dashboard": False, "object_store_memory": STORE,
        }  # fmt: skip
        check_answers(address or "")
        try:
            # Without "local" it would join whatever cluster was started on this machine.
            ray.init(address or "local", log_to_driver=False, logging_level=logging.ERROR, **own)
        except Exception as problem:
            what = f"connect to the Ray cluster {address!r}" if address else "start Ray on this machine"
            raise InputError(f"cannot {what}: {reason(problem)}; check ray.address, and ray status there") from None
    try:
        for number, handler in signals.items():  # Ray has handlers of its own, which end the process at once
            with suppress(ValueError, TypeError):  # in a thread, or of no Python
                signal.signal(number, handler)
        yield
    finally:
        if mine:
            ray.shutdown()


def check_answers(address: str) -> None:
    """Check that something listens there, which Ray takes minutes to give up on.

    Raises
    ------
    InputError
        Nothing does.
    """
    scheme, _, rest = address.rpartition("://")
    try:
        place = urlsplit(f"//{rest}")
        if scheme in ("", "ray") and place.hostname and place.port:
            socket.create_connection((place.hostname, place.port), PATIENCE).close()
    except (OSError, ValueError) as problem:
        raise InputError(
            f"no Ray cluster answers at {address!r}: {reason(problem)}; check ray.address, and ray status there"
        ) from None


def count_workers(options: RayOptions) -> int:
    """Workers that the cluster has room for, at most those that were asked for.

    Raises
    ------
    OptionsError
        There is room for none.
    """
    there = _load().cluster_resources()
    room = int(there.get("CPU", 0) // options.cpus)
    if options.gpus:
        room = min(room, int(there.get("GPU", 0) / options.gpus + 1e-6))
    if room < 1 and options.workers is None:
        raise OptionsError(
            f"a worker takes ray.cpus={options.cpus} and ray.gpus={options.gpus:g}, and the cluster has "
            f"{there.get('CPU', 0):g} processors and {there.get('GPU', 0):g} GPUs; lower them"
        )
    return options.workers or max(1, room)


def work(units: Sequence[Unit], options: RayOptions, workers: int, construct: Mapping[str, Any]) -> Iterator[Receipt]:
    """Do units on a cluster, each at most once; those without a receipt are not done.

    Parameters
    ----------
    units : sequence of Unit
    options : RayOptions
    workers : int
        At most.
    construct : mapping
        Arguments of :class:`ShardWorker`.

    Raises
    ------
    InputError
        No worker can be started.
    """
    ray = _load()
    done: set[str] = set()
    for trial in range(TRIALS):
        try:
            for receipt in _work_once([unit for unit in units if unit.name not in done], options, workers, construct):
                done.add(receipt.unit)
                yield receipt
            return
        except ray.exceptions.RayError as problem:
            # A worker that was sent to a machine just lost ends the pool's start; the cluster knows it a little later.
            if trial + 1 < TRIALS and isinstance(problem, ray.exceptions.RayActorError):
                _LOG.warning("a worker could not start; another trial: %s", _last_line(problem))
                time.sleep(PATIENCE)
                continue
            raise InputError(
                f"Ray cannot go on: {_last_line(problem)}; what is finished is kept: resume=true goes on from here"
            ) from None


def _work_once(
    units: Sequence[Unit], options: RayOptions, workers: int, construct: Mapping[str, Any]
) -> Iterator[Receipt]:
    ray, arrow = _load(), load_arrow()
    kinds = arrow.schema([("name", arrow.string()), ("paths", arrow.list_(arrow.string())), ("whole", arrow.bool_()),
                          ("problem", arrow.string())])  # fmt: skip
    tables = [arrow.Table.from_pylist([vars(unit)], schema=kinds) for unit in units]
    data = ray.data.DataContext.get_current()
    data.enable_progress_bars = False
    data.max_errored_blocks = -1  # a unit whose actor died: it has no receipt
    # An actor that died is replaced, where there is room, and its units are done again by whoever is there: retries of
    # Ray's would wait for a machine that is gone, or repeat forever what killed it. Ray 2.64 will take no max_restarts.
    pool = ray.data.ActorPoolStrategy(min_size=1, max_size=workers, initial_size=min(workers, len(units)),
                                      max_tasks_in_flight_per_actor=HANDED)  # fmt: skip
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*ray_remote_args")
        receipts = ray.data.from_arrow(tables).map_batches(
            ShardWorker, batch_size=None, batch_format="pyarrow", compute=pool, fn_constructor_kwargs=dict(construct),
            num_cpus=options.cpus, num_gpus=options.gpus or None, max_restarts=0, max_task_retries=0,
        )  # fmt: skip
    for batch in receipts.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
        yield from (Receipt(**one) for one in batch.to_pylist())


def _last_line(problem: Exception) -> str:
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return lines[-1] if lines else type(problem).__name__


def _load() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it reports to its makers
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # leaves CUDA_VISIBLE_DEVICES of others alone
    try:
        import_module("ray.data")
        for name in ("ray", "ray.data"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what a dead actor costs is told below
        return import_module("ray")
    except ImportError as problem:
        raise DependencyError(
            f"engine=ray needs {problem.name or 'ray'}, which is not installed; {of_module('ray').remedy}"
        ) from None
