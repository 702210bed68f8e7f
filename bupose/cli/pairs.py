"""Arguments of commands without presets: ``key=value``, and others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from bupose.errors import OptionsError

HELP = {"-h", "--help"}


def split_pairs(arguments: Sequence[str], keys: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The values of ``keys``, and the other arguments: paths, also such as ``IMG=1.jpg``.

    Raises
    ------
    OptionsError
        A flag, or a probably misspelt key.
    """
    pairs, others = {}, []
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if equals and key in keys:
            pairs[key] = value
        elif argument.startswith("-") or (equals and get_close_matches(key, keys, 1)):
            there = ", ".join(f"{name}=…" for name in keys) or "none"
            raise OptionsError(f"there is no option {argument!r}; there are {there}")
        else:
            others.append(argument)
    return pairs, others


def whole_number(pairs: dict[str, str], key: str, default: int, least: int = 1) -> int:
    """The value of a key as a number.

    Raises
    ------
    OptionsError
        It is not a whole number, or too small.
    """
    text = pairs.get(key, str(default))
    if not re.fullmatch(r"\d+", text) or int(text) < least:
        raise OptionsError(f"{key} is {text!r}; give a whole number from {least} on")
    return int(text)
