"""Paths on the command line: any file name, with and without a key, quoted for hydra's grammar."""

from __future__ import annotations

import dataclasses
import glob
import os
import re
import typing

from bupose.cli import schemas
from bupose.errors import OptionsError

ASSIGNMENT = re.compile(r"(\+{0,2})([^=\s'\"]+)=(.*)", re.DOTALL)
_LISTED = re.compile(r"\s*('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[^,]+?)\s*(?:,|$)", re.DOTALL)


def split_paths(arguments: list[str], name: str, key: str) -> tuple[list[str], list[str]]:
    """Options and flags, and the other arguments: paths, for the option ``key``.

    ``x=1.jpg`` is a path if no option is called x and such a file exists.

    Raises
    ------
    OptionsError
        Paths are given both with and without ``key=``, or several where the option takes one.
    """
    schema = schemas.schema(name)
    known = {*(f.name for f in dataclasses.fields(schema)), *schemas.groups(), "hydra"}
    paths = [argument for argument in arguments if _is_path(argument, known)]
    others = [argument for argument in arguments if not _is_path(argument, known)]
    given = [argument for argument in others if argument.lstrip("+").startswith(f"{key}=")]
    takes_one = typing.get_type_hints(schema)[key] is not typing.Any
    if paths and (given or (takes_one and len(paths) > 1)):
        first, second = paths[0], [*given, *paths[1:]][0]
        instead = f"{name} takes one {key}: run it for each" if takes_one else f"write {key}=[…,…], or paths alone"
        raise OptionsError(f"{first!r} and {second!r} are both given; {instead}")
    return others, paths


def quote_paths(arguments: list[str], keys: set[str]) -> list[str]:
    """The arguments with the values of ``keys`` quoted for hydra, whose grammar refuses ordinary file names.

    A value in brackets is a list of paths, unless there is a file of that name; null and quoted values are unchanged.
    """
    return [_quote_argument(argument, keys) for argument in arguments]


def quote(text: str) -> str:
    """``text`` as a quoted string of hydra's override grammar, free of interpolations."""
    text = re.sub(r"(\\*)\$\{", lambda found: 2 * found[1] + "\\${", text)  # ${ would be looked up
    text = re.sub(r"(\\*)'", lambda found: 2 * found[1] + "\\'", text)
    ending = len(text) - len(text.rstrip("\\"))
    return "'" + text + "\\" * ending + "'"


def _is_path(argument: str, known: set[str]) -> bool:
    """Whether an argument without a key is meant for one."""
    if argument.startswith("-") or not argument:
        return False
    found = ASSIGNMENT.fullmatch(argument)
    if not found or "://" in found[2]:
        return True
    key = re.split(r"[.@/]", found[2])[0]
    return key not in known and (os.path.lexists(os.path.expanduser(argument)) or bool(glob.glob(argument)))


def _quote_argument(argument: str, keys: set[str]) -> str:
    found = ASSIGNMENT.fullmatch(argument)
    if not found or found[2] not in keys or found[3] == "null":
        return argument
    value, start = found[3], f"{found[1]}{found[2]}="
    if not os.path.lexists(os.path.expanduser(value)):
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            return argument
        if value.startswith("[") and value.endswith("]"):
            parts = _LISTED.findall(value[1:-1])
            return start + "[" + ",".join(p if p[0] in "'\"" else quote(p) for p in parts) + "]"
    return start + quote(value)
