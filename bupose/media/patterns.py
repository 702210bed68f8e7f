"""Patterns of paths, as shells take them."""

from __future__ import annotations

import glob
import itertools
import math
import os
import re

from bupose.errors import InputError
from bupose.images.files import quote

MOST_CHOICES = 1000  # that the braces of a pattern may stand for
_CHOICE = re.compile(r"\{([^{}]*,[^{}]*)\}")  # as in *.{jpg,png}


def is_pattern(text: str) -> bool:
    return "\0" not in text and (glob.has_magic(text) or bool(_CHOICE.search(text)))


def choices(pattern: str) -> list[str]:
    """``*.{jpg,png}`` as a shell takes it: ``*.jpg`` and ``*.png``."""
    parts = [part.split(",") if n % 2 else [part] for n, part in enumerate(_CHOICE.split(pattern))]
    if math.prod(map(len, parts)) > MOST_CHOICES:
        raise InputError(f"the pattern {quote(pattern)} stands for more than {MOST_CHOICES} others; give fewer choices")
    return ["".join(chosen) for chosen in itertools.product(*parts)]


def fixed_part(pattern: str) -> str:
    """The folder that a pattern begins with, before anything in it may vary."""
    choice = _CHOICE.search(pattern)
    return os.path.dirname(re.split(r"[*?[]", pattern[: choice.start()] if choice else pattern, maxsplit=1)[0])


def split_any_depth(pattern: str) -> tuple[str, str] | None:
    """What stands before and after the first ``**/``; None where there is none."""
    found = re.match(r"(.*?)(?<![^/\\])\*\*[/\\]+(.*)" if os.sep == "\\" else r"(.*?)(?<![^/])\*\*/+(.*)", pattern)
    return found and (found[1], found[2])
