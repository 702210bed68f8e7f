"""Atomic writes: a file is written under a temporary name in the same folder, then renamed."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

from bupose.errors import DiskError, InputError

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

OURS = ".bupose-"  # how every temporary name begins
_FULL = {errno.ENOSPC, errno.EDQUOT}
# The next file would fail for the same reason.
_DISK = {*_FULL, errno.EROFS, errno.EIO, errno.EFBIG, errno.EMFILE, errno.ENFILE}
_swept: set[str] = set()


@contextmanager
def replacing(path: str | Path, suffix: str = "", sync: bool = True) -> Iterator[Path]:
    """A temporary path to write to; it is renamed to ``path`` if the block succeeds, and removed otherwise.

    Parameters
    ----------
    path : path
        Missing parent folders are created. Links are followed; a replaced file's permissions are kept.
    suffix : str
        Suffix of the temporary name, for writers that choose a format by it.
    sync : bool
        Flush to disk, so that the file survives a power cut; slow for thousands of files.

    Raises
    ------
    InputError
        The file cannot be written, or the block raised an OSError.
    DiskError
        The disk is full or failing.
    """
    path = Path(path)
    try:
        target, mode = _target(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target.parent)
        partial, opened = _begin(target.parent, suffix)
        handle: int | None = opened
        try:
            yield partial
            if mode is not None:
                os.chmod(partial, mode)
            if sync:
                _sync(partial)
            if fcntl is None:  # Windows renames no open file
                os.close(opened)
                handle = None
            os.replace(partial, target)
        finally:
            if handle is not None:
                os.close(handle)
            with suppress(OSError):
                partial.unlink()
    except (OSError, UnicodeError) as problem:
        raise refusal(path, problem) from None


def write_text(path: str | Path, text: str, sync: bool = True) -> None:
    """Write text as UTF-8; lone surrogates (from foreign file names) are escaped.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"), sync)


def write_bytes(path: str | Path, data, sync: bool = True) -> None:
    """Write bytes.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    with replacing(path, sync=sync) as partial:
        partial.write_bytes(data)


@contextmanager
def writing_text(path: str | Path, newline: str | None = "\n", sync: bool = True) -> Iterator[TextIO]:
    """A text file to write to piece by piece, as UTF-8; lone surrogates are escaped.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    with (
        replacing(path, sync=sync) as partial,
        partial.open("w", encoding="utf-8", errors="backslashreplace", newline=newline) as file,
    ):
        yield file


def refusal(path: str | Path, problem: OSError | UnicodeError) -> InputError:
    """The sentence for a file that could not be written."""
    number = getattr(problem, "errno", None)
    advice = "free some room, or choose another output" if number in _FULL else "choose another output"
    told = InputError if number not in _DISK else DiskError
    return told(f"cannot write {str(path)!r}: {getattr(problem, 'strerror', None) or problem}; {advice}")


def sweep(folder: Path) -> None:
    """Once per process: remove partial files that killed bupose processes have left in a folder.

    Running processes hold a lock on what they write.
    """
    if fcntl is None or str(folder) in _swept:
        return
    _swept.add(str(folder))
    for entry in os.scandir(folder):
        if entry.name.startswith(OURS) and ".part" in entry.name:
            with suppress(OSError):
                handle = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                try:
                    if lock(handle):
                        _remove(Path(entry.path))
                finally:
                    os.close(handle)


def lock(handle: int, wait: bool = False) -> bool:
    """Lock an open file for this process; False if another holds it. The lock ends with the process.

    Raises
    ------
    OSError
        The file system does not support locks.
    """
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        else:
            msvcrt: Any = import_module("msvcrt")  # which Windows alone has
            msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
    except OSError as problem:
        if problem.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True


@contextmanager
def one_at_a_time(path: Path, patience: float) -> Iterator[None]:
    """Hold a lock file; another process waits, at most ``patience`` seconds, since one that was halted lets nobody in.

    Where locks do not work (some network disks), it goes on without: work is then only done twice.
    """
    handle, until = None, time.monotonic() + patience
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        while not lock(handle) and time.monotonic() < until:
            time.sleep(0.05)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


@contextmanager
def workspace(path: Path) -> Iterator[Path]:
    """A temporary folder beside a file to come, for files that belong together until they are renamed.

    Raises
    ------
    InputError
        It cannot be made, or the block raised an OSError.
    """
    try:
        target, _ = _target(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target.parent)
        place = target.parent / temporary_name()
        place.mkdir()
        handle = os.open(place, os.O_RDONLY) if fcntl is not None else None
        try:
            with suppress(OSError):
                lock(handle) if handle is not None else None
            yield place
        finally:
            if handle is not None:
                os.close(handle)
            shutil.rmtree(place, ignore_errors=True)
    except OSError as problem:
        raise refusal(path, problem) from None


def temporary_name(suffix: str = "") -> str:
    """A short temporary name, whatever the length of the final one."""
    return f"{OURS}{secrets.token_hex(6)}.part{suffix}"


def _target(path: Path) -> tuple[Path, int | None]:
    """The link-free target, and the permissions of an existing file."""
    if path.is_symlink():
        path = Path(os.path.realpath(path))
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return path, None
    except ValueError as problem:
        raise OSError(errno.EINVAL, str(problem)) from None  # a null character
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is a device or a pipe, not a file")
    return path, stat.S_IMODE(found.st_mode)


def _begin(folder: Path, suffix: str) -> tuple[Path, int]:
    """An empty file, locked against :func:`sweep`."""
    while True:
        partial = folder / temporary_name(suffix)
        handle = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        with suppress(OSError):
            lock(handle)
        if os.fstat(handle).st_nlink:  # another process may have swept it before it was locked
            return partial, handle
        os.close(handle)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY if fcntl is not None else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()
