"""Pictures inside tar files, as WebDataset's: ``set.tar#k/1.jpg`` is the member ``k/1.jpg`` of ``set.tar``."""

from __future__ import annotations

import tarfile
from functools import lru_cache

from bupose.errors import InputError

TAR, MARK = ".tar", "#"


def split_member(path: str) -> tuple[str, str] | None:
    """The tar file and the member that a path names; None if it names a file of its own."""
    tar, mark, member = path.partition(TAR + MARK)
    return (tar + TAR, member) if mark and member else None


def read_member(tar: str, member: str, most: int | None = None) -> bytes:
    """The content of a member; with ``most``, only its first bytes.

    Raises
    ------
    InputError
        There is no such file or member, or the file is no uncompressed tar.
    """
    place = _places(tar).get(member)
    if place is None:
        raise InputError(f"there is no {member!r} in {tar!r}; check the path")
    try:
        with open(tar, "rb") as file:
            file.seek(place[0])
            return file.read(place[1] if most is None else min(most, place[1]))
    except OSError as problem:
        raise InputError(f"cannot read {tar!r}: {problem.strerror or problem}; check it") from None


@lru_cache(maxsize=10_000)
def _places(tar: str) -> dict[str, tuple[int, int]]:
    """Where members begin, and their sizes, bytes: the file's headers are read once in a process."""
    try:
        with tarfile.open(tar, "r:") as file:
            return {member.name: (member.offset_data, member.size) for member in file if member.isfile()}
    except (OSError, EOFError, tarfile.TarError) as problem:
        said = getattr(problem, "strerror", None) or problem
        raise InputError(f"cannot read {tar!r} as a tar file: {said}; give an uncompressed one") from None
