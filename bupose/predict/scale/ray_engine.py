"""Units of work on a Ray cluster: a pool of actors, each with a network of its own."""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from bupose.errors import DependencyError, InputError, OptionsError
from bupose.images.files import reason
from bupose.machine import count_cores
from bupose.predict.options import RayOptions
from bupose.predict.scale.units import Unit
from bupose.predict.scale.worker import Receipt, ShardWorker
from bupose.requirements import of_module

STORE = 300_000_000  # bytes of objects in a cluster of this machine's own: lists of paths
PATIENCE = 5.0  # seconds to connect, and between trials
TRIALS = 3  # to start a worker, where none works
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

    An actor that died is replaced, where there is room, and what it had is not done: retries of Ray's would wait for a
    machine that is gone, or repeat forever what killed it.

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
    ray, waiting, pool = _load(), deque(units), _Pool(options, construct)
    try:
        while waiting or pool.handed:
            pool.start(min(workers - len(pool), len(waiting) - len(pool.starting)))
            for answer in pool.wait():
                worker, receipt = pool.take(answer)
                # A worker has its next unit while it works, but none that another could begin now.
                while worker in pool.load and waiting and pool.load[worker] < (HANDED if len(waiting) > workers else 1):
                    pool.hand(worker, waiting.popleft())
                if receipt is not None:
                    yield receipt
    except ray.exceptions.RayError as problem:
        raise InputError(
            f"Ray cannot go on: {_last_line(problem)}; what is finished is kept: resume=true goes on from here"
        ) from None
    finally:
        pool.stop()


class _Pool:
    """Actors, each with a network of its own; answers are Ray's references.

    Attributes
    ----------
    starting, handed : dict of answer to actor
        Awaited: that it has begun, a unit's receipt.
    load : dict of actor to int
        Units at those that have begun.
    """

    def __init__(self, options: RayOptions, construct: Mapping[str, Any]) -> None:
        self._ray, self._construct = _load(), dict(construct)
        self._actor = self._ray.remote(ShardWorker).options(
            num_cpus=options.cpus, num_gpus=options.gpus, max_restarts=0, max_task_retries=0,
            scheduling_strategy="SPREAD",
        )  # fmt: skip
        self.starting: dict[Any, Any] = {}
        self.handed: dict[Any, Any] = {}
        self.load: dict[Any, int] = {}
        self._trials, self._not_before = 0, 0.0

    def __len__(self) -> int:
        return len(self.starting) + len(self.load)

    def start(self, more: int) -> None:
        """Start so many more, though not right after one that failed: a machine just lost is known a little later."""
        for _ in range(more if time.monotonic() >= self._not_before else 0):
            worker = self._actor.remote(**self._construct)
            self.starting[worker.begin.remote()] = worker

    def wait(self) -> list[Any]:
        """Answers that have come, after a while perhaps none."""
        awaited = [*self.handed, *self.starting]
        if not awaited:
            time.sleep(max(0.0, self._not_before - time.monotonic()))
            return []
        return list(self._ray.wait(awaited, timeout=PATIENCE)[0])

    def take(self, answer: Any) -> tuple[Any, Receipt | None]:
        """The actor that answered, and its receipt, if that is what came."""
        error = self._ray.exceptions.RayError
        if (worker := self.starting.pop(answer, None)) is not None:
            try:
                self._ray.get(answer)
                self.load[worker], self._trials = 0, 0
            except error as problem:
                if (now := time.monotonic()) >= self._not_before:  # those that fail together are one trial
                    self._trials, self._not_before = self._trials + 1, now + PATIENCE
                _LOG.warning("a worker could not start: %s", _last_line(problem))
                if self._trials >= TRIALS and not self:
                    raise
            return worker, None
        worker = self.handed.pop(answer)
        try:
            receipt: Receipt = self._ray.get(answer)
        except error:
            self.load.pop(worker, None)
            self._ray.kill(worker)  # if it lives
            return worker, None
        if worker in self.load:
            self.load[worker] -= 1
        return worker, receipt

    def hand(self, worker: Any, unit: Unit) -> None:
        """Give an actor a unit."""
        self.handed[worker.do.remote(unit)] = worker
        self.load[worker] += 1

    def stop(self) -> None:
        """End all actors."""
        for worker in (*self.load, *self.starting.values()):
            with suppress(Exception):  # the cluster may be gone
                self._ray.kill(worker)


def _last_line(problem: Exception) -> str:
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return lines[-1] if lines else type(problem).__name__


def _load() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it reports to its makers
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # leaves CUDA_VISIBLE_DEVICES of others alone
    os.environ.setdefault("RAY_worker_niceness", "0")  # as the plain command; with 15 they wait for all that runs here
    try:
        ray = import_module("ray")
        logging.getLogger("ray").setLevel(logging.CRITICAL)  # what a dead actor costs is told elsewhere
        return ray
    except ImportError as problem:
        raise DependencyError(
            f"engine=ray needs {problem.name or 'ray'}, which is not installed; {of_module('ray').remedy}"
        ) from None
