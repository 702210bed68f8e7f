"""Paths as users write them, and the cache folder."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from bupose.errors import InputError


def expand(path: str | os.PathLike) -> Path:
    """Expand a leading ``~`` or ``~user``, unless a file of that literal name exists.

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
    """The cache folder for compiled code and downloads: ``$BUPOSE_CACHE``, else ``~/.cache/bupose``.

    Without a home folder, a folder of this user in the temporary folder.
    """
    with suppress(InputError):
        return expand(os.environ.get("BUPOSE_CACHE") or "~/.cache/bupose")
    return temporary_home("bupose")


def temporary_home(name: str) -> Path:
    """This user's folder of that name in the temporary folder."""
    with suppress(OSError):
        return Path(tempfile.gettempdir()) / f"{name}-{user()}"
    return Path(os.devnull) / name


def user() -> int | None:
    """The user id, where the system has one."""
    return os.getuid() if hasattr(os, "getuid") else None
