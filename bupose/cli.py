"""Running a script's options through hydra: any file name, one sentence for any mistake, no litter."""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Callable
from unittest import mock

import hydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException, OverrideParseException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from bupose import config
from bupose.errors import BuposeError, OptionsError

USAGE, INTERRUPTED = 2, 130  # exit statuses
_ASSIGNMENT = re.compile(r"(\+{0,2})([^=\s'\"]+)=(.*)", re.DOTALL)
_LISTED = re.compile(r"\s*('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[^,]+?)\s*(?:,|$)", re.DOTALL)


def run(task: Callable, name: str, arguments: list[str] | None = None):
    """Compose ``conf/{name}.yaml`` with the command line, and call ``task`` with the options.

    Parameters
    ----------
    task : callable of one argument
        Gets the options dataclass of ``bupose.config.SCHEMAS[name]``.
    arguments : list of str, optional
        By default those of the command line.

    Returns
    -------
    What ``task`` returned; 2 after a mistake, told in one sentence on stderr, and 130 after Ctrl-C. With
    ``BUPOSE_DEBUG=1`` errors are raised instead.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if {"-h", "--help"} & set(arguments):
        print(_help(task, name))
        return 0
    try:
        return _compose(task, name, arguments)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except (BuposeError, HydraException, OmegaConfBaseException) as problem:
        if os.environ.get("BUPOSE_DEBUG") == "1":
            raise
        print(f"error: {_sentence(problem)}", file=sys.stderr)
        return USAGE


def quote_paths(arguments: list[str], keys: set[str]) -> list[str]:
    """The arguments with the values of ``keys`` quoted for hydra, whose grammar refuses ordinary file names.

    A value in brackets is a list of paths, unless there is a file of that name; null and values already in quotes
    stay what they are.
    """
    return [_quote_argument(argument, keys) for argument in arguments]


def quote(text: str) -> str:
    """``text`` as a quoted string of hydra's override grammar, free of interpolations."""
    text = re.sub(r"(\\*)\$\{", lambda found: 2 * found[1] + "\\${", text)  # ${ would be looked up
    text = re.sub(r"(\\*)'", lambda found: 2 * found[1] + "\\'", text)
    ending = len(text) - len(text.rstrip("\\"))
    return "'" + text + "\\" * ending + "'"


def _quote_argument(argument: str, keys: set[str]) -> str:
    found = _ASSIGNMENT.fullmatch(argument)
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


def _compose(task: Callable, name: str, arguments: list[str]):
    kind, answers = config.register(name), []
    quoted = quote_paths(arguments, config.path_keys(kind))
    _check_overrides([a for a in quoted if not a.startswith("-")], kind, sweep={"-m", "--multirun"} & set(arguments))

    def job(composed):
        answers.append(task(config.read(composed, kind)))
        return answers[-1]

    try:
        with (
            mock.patch.dict(os.environ, HYDRA_FULL_ERROR="1"),  # it raises then, instead of printing and exiting
            mock.patch.object(sys, "argv", [f"{name}.py", *quoted]),
            mock.patch.object(sys, "stderr", _WithoutJobErrors(sys.stderr)),
        ):
            hydra.main(version_base="1.3", config_path=str(config.folder()), config_name=name)(job)()
    finally:
        hydra.core.global_hydra.GlobalHydra.instance().clear()
    return answers[-1] if answers else None
