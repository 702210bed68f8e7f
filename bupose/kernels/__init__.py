"""Compiled kernels where numba is installed, their NumPy twins elsewhere or when ``BUPOSE_KERNELS=reference``.

The compiled code is cached on disk. The first call in a process goes through :func:`load`, in which one process at a
time compiles or loads the cache, so that a sweep's workers started together do not compile (or read) over each other.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import threading
from pathlib import Path
from types import ModuleType

import numpy as np

_lock = threading.Lock()
_warm: set[str] = set()


def name() -> str:
    """``"compiled"`` or ``"reference"``: which kernels this process uses."""
    if os.environ.get("BUPOSE_KERNELS", "compiled") == "reference":
        return "reference"
    try:
        import numba  # noqa: F401
    except ImportError:
        return "reference"
    return "compiled"


def load(task: str = "decode") -> ModuleType:
    """The module with the kernels, those of ``task`` (decode or encode) ready to run at full speed."""
    if name() == "reference":
        from bupose.kernels import reference

        return reference
    if task not in _warm:
        with _lock, _one_process_at_a_time(), _own_cache():
            from bupose.kernels import compiled

            _WARM_UP[task](compiled)
            _warm.add(task)
    from bupose.kernels import compiled

    return compiled


# Every kernel once, with the very types that the codec uses: another type would compile anew, outside the lock.


def _warm_decode(k: ModuleType) -> None:
    heat, paf = np.zeros((2, 4, 4), np.float32), np.zeros((1, 2, 4, 4), np.float32)
    limbs = np.array([[0, 1]], np.int32)
    k.smooth(heat, np.ones(1, np.float32))
    cells = k.find_peaks(heat, 0.5)
    peaks, score = k.refine_peaks(heat, cells)
    k.label_support(paf, np.zeros(0, np.int32), 0.5, 4)
    start, patch = np.zeros(3, np.int32), np.zeros((0, 0), np.int32)
    ids, values = k.score_limbs(paf, limbs, start, peaks, score, patch, (2, 0.1, 0.1), (0.0, 0.0, 1))
    k.match_hungarian(ids, np.ascontiguousarray(values[:, 2]), 0)
    k.match_greedy(ids, np.zeros(0, np.int64), 0)
    k.group_people(ids, np.zeros(0, np.int64), np.zeros(0, np.int32), 2)
    people = np.zeros((0, 2, 2), np.float32)
    k.complete_people(paf, heat, limbs, people, np.zeros((0, 2), np.float32), 0.1, 0.5)
    box = np.zeros((0, 4), np.float32)
    k.find_duplicates(people, box, np.zeros(0, np.int64), np.ones(2, np.float32), 0.5)


def _warm_encode(k: ModuleType) -> None:
    xy, present = np.zeros((1, 2, 2)), np.ones((1, 2), bool)
    k.paint_heat((4, 4), xy, present, 1.0)
    k.paint_limbs((4, 4), xy, present, np.array([[0, 1]], np.int32), 1.0)


_WARM_UP = {"decode": _warm_decode, "encode": _warm_encode}


def cache_home() -> Path:
    """Where bupose keeps what it makes and downloads: ``$BUPOSE_CACHE``, else ``~/.cache/bupose``."""
    return Path(os.environ.get("BUPOSE_CACHE", Path.home() / ".cache" / "bupose"))


@contextlib.contextmanager
def _own_cache():
    """While the kernels are imported, let numba cache in bupose's own folder, unless the user has chosen one."""
    import numba

    before = numba.config.CACHE_DIR
    if not before:
        numba.config.CACHE_DIR = cache_folder()
    try:
        yield
    finally:
        numba.config.CACHE_DIR = before


def cache_folder() -> str:
    """A writable folder for compiled kernels, below :func:`cache_home` or the temporary folder; "" if there is none.

    It is named after the kernels' source: numba itself misses changes in a file that another imports.
    """
    digest = hashlib.sha256()
    for file in sorted((Path(__file__).parent / "compiled").glob("*.py")):
        digest.update(file.read_bytes())
    user = os.getuid() if hasattr(os, "getuid") else None
    temporary = Path(tempfile.gettempdir()) / f"bupose-numba-{user}"
    for home in (cache_home() / "numba", temporary):
        with contextlib.suppress(OSError):
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            if home == temporary and user is not None and home.stat().st_uid != user:
                continue  # anybody may make folders there, and what is in them is run
            folder = home / digest.hexdigest()[:12]
            folder.mkdir(exist_ok=True)
            if os.access(folder, os.W_OK):
                return str(folder)
    return ""


@contextlib.contextmanager
def _one_process_at_a_time():
    """Hold a lock file; where locks do not work (some network disks), go on without: the cache is then only slower."""
    handle = None
    with contextlib.suppress(OSError):
        folder = cache_home()
        folder.mkdir(parents=True, exist_ok=True)
        handle = open(folder / "kernels.lock", "a")  # noqa: SIM115
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if handle is not None:
            handle.close()
