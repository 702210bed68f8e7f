"""Files that are whole or not there: written under a temporary name in the same folder, then renamed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | Path, suffix: str = ".part") -> Iterator[Path]:
    """Give a temporary path to write to; it becomes ``path`` when the block ends well, and is removed when it does not.

    The folder must exist. ``suffix`` ends the temporary name, for writers that choose a format by it.
    """
    path = Path(path)
    partial = path.with_name(f".{secrets.token_hex(6)}{suffix}")  # however long the name is, this one is short
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
