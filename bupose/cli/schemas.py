"""The commands' options as hydra schemas: dataclasses give types, keys and ranges, ``conf/`` gives presets.

The library works without this module, hydra and ``conf/``.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import typing
from importlib import import_module
from pathlib import Path

from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf

from bupose.errors import OptionsError
from bupose.options import choose, expected, shown

# Each script's options; imported when the script runs, as others may need packages it does not.
SCHEMAS = {
    "check_data": "bupose.data.check:CheckOptions",
    "convert": "bupose.exchange.options:ConvertOptions",
    "download": "bupose.data.downloads:DownloadOptions",
    "evaluate": "bupose.evaluate.options:EvaluateOptions",
    "explore": "bupose.explore.options:ExploreOptions",
    "export": "bupose.export.options:ExportOptions",
    "infer": "bupose.predict.options:InferOptions",
    "group": "bupose.predict.options:GroupOptions",
    "openpose": "bupose.bridges.options:OpenPoseOptions",
    "train": "bupose.train.options:TrainOptions",
}
# What of hydra's own may be set. The rest could name code to call, files to read or commands for a cluster to run.
HYDRA = {
    *(f"hydra.{name}" for name in ("run.dir", "sweep.dir", "sweep.subdir", "output_subdir", "job.name")),
    *(f"hydra.sweeper.{name}" for name in (
        "direction", "study_name", "storage", "n_trials", "n_jobs", "max_batch_size", "sampler.seed")),
    *(f"hydra.launcher.{name}" for name in (
        "n_jobs", "batch_size", "timeout_min", "cpus_per_task", "cpus_per_gpu", "gpus_per_node", "gpus_per_task",
        "tasks_per_node", "mem_gb", "mem_per_gpu", "mem_per_cpu", "nodes", "name", "partition", "qos", "account",
        "constraint", "exclude", "gres", "comment", "array_parallelism", "max_num_timeout", "signal_delay_s")),
}  # fmt: skip
HYDRA_GROUPS = ("launcher", "sweeper")


def folder() -> Path:
    """Where the YAML files are: ``conf`` of the checkout, or the copy that an installed package carries."""
    package = Path(__file__).resolve().parents[1]
    checkout = package.parent / "conf"
    return checkout if (checkout / "infer.yaml").is_file() else package / "conf"


def schema(name: str) -> type:
    """The options dataclass of a script."""
    module, kind = SCHEMAS[name].split(":")
    return getattr(import_module(module), kind)


@functools.cache
def register(name: str) -> type:
    """Make a script's options known to hydra as ``{name}_schema``, for the defaults list of its YAML file."""
    kind = schema(name)
    ConfigStore.instance().store(name=f"{name}_schema", node=kind)
    return kind


def read(config: DictConfig, kind: type):
    """The options that hydra composed, keys and ranges checked.

    Raises
    ------
    OptionsError
        A key was added that is no option, or a value is out of range.
    """
    _check_keys(config, kind, "")
    return OmegaConf.to_object(config)


def find_option(kind: type, key: str):
    """The type of the option ``decoder.samples``.

    Raises
    ------
    OptionsError
        There is no such option; names those there are.
    """
    *path, last = key.split(".")
    for n, name in enumerate([*path, last]):
        options = _hints(kind)
        if name not in options:
            where = ".".join([*path, last][:n])
            near = difflib.get_close_matches(name, options, 1)
            guess = f"did you mean {near[0]!r}? " if near else ""
            of = f"{where} has" if where else "there are"
            raise OptionsError(f"there is no option {key!r}; {guess}{of} {', '.join(options)}")
        if n < len(path) and typing.get_origin(options[name]) is dict:
            return typing.Any  # what reads the dict knows its keys
        if n < len(path) and not dataclasses.is_dataclass(options[name]):
            raise OptionsError(f"there is no option {key!r}; {'.'.join(path[: n + 1])} has no parts")
        kind = options[name]
    return kind


def check_hydra(key: str, value) -> None:
    """Refuse what of hydra's own is none of :data:`HYDRA`, or not a plain value; a group takes our presets alone.

    Raises
    ------
    OptionsError
        Names what may be set.
    """
    group, _, name = key.partition("/")
    if group == "hydra" and name in HYDRA_GROUPS:
        choose(value, ["basic", *sorted(file.stem for file in (folder() / key).glob("*.yaml"))], key)
    elif key not in HYDRA:
        near = difflib.get_close_matches(key, HYDRA, 1)
        guess = f"did you mean {near[0]}? " if near else ""
        raise OptionsError(
            f"{key} cannot be set; {guess}of hydra's own hydra.run.dir, sweep.dir, sweep.subdir, "
            "hydra/launcher and hydra/sweeper with their numbers can"
        )
    elif isinstance(value, (list, dict)):
        raise OptionsError(f"{key} is {shown(value)}; give a number or a text")


def groups() -> set[str]:
    """Names of the groups of presets: ``trunk``, ``decoder``, …"""
    return {path.name for path in folder().iterdir() if path.is_dir()}


def is_free(kind: type, key: str) -> bool:
    """Whether an option is a dict, or lies in one, whose keys hydra would only let be added."""
    hint: typing.Any = kind
    for name in key.split("."):
        hint = _hints(hint).get(name) if isinstance(hint, type) and dataclasses.is_dataclass(hint) else None
        if typing.get_origin(hint) is dict:
            return True
    return False


def path_keys(kind: type) -> set[str]:
    """Options that hold paths: those whose field's metadata says ``path``."""
    keys = {f.name for f in dataclasses.fields(kind) if f.metadata.get("path")}
    for name, hint in _hints(kind).items():
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            keys |= {f"{name}.{key}" for key in path_keys(hint)}
    return keys


def describe(kind: type, key: str, hint) -> str:
    """What an option takes, in words, for messages."""
    owner, last = find_owner(kind, key)
    known = {f.name: f.metadata for f in dataclasses.fields(owner)}
    return expected(hint, known.get(last, {}))


def find_owner(kind: type, key: str) -> tuple[type, str]:
    """The innermost options that an option lies in, and its key there."""
    first, _, rest = key.partition(".")
    hint = _hints(kind).get(first)
    return find_owner(hint, rest) if rest and isinstance(hint, type) and dataclasses.is_dataclass(hint) else (kind, key)


def _hints(kind: typing.Any) -> dict[str, typing.Any]:
    return _resolve_hints(kind)


@functools.cache
def _resolve_hints(kind: type) -> dict[str, typing.Any]:
    hints = typing.get_type_hints(kind)
    return {f.name: hints[f.name] for f in dataclasses.fields(kind)}


def _check_keys(config: DictConfig, kind: type, prefix: str) -> None:
    """Refuse keys that ``+key=value`` slipped past the schema."""
    hints = _hints(kind)
    for key in config:
        find_option(kind, str(key)) if not prefix else _find_below(kind, prefix, str(key))
        value, hint = config._get_node(key), hints[str(key)]
        if isinstance(hint, type) and dataclasses.is_dataclass(hint) and isinstance(value, DictConfig):
            _check_keys(value, hint, f"{prefix}{key!s}.")


def _find_below(kind: type, prefix: str, key: str) -> None:
    try:
        find_option(kind, key)
    except OptionsError as problem:
        raise OptionsError(str(problem).replace(repr(key), repr(prefix + key), 1)) from None
