"""Command lines through hydra: any file name, one sentence for any error, no files of its own."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import os
import re
import sys
import typing
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import hydra
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, QuotedString
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from bupose.cli import schemas
from bupose.cli.quoting import ASSIGNMENT, quote, quote_paths, split_paths
from bupose.errors import BuposeError, DependencyError, InputError, OptionsError
from bupose.messages import messages_shown
from bupose.options import choose, shown
from bupose.process import INTERRUPTED, USAGE, tell  # noqa: F401 (how a command ends)
from bupose.requirements import read_requirements

HYDRA_FLAGS = (  # without those that read other configurations, or a pickle
    "--multirun", "-m", "--run", "-r", "--cfg", "-c", "--resolve", "--package", "-p", "--info", "-i", "--hydra-help",
    "--version",
)  # fmt: skip
VALUED = {"--cfg", "-c", "--package", "-p", "--info", "-i"}  # whose value may stand behind a space
EXTRAS = {"parallel": "sweep", "slurm": "sweep", "search": "search"}  # what hydra's presets need
DEEPEST = 20  # brackets in brackets


def run(task: Callable, name: str, arguments: list[str] | None = None, paths: str = ""):
    """Compose ``conf/{name}.yaml`` with the command line, and call ``task`` with the options.

    Parameters
    ----------
    task : callable of one argument
        Gets the options dataclass of ``bupose.cli.schemas.SCHEMAS[name]``.
    arguments : list of str, optional
        By default those of the command line.
    paths : str, optional
        The option for arguments without a key: one path as it is, several as a list. They bypass hydra, whose parser
        needs time quadratic in their number.

    Returns
    -------
    What ``task`` returned; 2 after a user error, reported in one sentence on stderr, and 130 after Ctrl-C. With
    ``BUPOSE_DEBUG=1`` errors are raised instead.
    """
    arguments = list(_with_values(sys.argv[1:] if arguments is None else arguments))
    if {"-h", "--help"} & set(arguments):
        print(_help(task, name))
        return 0
    try:
        others, given = split_paths(arguments, name, paths) if paths else (arguments, [])
        return _compose(task, name, others, paths, given)
    except (KeyboardInterrupt, BuposeError) as problem:
        return tell(problem)
    except (HydraException, OmegaConfBaseException) as problem:
        return tell(OptionsError(_sentence(problem)))


def _with_values(arguments: Iterable[str]) -> Iterator[str]:
    """The arguments with a flag and its value as one, ``--cfg=job``: else the value would count as a path."""
    rest = iter(arguments)
    for argument in rest:
        value = next(rest, None) if argument in VALUED else None
        yield argument if value is None else f"{argument}={value}"


def _compose(task: Callable, name: str, arguments: list[str], key: str, paths: list[str]):
    """Run the task; hydra gets only the first of ``paths``, the task all of them as the option ``key``."""
    kind = schemas.register(name)
    quoted = quote_paths(arguments, schemas.path_keys(kind)) + [f"{key}={quote(path)}" for path in paths[:1]]
    sweep = bool({"-m", "--multirun"} & set(arguments))
    for argument in quoted:
        _check_flag(argument) if argument.startswith("-") else _check_override(argument, kind, sweep)
    answers, failures = [], []

    def job(composed):
        try:
            options = schemas.read(composed, kind)
            with messages_shown():  # also in processes of a sweep
                answers.append(task(dataclasses.replace(options, **{key: paths}) if len(paths) > 1 else options))
            return answers[-1]
        except Exception as problem:
            if sweep:
                raise
            failures.append(problem)  # hydra would print a line of its own

    arranged, folder = _arrange([_add_below(argument, kind) for argument in quoted]), str(schemas.folder())
    with _hydra_state(arranged), _folders_of_hydra():
        if any(argument.startswith("-") for argument in arranged):
            hydra.main(version_base="1.3", config_path=folder, config_name=name)(job)()
        else:  # what hydra.main does without flags, but for composing everything twice, to see whether it is a sweep
            with hydra.initialize_config_dir(folder, name, version_base="1.3"):
                app = GlobalHydra.instance().hydra
                assert app is not None
                app.run(name, job, [*arranged, "hydra.mode=RUN"])
    if failures:
        raise failures[0]
    return answers[-1] if answers else None


@contextmanager
def _folders_of_hydra() -> Iterator[None]:
    """Hydra makes its folders, those of a run and of a sweep, before anything of ours could tell what is wrong."""
    try:
        yield
    except OSError as problem:
        if problem.filename is None:
            raise
        told = f"cannot write to the folder {str(problem.filename)!r}: {problem.strerror}"
        raise InputError(f"{told}; choose another output, hydra.run.dir or hydra.sweep.dir") from None


@contextmanager
def _hydra_state(arguments: list[str]) -> Iterator[None]:
    """Hydra reads the command line from ``sys.argv``, and raises its errors only if told to."""
    argv, full = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv, os.environ["HYDRA_FULL_ERROR"] = [argv[0], *arguments], "1"
    try:
        yield
    finally:
        sys.argv = argv
        os.environ.pop("HYDRA_FULL_ERROR")
        if full is not None:
            os.environ["HYDRA_FULL_ERROR"] = full
        GlobalHydra.instance().clear()


def _arrange(arguments: list[str]) -> list[str]:
    """Options before flags, as hydra requires."""

    def refuse(message: str) -> typing.NoReturn:
        raise OptionsError(f"the flags cannot be read: {message}")

    parser = get_args_parser()
    parser.error = refuse  # type: ignore[method-assign]  # which would end the process
    options = parser.parse_intermixed_args(arguments).overrides
    return [*options, *(argument for argument in arguments if argument not in options)]


def _add_below(argument: str, kind: type) -> str:
    """``head.options.width=64`` and ``head.options={width:64}`` may change existing options, and add new ones."""
    return f"++{argument}" if schemas.is_free(kind, argument.partition("=")[0]) else argument


def _check_flag(argument: str) -> None:
    """Refuse unknown flags, for which hydra would print its usage."""
    if argument.partition("=")[0] not in HYDRA_FLAGS:
        name, _, value = argument.lstrip("-").partition("=")
        raise OptionsError(f"{argument!r} is no option; options are key=value, as in {name or 'key'}={value or 'true'}")


def _check_override(argument: str, kind: type, sweep: bool) -> None:
    """Refuse an unknown key, choice or type of value, in one sentence unlike hydra."""
    if "=" not in argument and not argument.startswith("~"):
        example = f", as in input={argument}" if "input" in {f.name for f in dataclasses.fields(kind)} else ""
        raise OptionsError(f"{argument!r} is no option; write key=value{example}")
    key, _, text = argument.lstrip("+~").partition("=")
    if _depth(text) > DEEPEST:  # the parser takes minutes
        raise OptionsError(f"cannot read {shown(argument)}; brackets in brackets go {DEEPEST} deep at most")
    try:
        override = OverridesParser.create().parse_override(argument)
    except (HydraException, ValueError, RecursionError):  # integers of thousands of digits, endless brackets
        raise OptionsError(f"cannot read {shown(argument)}; quote the value twice, as in {key}=\"'…'\"") from None
    if argument.startswith("~"):
        raise OptionsError(f"{argument!r} would remove an option; give it a value instead, as in {key}=null")
    if re.match(r"hydra\b", key):
        value = text if override.is_sweep_override() else override.value()
        schemas.check_hydra(key, value.text if isinstance(value, QuotedString) else value)
        return _check_extra(EXTRAS[text], f"{key}={text}") if text in EXTRAS else None
    group, _, place = key.partition("@")
    if ASSIGNMENT.fullmatch(argument) and group in schemas.groups():
        if place and not dataclasses.is_dataclass(schemas.find_option(kind, place)):
            raise OptionsError(f"{argument!r} would put a preset into {place}, which takes none")
        for choice in text.split(",") if sweep else [text]:
            _check_choice(group, choice)
        return
    hint = schemas.find_option(kind, key)
    if override.is_sweep_override():
        if not sweep:
            raise OptionsError(
                f"{argument!r} lists several values; write {key}=[{text}], or add --multirun to try each"
            )
    elif isinstance(hint, type) and dataclasses.is_dataclass(hint):
        same = [name for name, other in typing.get_type_hints(kind).items() if other is hint and name != key]
        preset = f", or a preset: {same[0]}@{key}={text}" if same else ""
        raise OptionsError(f"{key} is several options; set one, as in {key}.{next(iter(vars(hint())))}=…{preset}")
    else:
        _check_value(kind, key, hint, override)


def _check_extra(extra: str, user: str) -> None:
    """Check that an extra's requirements are installed in compatible versions; ``user`` is what needs it."""
    for needed in read_requirements():
        if needed.extra == extra and not (needed.version and needed.fits):
            there = f"{needed.name} {needed.version} is installed" if needed.version else "it is not installed"
            raise DependencyError(f"{user} needs {needed.name}{needed.versions}, and {there}; {needed.remedy}")


def _depth(text: str) -> int:
    """Nesting depth of brackets."""
    depths = itertools.accumulate((c in "([{") - (c in ")]}") for c in text)
    return max(depths, default=0)


def _check_choice(group: str, choice: str) -> None:
    choose(choice, sorted(file.stem for file in (schemas.folder() / group).glob("*.yaml")), group)


def _check_value(kind: type, key: str, hint, override: Override) -> None:
    value = override.value()
    try:
        owner, last = schemas.find_owner(kind, key)
        OmegaConf.update(OmegaConf.structured(owner), last, value)
    except (OmegaConfBaseException, ValueError, TypeError, OverflowError, RecursionError):
        text = value.text if isinstance(value, QuotedString) else value
        alone = typing.get_origin(hint) in (list, tuple) and isinstance(text, str) and len(text) < 40
        example = f"; write {key}=[{text}] for one" if alone else ""
        raise OptionsError(f"{key} is {shown(text)}; it must be {schemas.describe(kind, key, hint)}{example}") from None


def _sentence(problem: BaseException) -> str:
    """An error on one line, with its key if OmegaConf knows it."""
    while problem.__cause__ is not None:
        problem = problem.__cause__
    if isinstance(problem, BuposeError):
        return str(problem)
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    key = getattr(problem, "full_key", None)
    return f"{f'{key}: ' if key else ''}{lines[0] if lines else type(problem).__name__}"


def _help(task: Callable, name: str) -> str:
    """The docstring of the command's module, and its options."""
    script = inspect.getdoc(inspect.getmodule(task)) or ""
    options = "\n\n".join(inspect.getdoc(part) or "" for part in schemas.schema(name).__mro__[:-1])
    more = f"Presets and defaults: {schemas.folder() / name}.yaml; --cfg job shows all options as they were given"
    return f"{script}\n\n{options}\n\n{more}"
