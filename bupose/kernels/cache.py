"""The cache of compiled kernels, verified before loading, as its content is executed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from importlib.metadata import version
from pathlib import Path

from bupose import atomic, proportions
from bupose.errors import InputError
from bupose.machine import name_processor
from bupose.paths import cache_home, temporary_home, user

SOURCE = Path(__file__).absolute().parent / "compiled"
PATIENCE = 120.0  # seconds to wait for another process that compiles
_LIST = "whole.json"  # the sum of every file in the cache, and which tasks they are for


def cache_folder() -> str:
    """A writable folder for compiled kernels, below the cache's home or the temporary folder; "" if there is none.

    It is named after the kernels' source and the constants in it: numba itself misses changes in a file that another
    imports. A folder of somebody else's is never used, as what is in it is run.
    """
    digest = hashlib.sha256()
    for file in (*sorted(SOURCE.glob("*.py")), Path(proportions.__file__)):
        digest.update(file.read_bytes())
    name = digest.hexdigest()[:12]
    temporary = temporary_home("bupose-numba")
    for home in (cache_home() / "numba", temporary):
        with contextlib.suppress(OSError):
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            if home == temporary and not _is_own(home):
                continue  # anybody may make folders there
            for folder in (home / name, home / f"{name}-{user()}"):
                folder.mkdir(exist_ok=True, mode=0o700)
                if _is_own(folder) and os.access(folder, os.W_OK):
                    return str(folder)
    return ""


def place(folder: str | Path) -> Path:
    """Where numba puts the kernels below a folder: it names their place by its sha1."""
    return Path(folder) / f"{SOURCE.name}_{hashlib.sha1(str(SOURCE).encode()).hexdigest()}"


def holds(folder: Path, task: str) -> bool:
    """Whether a place has all kernels of a task, as compiled by this Python on this processor."""
    return _here(task) in _tasks(folder)


def damaged(folder: Path) -> list[Path]:
    """Files of a place that are not those which were put there."""
    sums, _ = _read(folder)
    return [file for file in _files(folder) if sums.get(file.name) != _sum(file)]


def repair(folder: Path) -> None:
    """Remove what is damaged, so that it is compiled anew, and what a killed process left half-written."""
    for file in (*damaged(folder), *folder.glob("*.nb[ic].tmp.*")):
        with contextlib.suppress(OSError):
            file.unlink()


def seal(folder: Path, task: str) -> str:
    """Note what is there now, whole as it is, with all kernels of a task; why that could not be done, or ""."""
    if not holds(folder, task) or damaged(folder):
        sums = {file.name: _sum(file) for file in _files(folder)}
        told = {"sums": sums, "tasks": sorted({*_tasks(folder), _here(task)})}
        try:
            atomic.write_text(folder / _LIST, json.dumps(told))
        except InputError as problem:
            return str(problem)
    return ""


def one_process_at_a_time() -> contextlib.AbstractContextManager[None]:
    """The lock of those who compile."""
    return atomic.one_at_a_time(_lock(), PATIENCE)


def in_use() -> bool:
    """Whether a process compiles, or loads, kernels at this moment."""
    with contextlib.suppress(OSError), open(_lock(), "rb+") as file:
        return not atomic.lock(file.fileno())
    return False


def _lock() -> Path:
    return cache_home() / "kernels.lock"


def _read(folder: Path) -> tuple[dict[str, str], list[str]]:
    with contextlib.suppress(OSError, ValueError, RecursionError, KeyError, TypeError):
        told = json.loads((folder / _LIST).read_text(encoding="utf-8"))
        if isinstance(told["sums"], dict) and isinstance(told["tasks"], list):
            return told["sums"], told["tasks"]
    return {}, []


def _tasks(folder: Path) -> list[str]:
    """What the files of a place are for; none where one of them is damaged or gone."""
    sums, tasks = _read(folder)
    return tasks if sums and all(_sum(folder / name) == wanted for name, wanted in sums.items()) else []


def _here(task: str) -> str:
    with contextlib.suppress(ImportError):  # a package without metadata
        return f"{task}: {name_processor()}, Python {sys.version}, numba {version('numba')}"
    return f"{task}: {name_processor()}, Python {sys.version}"


def _files(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return [Path(entry.path) for entry in os.scandir(folder) if entry.name.endswith((".nbi", ".nbc"))]
    return []


def _sum(file: Path) -> str:
    with contextlib.suppress(OSError):
        return hashlib.sha256(file.read_bytes()).hexdigest()
    return ""


def _is_own(folder: Path) -> bool:
    return user() is None or folder.stat().st_uid == user()
