"""Checks shared by the option dataclasses of trunks and heads."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from bupose.errors import OptionsError
from bupose.nn.normalisation import NORMALISATIONS


def make_options(kind: str, options_class: type, values: dict):
    """``options_class(**values)``, with one sentence for an unknown name.

    Raises
    ------
    OptionsError
        An option of an unknown name, or out of its range.
    """
    known = [field.name for field in dataclasses.fields(options_class)]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise OptionsError(f"{kind} has no option {', '.join(unknown)}; it has {', '.join(known)}")
    return options_class(**values)


def check_choice(owner: str, name: str, value, choices: Collection) -> None:
    """Refuse a value that is none of the choices."""
    if value not in choices:
        raise OptionsError(f"{owner}.{name} is {value!r}; choose one of {', '.join(map(str, choices))}")


def check_count(owner: str, name: str, value, least: int = 1) -> None:
    """Refuse what is not a whole number from ``least``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise OptionsError(f"{owner}.{name} is {value!r}; it must be a whole number from {least}")


def check_normalisation(owner: str, value: str) -> None:
    """Refuse a name of no known input normalisation."""
    check_choice(owner, "normalisation", value, NORMALISATIONS)
