"""Units of work: pictures that fill a shard, a video, or a tar file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from bupose.predict.scale.inputs import Inputs

FIRST = 8  # pictures of the first shards, so that there are some soon, and of the last, so that all end together
SHARES = 4  # of what is left, by each worker


@dataclass(frozen=True)
class Unit:
    """What one worker does at once, and writes as one shard.

    Parameters
    ----------
    name : str
        Of the shard; the same paths have the same, so that a unit done twice is there once.
    paths : tuple of str
        Pictures; or one video or tar file.
    whole : bool
        It is one.
    problem : str
        Why they cannot be read, where that is known; "" if it is not.
    """

    name: str
    paths: tuple[str, ...]
    whole: bool = False
    problem: str = ""


def plan(inputs: Inputs, most: int, workers: int, start: int = 0) -> Iterator[Unit]:
    """The units of a run: small ones first and last.

    Parameters
    ----------
    inputs : Inputs
    most : int
        Pictures in a unit.
    workers : int
    start : int
        Number of the first.
    """
    for n, path in enumerate(inputs.wholes, start):
        yield _unit(n, (path,), True)
    start += len(inputs.wholes)
    place, n, size = 0, start, FIRST
    while place < len(inputs.pictures):
        left = len(inputs.pictures) - place
        many = max(1, min(most, size, max(FIRST, left // (SHARES * workers))))
        yield _unit(n, tuple(inputs.pictures[place : place + many]), False)
        place, n = place + many, n + 1
        size = size if n < start + workers else 2 * size


def split(units: Sequence[Unit], most: int, start: int) -> list[Unit]:
    """The same work in units of at most ``most`` pictures."""
    parts = [(unit.paths[n : n + most], unit.whole) for unit in units for n in range(0, len(unit.paths), most)]
    return [_unit(n, paths, whole) for n, (paths, whole) in enumerate(parts, start)]


def unreadable(problems: Sequence[tuple[str, str]], start: int) -> list[Unit]:
    """Units of paths whose problem is known."""
    return [_unit(n, (path,), False, problem) for n, (path, problem) in enumerate(problems, start)]


def _unit(number: int, paths: tuple[str, ...], whole: bool, problem: str = "") -> Unit:
    digest = blake2b("\0".join(paths).encode("utf-8", "surrogateescape"), digest_size=6).hexdigest()
    return Unit(f"{number:06d}-{digest}", paths, whole, problem)
