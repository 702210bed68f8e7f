"""The declaration of a format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bupose.exchange.formats.options import WriteOptions
from bupose.exchange.recording import Recording
from bupose.skeleton import Skeleton

Reader = Callable[[Path, Skeleton | None], list[Recording]]
Writer = Callable[[Sequence[Recording], Path, WriteOptions], list[Path]]


@dataclass(frozen=True)
class Format:
    """A file format of poses.

    Parameters
    ----------
    about : str
        What it is and who reads it, in a line.
    suffixes : tuple of str
        Of its files, as ``.csv``; "" is a folder.
    read : function of a path and a skeleton
        Its recordings. The skeleton, or None, is what the user says of a file that does not name its joints; raises
        InputError or LabelsError.
    write : function of recordings, a folder and WriteOptions
        Writes them into the folder, and returns the paths of the files.
    recognises : function of a path with such a suffix
        Whether it is of this format; it should look at the beginning only.
    """

    about: str
    suffixes: tuple[str, ...]
    read: Reader | None = None
    write: Writer | None = None
    recognises: Callable[[Path], bool] = lambda path: False
