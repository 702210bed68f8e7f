"""The declaration of a format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bupose.errors import BuposeError, DependencyError, InputError, LabelsError
from bupose.exchange.formats.options import WriteOptions
from bupose.exchange.recording import Recording
from bupose.skeleton import Skeleton
from bupose.wording import counted

A = TypeVar("A")
B = TypeVar("B")
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
        InputError or LabelsError, or PartlyRead where only some files of a folder are damaged.
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


class PartlyRead(InputError):
    """Some files of a folder could not be read.

    Parameters
    ----------
    recordings : list of Recording
        Of the others.
    problems : list of BuposeError
        One a file.
    """

    def __init__(self, recordings: Sequence[Recording], problems: Sequence[BuposeError]) -> None:
        left = f"{counted(len(problems), 'file')} that cannot be read, left out"
        super().__init__(f"{left}: {'; '.join(map(str, problems[:3]))}{'; …' * (len(problems) > 3)}")
        self.recordings, self.problems = list(recordings), list(problems)


def read_each(what: Iterable[A], read: Callable[[A], B], problems: list[BuposeError]) -> list[B]:
    """What ``read`` makes of each file that it can read; ``problems`` gets the others' errors.

    Raises
    ------
    BuposeError
        The first error, if none can be read.
    """
    found = []
    for one in what:
        try:
            found.append(read(one))
        except DependencyError:
            raise
        except (InputError, LabelsError) as problem:
            problems.append(problem)
    if problems and not found:
        raise problems[0]
    return found


def unless(problems: Sequence[BuposeError], recordings: list[Recording]) -> list[Recording]:
    """The recordings.

    Raises
    ------
    PartlyRead
        There are problems.
    """
    if problems:
        raise PartlyRead(recordings, problems)
    return recordings
