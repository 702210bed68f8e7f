"""Paths as users write them, and the folder that bupose keeps things in."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from bupose.errors import InputError


def expand(path: str | os.PathLike) -> Path:
    """A path with ``~`` or ``~user`` at its start filled in; a file whose name begins so is taken as it is.

    Raises
    ------
    InputError
        There is no such user, and no such file or folder.
    """
    text = os.path.expanduser(path)
    first = text.partition(os.sep)[0]
    if first.startswith("~") and not os.path.lexists(first):
        raise InputError(
            f"{text!r:.200} starts in a home folder that is not known; give the whole path, "
            f"or {'./' + text!r:.200} for a file of that name"
        )
    return Path(text)


def cache_home() -> Path:
    """Where bupose keeps what it compiles and downloads: ``$BUPOSE_CACHE``, else ``~/.cache/bupose``.

    Where the home folder is not known, it is this user's in the temporary folder.
    """
    with suppress(InputError):
        return expand(os.environ.get("BUPOSE_CACHE") or "~/.cache/bupose")
    return temporary_home("bupose")


def temporary_home(name: str) -> Path:
    """This user's folder of a name in the temporary folder; one that cannot be made where there is no such folder."""
    with suppress(OSError):
        return Path(tempfile.gettempdir()) / f"{name}-{user()}"
    return Path(os.devnull) / name


def user() -> int | None:
    """The number of the user, where the system has such."""
    return os.getuid() if hasattr(os, "getuid") else None
