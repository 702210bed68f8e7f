"""Paths as users write them."""

from __future__ import annotations

import os
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
