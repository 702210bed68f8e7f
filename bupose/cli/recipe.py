"""Train by a recipe of several steps: bupose recipe default annotations=train.json images=train … [output=FOLDER]

A recipe is a folder of YAML files, 01.yaml, 02.yaml, …, one of the package's (default) or your own; each has the
options of one command, `train:` or `export:`. Names in braces are set by key=value. Repeating the command skips
finished steps and resumes interrupted ones. show=true only prints the commands.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from bupose.cli import export, schemas, train
from bupose.cli.pairs import HELP
from bupose.errors import InputError, OptionsError
from bupose.options import shown
from bupose.paths import expand

COMMANDS: dict[str, Callable[[list[str]], int]] = {"train": train.run, "export": export.run}
RESULT = "result.json"  # file of a finished training
STATE = "last.ckpt"
_BLANK = re.compile(r"\{(\w+)\}")


def run(arguments: list[str]) -> int:
    if HELP & set(arguments) or not arguments:
        print(__doc__)
        return 0
    name, *others = arguments
    values = _read_values(others)
    show = values.pop("show", "false") == "true"
    values.setdefault("output", f"runs/{Path(name).name}")
    steps = read_recipe(name, values)
    for number, command, options in steps:
        folder = expand(values["output"]) / number
        if command == "train":
            options = [*options, f"output={folder}"]
        if show:
            print(f"bupose {command} {shlex.join(options)}")
        elif is_finished(command, folder, options):
            print(f"{number}: finished before")
        else:
            if (folder / STATE).is_file() and command == "train":
                options = [f"resume={folder}"]
            print(f"{number}: bupose {command} {shlex.join(options)}", flush=True)
            if status := COMMANDS[command](options):
                return status
    return 0


def read_recipe(name: str, values: Mapping[str, str]) -> list[tuple[str, str, list[str]]]:
    """Each step's number, command and options, with blanks filled in.

    Raises
    ------
    InputError
        There is no such recipe, or one of its files is invalid.
    OptionsError
        A value is missing, or unused.
    """
    own = schemas.folder() / "recipes" / name
    folder = own if own.is_dir() else expand(name)
    files = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    if not files:
        there = ", ".join(sorted(path.name for path in (schemas.folder() / "recipes").iterdir()))
        raise InputError(f"there is no recipe {shown(name)}; choose {there}, or give a folder of YAML files")
    steps = [(file.stem, *_read_step(file)) for file in files]
    asked = {blank for _, _, options in steps for option in options for blank in _BLANK.findall(option)}
    for problem, names in (("needs", asked - set(values)), ("does not ask for", set(values) - asked - {"output"})):
        if names:
            raise OptionsError(f"the recipe {shown(name)} {problem} {', '.join(sorted(names))}; it asks for "
                               f"{', '.join(f'{blank}=…' for blank in sorted(asked))}")  # fmt: skip
    return [(number, command, [_BLANK.sub(lambda blank: values[blank[1]], option) for option in options])
            for number, command, options in steps]  # fmt: skip


def is_finished(command: str, folder: Path, options: list[str]) -> bool:
    """Whether a step has written its result."""
    if command == "train":
        return (folder / RESULT).is_file()
    return any(option.startswith("output=") and expand(option.partition("=")[2]).is_file() for option in options)


def _read_step(file: Path) -> tuple[str, list[str]]:
    try:
        step = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as problem:
        raise InputError(f"cannot read {shown(str(file), 300)}: {str(problem).splitlines()[0]}") from None
    command, options = next(iter(step.items())) if isinstance(step, dict) and len(step) == 1 else (None, None)
    if command not in COMMANDS or not isinstance(options, list) or not all(isinstance(o, str) for o in options):
        raise InputError(
            f"{shown(str(file), 300)} is no step; write train: or export: and a list of options, key=value"
        )
    return command, options


def _read_values(arguments: list[str]) -> dict[str, str]:
    pairs = [argument.partition("=") for argument in arguments]
    odd = [key for key, equals, _ in pairs if not equals or not key.isidentifier()]
    if odd:
        raise OptionsError(f"{shown(odd[0])} gives no value; write key=value, as in output=runs/default")
    return {key: value for key, _, value in pairs}
