"""Compiled kernels where numba is installed, their NumPy twins elsewhere or when ``BUPOSE_KERNELS=reference``.

The compiled code is cached on disk. The first call in a process goes through :func:`load`, in which one process at a
time compiles or loads the cache, so that a sweep's workers started together do not compile (or read) over each other.
Who wants the first picture soon calls :func:`compile_apart` before: until another process has compiled them,
:func:`load` gives the twins.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from bupose.errors import DependencyError
from bupose.kernels import cache
from bupose.messages import tell_waiting

_lock = threading.Lock()
_warm: dict[str, ModuleType] = {}  # what a task's kernels are in
_apart: subprocess.Popen | None = None  # compiles those of decode
_APART = "import sys; sys.path[:] = {}; from bupose import kernels; kernels.load()"
caching = True  # whether what is compiled is kept
trouble = ""  # why it is not


def name() -> str:
    """``"compiled"`` or ``"reference"``: which kernels this process uses."""
    if os.environ.get("BUPOSE_KERNELS", "compiled") == "reference":
        return "reference"
    try:
        import numba  # noqa: F401
    except ImportError:
        return "reference"
    except Exception as problem:  # its own variables are out of their range
        told = f"numba cannot be loaded ({problem}); look at the variables NUMBA_…, or set BUPOSE_KERNELS=reference"
        raise DependencyError(told) from None
    return "compiled"


def load(task: str = "decode", wait: bool = False) -> ModuleType:
    """The module with the kernels, those of ``task`` (decode, encode, tags, centre) ready to run at full speed.

    After :func:`compile_apart` it is that with the twins of decode, as long as another process compiles; not with
    ``wait``.
    """
    if task in _warm and os.environ.get("BUPOSE_KERNELS") != "reference":
        return _warm[task]
    apart = task == "decode" and not wait and _apart is not None and _apart.poll() is None
    if apart or name() == "reference":
        from bupose.kernels import reference

        return reference
    with _lock:
        if task not in _warm:
            _warm_up(task)
    return _warm[task]


def load_ahead() -> None:
    """Begin to load those of decode, while a network is loaded; what is wrong with them is told when they are used."""

    def begin() -> None:
        with contextlib.suppress(Exception):
            load()

    threading.Thread(target=begin, daemon=True).start()


def compile_apart() -> bool:
    """Have a process of its own compile those of decode where they are not kept yet; whether they are not.

    It goes on when this process has ended. With ``BUPOSE_KERNELS=compiled`` they are waited for instead.
    """
    global _apart
    python = Path(sys.executable or "").stem.startswith(("python", "pypy"))  # not a program that Python is a part of
    if "decode" in _warm or os.environ.get("BUPOSE_KERNELS") or find_spec("numba") is None or not python:
        return False
    if _apart is None:
        folder = os.environ.get("NUMBA_CACHE_DIR") or cache.cache_folder()
        if not folder or cache.holds(cache.place(folder), "decode"):
            return False
        tell_waiting("compiling the grouping in the background, once; until then pictures take longer")
        command = [sys.executable, "-c", _APART.format([str(folder) for folder in sys.path])]
        none = subprocess.DEVNULL
        with contextlib.suppress(OSError):  # there may be no room for it: then this process compiles
            _apart = subprocess.Popen(command, stdin=none, stdout=none, stderr=none, start_new_session=True)
    return _apart is not None


def _warm_up(task: str) -> None:
    """Compile a task's kernels, or load them; where the cache is of no use (a full disk, say), without it."""
    global caching, trouble
    with cache.one_process_at_a_time(), _own_cache() as place:
        try:
            kept = place if caching else None
            if kept is not None:
                cache.repair(kept)
            elif caching:
                raise OSError("there is no folder to keep them in")
            if kept is None or not cache.holds(kept, task):
                tell_waiting("compiling the grouping for this machine, which takes up to a minute, once")
            module = import_module(f"{__name__}.compiled")
            _WARM_UP[task](module)
            trouble = trouble or (cache.seal(kept, task) if kept is not None else "")
        except Exception as problem:
            if not caching:
                raise
            if place is not None:
                shutil.rmtree(place, ignore_errors=True)  # whatever is wrong with it
            caching, trouble = False, " ".join(f"{problem}".split()) or type(problem).__name__
            for loaded in [name for name in sys.modules if name.startswith(f"{__name__}.compiled")]:
                del sys.modules[loaded]
            module = import_module(f"{__name__}.compiled")
            for other in (*_warm, task):
                _WARM_UP[other](module)
    _warm.update(dict.fromkeys((*_warm, task), module))


# Every kernel once, with the very types that the codec uses: another type would compile anew, outside the lock.


def _warm_decode(k: ModuleType) -> None:
    heat, paf = np.zeros((2, 4, 4), np.float32), np.zeros((1, 2, 4, 4), np.float32)
    limbs = np.array([[0, 1]], np.int32)
    k.smooth(heat, np.ones(1, np.float32))
    cells, start = k.find_peaks(heat, 0.5)
    peaks, score = k.refine_peaks(heat, cells)
    crowd = (64, 1, 1.0)
    ids, values = k.score_limbs(paf, limbs, start, peaks, score, (2, 0.1, 0.1), (0.0, 0.0), crowd)
    usual, parts = np.zeros(1, np.float32), np.zeros(2, np.int32)
    options = (False, 3, 2.2, 1.0)
    assembled = k.assemble_people(ids, values, parts[:0], 2, peaks, usual, options)[2:]
    found, body = (ids, values, parts[:0], peaks, score), (parts, parts[:1], np.ones(2), usual, 1.0)
    ranked = k.rank_people(found, assembled, body, (3, 0.4, 0.1), (4.5, 0.3, 1.3))
    _, xy, joint_score, person_score, similar, scale = ranked
    k.expected_similarity(xy, np.ones(2), 0.5)
    k.score_people(np.zeros((0, 1)), np.zeros((0, 1), np.int64), np.ones(1, np.int64), similar, joint_score, parts)
    skeleton = limbs, usual, np.zeros(2, np.int32)
    completed = k.complete_people(paf, heat, skeleton, xy, joint_score, scale, (0.1, 2.2, 1.0), (0.1, 0.5, 0.5))
    listed = xy, joint_score, person_score, similar, completed
    k.list_people(*listed, (parts, np.ones(2)), (0.8, 0.1, 3), (8, 3.5))
    k.find_duplicates(xy, np.zeros(0, np.int64), np.ones(2, np.float32), 0.5)


def _warm_encode(k: ModuleType) -> None:
    xy, present = np.zeros((1, 2, 2)), np.ones((1, 2), bool)
    k.paint_heat((4, 4), xy, present, 1.0)
    k.paint_limbs((4, 4), xy, present, np.array([[0, 1]], np.int32), 1.0)


def _warm_tags(k: ModuleType) -> None:
    start, tags, score = np.array([0, 1, 2], np.int32), np.zeros((2, 1), np.float32), np.ones(2, np.float32)
    k.group_tags(start, tags, score, np.arange(2, dtype=np.int32), (1.0, 2.0, 1))
    heat, mean = np.zeros((2, 4, 4), np.float32), np.zeros((1, 1))
    k.find_tagged(heat, heat[:, None].copy(), mean, np.ones((1, 2), bool))


def _warm_centre(k: ModuleType) -> None:
    heat, places = np.zeros((2, 4, 4), np.float32), np.zeros((1, 2, 2), np.float32)
    cells, start = k.find_peaks(heat, 0.5)
    k.keep_highest(heat, cells, 1)
    xy, score = k.refine_peaks(heat, cells)
    ids, weight = k.pair_with_peaks(places, np.ones((1, 2), np.float32), start, xy, score, 3.0)
    k.match_hungarian(ids, weight, 1)
    k.search_heat(heat, places, np.zeros((1, 4), np.float32), 1.0)
    k.find_duplicates(places, np.zeros(1, np.int64), np.ones(2, np.float32), 0.5)


_WARM_UP = {"decode": _warm_decode, "encode": _warm_encode, "tags": _warm_tags, "centre": _warm_centre}


@contextlib.contextmanager
def _own_cache() -> Iterator[Path | None]:
    """While the kernels are imported, let numba cache in bupose's own folder, unless the user has chosen one.

    Gives the kernels' place there; None where there is none.
    """
    import numba

    config: Any = numba.config  # it makes its names while it is imported
    before = config.CACHE_DIR
    folder = before or cache.cache_folder()
    config.CACHE_DIR = folder
    try:
        yield cache.place(folder) if folder else None
    finally:
        config.CACHE_DIR = before
