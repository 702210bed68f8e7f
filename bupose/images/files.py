"""Reading of regular files; pipes and devices are never read."""

from __future__ import annotations

import os
import stat
from typing import TypeAlias

import cv2

from bupose.errors import InputError
from bupose.images.tar import read_member, split_member

PathLike: TypeAlias = str | os.PathLike[str]
MAX_BYTES = 1_000_000_000  # maximum size of a picture file
FAULTS = (OSError, ValueError, ArithmeticError, MemoryError, cv2.error)  # errors that a single picture can cause


def check_regular(path: PathLike) -> int:
    """The size in bytes of a regular file.

    Raises
    ------
    InputError
        There is no such file, or it is a pipe, a socket, a device or a folder.
    """
    try:
        found = os.stat(path)
    except (OSError, ValueError) as problem:
        raise refusal(path, problem) from None
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"{quote(path)} is {_kind(found.st_mode)}, not a file; save the picture or video as a file")
    return found.st_size


def read_bytes(path: PathLike, most: int | None = None) -> bytes:
    """The content of a regular file, or of a member of a tar file; with ``most``, only its first bytes.

    Raises
    ------
    InputError
        There is no such regular file, it cannot be read, or it exceeds ``MAX_BYTES``.
    """
    if (inside := split_member(str(path))) and not os.path.lexists(path):
        return read_member(*inside, most)
    size = check_regular(path)
    if most is None and size > MAX_BYTES:
        raise InputError(f"{quote(path)} has {size / 1e6:.0f} MB, no picture has more than {MAX_BYTES // 10**6}")
    try:  # since the check the name may have become a pipe, on which a plain open() would block
        opened = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(opened, "rb") as file:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise InputError(f"{quote(path)} is no longer a file")
            return file.read(size if most is None else most)
    except (OSError, ValueError, MemoryError) as problem:
        raise refusal(path, problem) from None


def refusal(path: PathLike, problem: Exception) -> InputError:
    """The error message for a file that cannot be opened."""
    return InputError(f"cannot read {quote(path)}: {reason(problem)}; check the path and who may read it")


def quote(path: PathLike) -> str:
    """A path for messages: quoted, escaped and truncated."""
    return repr(shorten(str(path)))


def name_once(file_name: str, problem: object) -> str:
    """A picture's problem, with its name once: most problems quote the path."""
    return str(problem) if repr(file_name)[1:] in str(problem) else f"{shorten(file_name)}: {problem}"


def shorten(text: str, most: int = 400) -> str:
    """The beginning and end of a long text."""
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-most // 2 :]}"


def reason(problem: Exception) -> str:
    """The reason given by the system or OpenCV, in short."""
    if isinstance(problem, MemoryError):
        return "too little memory"
    said = getattr(problem, "strerror", None) or getattr(problem, "err", None) or str(problem)
    return " ".join(said.split()) or type(problem).__name__


def _kind(mode: int) -> str:
    kinds = {stat.S_ISDIR: "a folder", stat.S_ISFIFO: "a pipe", stat.S_ISSOCK: "a socket"}
    return next((name for is_kind, name in kinds.items() if is_kind(mode)), "a device")
