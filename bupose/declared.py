"""Names and lists of a skeleton's declaration, as YAML and hand-written Python bring them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from bupose.errors import SkeletonError
from bupose.options import shown

MOST_JOINTS, MOST_LIMBS = 256, 1024  # COCO-WholeBody has 133 joints
LONGEST_NAME = 100  # characters


def read_name(value: object) -> str:
    """A name as text; YAML reads ``no`` and ``on`` as booleans, and digits as numbers."""
    plain = isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9)
    text = str(value) if plain else ""
    if not 0 < len(text) <= LONGEST_NAME or not text.isprintable():
        raise SkeletonError(
            f"a skeleton has {shown(value, 40)} where a name belongs; write text on one line, of at most "
            f"{LONGEST_NAME} characters, in quotes if need be"
        )
    return text


def read_names(values: object, what: str, most: int = MOST_JOINTS) -> tuple[str, ...]:
    return tuple(read_name(v) for v in read_list(values, what, most))


def read_list(values: object, what: str, most: int = MOST_JOINTS) -> list[Any]:
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise SkeletonError(f"a skeleton has {shown(values, 40)} for {what}; write a list")
    entries = list(islice(values, most + 1))
    if len(entries) > most:
        raise SkeletonError(f"a skeleton has more than {most} entries for {what}; give at most that many")
    return entries
