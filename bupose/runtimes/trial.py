"""Short measurements on this machine, which decide what computes a network."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from bupose.errors import BuposeError
from bupose.runtimes import cached
from bupose.runtimes.network import Network

CLEARLY = 0.9  # of the time of what loses nothing: from there on another precision is taken
ROUNDS = 3

_LOG = logging.getLogger(__name__)


def measure(networks: Mapping[str, Network]) -> dict[str, float]:
    """Seconds of processor time that each takes for a picture of usual size, the least of some rounds in turns.

    On a busy machine seconds on the clock say little: 8 bits seemed no faster than float32 there.
    """
    network = next(iter(networks.values()))
    height = network.preprocess.get("height") or 368
    sides = [-(-side // network.multiple) * network.multiple for side in (height, height * 4 // 3)]
    images = np.full((1, *sides, 3), 128, np.uint8)
    taken: dict[str, list[float]] = {name: [] for name in networks}
    for _ in range(ROUNDS + 1):
        for name, one in networks.items():
            start = time.process_time()
            one(images)
            taken[name].append(time.process_time() - start)
    return {name: min(times[1:]) for name, times in taken.items()}


def fastest(ready: Mapping[str, Callable[[], Network]]) -> str:
    """The first, unless another one clearly takes less time; one alone is not made ready for that."""
    if len(ready) == 1:
        return next(iter(ready))
    return pick(measure({name: begin() for name, begin in ready.items()}))


def pick(taken: Mapping[str, float]) -> str:
    """The first of these times, unless another one is clearly less."""
    first, best = next(iter(taken)), min(taken, key=taken.__getitem__)
    return best if taken[best] < CLEARLY * taken[first] else first


def recall(path: Path, names: Sequence[str], versions: str) -> dict[str, float] | None:
    """What :func:`compare` found, if it ever did."""
    return cached.find(path, f"times-{'-'.join(names)}", versions)


def compare(path: Path, runners: Mapping[str, Callable[[], Network]], versions: str) -> dict[str, float]:
    """Processor seconds of runtimes for a picture, measured once for a network file, a machine and these versions.

    Those that cannot run it are left out, and nothing is kept then: OpenVINO refuses in forked processes only.

    Raises
    ------
    OSError
        There is no folder to keep that in.
    """
    known = recall(path, list(runners), versions)
    if known is None:
        networks = {}
        for name, run in runners.items():
            try:
                networks[name] = run()
            except (BuposeError, OSError, ImportError, RuntimeError) as problem:
                _LOG.debug("%s left out: %s", name, problem)
        if not networks:
            return {}
        taken = measure(networks)
        if len(networks) < len(runners):
            return taken
        _, known = cached.prepare(path, f"times-{'-'.join(runners)}", versions, lambda _: taken)
    return known
