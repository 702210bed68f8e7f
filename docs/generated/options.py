"""The configuration reference as Markdown: from dataclasses, their docstrings and the presets in ``conf``."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

import yaml

from bupose.cli import schemas
from bupose.data.datasets import DATASETS, DataOptions
from bupose.methods import METHODS, DecoderOverrides
from bupose.nn import HEADS, TRUNKS
from bupose.options import expected
from bupose.synthetic.options import SCENES, SceneOptions
from generated.names import markdown


@dataclass(frozen=True)
class Option:
    """A row of a table, in Markdown."""

    key: str
    kind: str
    default: str
    meaning: str


# Groups that several scripts have are explained once, with training.
SHARED = {DecoderOverrides: "decoder", DataOptions: "data"}
ANCHORS = {DecoderOverrides: "decoder", DataOptions: "data-val"}  # of their headings
NAMED = {"trunk": {n: t.Options for n, t in TRUNKS.items()}, "head": {n: h.Options for n, h in HEADS.items()}}

BY_METHOD = {"target": "Target", "decoder": "Decoder", "loss": "Loss"}  # groups whose options are the method's

PACKAGE = "# @package _global_\n"  # a preset's first line: for hydra, not for readers


# As they are read: what runs a network, what trains one, what prepares both.
SCRIPTS = ("infer", "explore", "group", "convert", "openpose", "evaluate", "train", "export", "check_data", "download")


def show_reference() -> str:
    """All options of all scripts, and the recipes."""
    return "\n\n".join([*map(show_options, SCRIPTS), "## Experiments", show_experiments()]) + "\n"


def show_options(script: str) -> str:
    """Every option of a script, group by group, with presets, defaults and meanings."""
    kind = schemas.schema(script)
    parts = [f"## {script}", _prose(kind), _table(read_options(kind, nested=False))]
    for f in dataclasses.fields(kind):
        group = _group_of(f)
        if group in SHARED and script != "train":
            what = "; `null` keeps what the network says" if group is DecoderOverrides else ""
            parts.append(f"`{f.name}.*`: see [{SHARED[group]}](#{ANCHORS[group]}){what}.")
        elif group is not None and f.name != "val":
            parts += _show_group(f.name, group)
    return "\n\n".join(filter(None, parts))


def show_experiments() -> str:
    """The recipes of ``conf/experiment`` and ``conf/debug``, as they are written there."""
    files = [f for group in ("experiment", "debug") for f in sorted((schemas.folder() / group).glob("*.yaml"))]
    return "\n\n".join(
        f"### {f.parent.name}={f.stem}\n\n```yaml\n{f.read_text(encoding='utf-8').split(PACKAGE)[-1]}```" for f in files
    )


def read_options(kind: type, prefix: str = "", nested: bool = True) -> list[Option]:
    """The options of a dataclass; without ``nested`` those that are no groups themselves."""
    told, hints, rows = _descriptions(kind), typing.get_type_hints(kind), []
    for f in dataclasses.fields(kind):
        if nested or _group_of(f) is None:
            words, meaning = told.get(f.name) or _told_by_kinds(kind, f.name)
            rows.append(Option(prefix + f.name, words or _type(hints[f.name], f.metadata), _default(f), meaning))
    return rows


def _show_group(name: str, kind: type) -> list[str]:
    """A group's presets and options, and the options of what its ``name`` or ``kind`` may be."""
    title = "data.\\*, val.\\*" if kind is DataOptions else f"{name}.\\*"
    parts = [f"### {title}", _prose(kind), _show_presets(name)]
    if name in BY_METHOD:
        for method in METHODS.values():
            options = getattr(method, BY_METHOD[name])
            parts += [f"#### {name}, method {method.name}", _prose(options), _table(read_options(options, f"{name}."))]
        return parts
    parts.append(_table(read_options(kind, f"{name}.", nested=False)))
    for f in dataclasses.fields(kind):
        if (group := _group_of(f)) is not None:
            parts += _show_group(f"{name}.{f.name}", group)
    for choice, options in NAMED.get(name, {}).items():
        rows = read_options(options, f"{name}.options.")
        parts += [f"#### {name} {choice}", _prose(options), _table(rows)]
    if kind is DataOptions:
        kinds: dict[type, list[str]] = {}
        for choice, (options, _) in DATASETS.items():
            kinds.setdefault(options, []).append(choice)
        for options, choices in kinds.items():
            parts += [f"#### {name} {', '.join(choices)}", _prose(options), _table(read_options(options, f"{name}."))]
        presets = ", ".join(f"`{scene}`" for scene in SCENES)
        parts += ["#### scenes", f"{_prose(SceneOptions)} `data.scene` is one of {presets}; from Python, all of:"]
        parts.append(_table(read_options(SceneOptions)))
    return parts


def _group_of(f: dataclasses.Field) -> type | None:
    """The dataclass of a group of options."""
    made = None if f.default_factory is MISSING else f.default_factory()
    return type(made) if dataclasses.is_dataclass(made) and not isinstance(made, SceneOptions) else None


def _type(hint, metadata: Mapping) -> str:
    words = expected(hint, metadata)
    return "" if hint in (typing.Any, dict) else words


@cache
def _descriptions(kind: type) -> dict[str, tuple[str, str]]:
    """Type and meaning of each parameter that the docstrings of a class and its bases describe."""
    told: dict[str, tuple[str, str]] = {}
    for part in reversed(kind.__mro__[:-1]):
        section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w+\n-+$|\Z)", _docstring(part), re.S | re.M)
        entries = re.findall(r"^(\S.*)\n((?:[ \t]+\S.*\n|\n(?=[ \t]))*)", section[1] + "\n" if section else "", re.M)
        for head, body in entries:
            names, _, words = head.partition(" : ")
            told |= {n.strip(): (_markdown(words), _markdown(" ".join(body.split()))) for n in names.split(",")}
    return told


def _told_by_kinds(kind: type, name: str) -> tuple[str, str]:
    """What a kind of data says about an option that ``DataOptions`` hands on to it."""
    options = [o for o, _ in DATASETS.values()] if kind is DataOptions else []
    return next((_descriptions(o)[name] for o in options if name in _descriptions(o)), ("", ""))


def _docstring(kind: type) -> str:
    return inspect.cleandoc(kind.__dict__.get("__doc__") or "")


def _prose(kind: type) -> str:
    """A docstring before its sections."""
    return _markdown(re.split(r"^\w+\n-+$", _docstring(kind), maxsplit=1, flags=re.M)[0].strip())


def _markdown(text: str) -> str:
    return markdown(text).replace("|", "\\|")


def _default(f: dataclasses.Field) -> str:
    value = f.default if f.default_factory is MISSING else f.default_factory()
    if isinstance(value, SceneOptions):
        value = next(name for name, made in SCENES.items() if made is f.default_factory)
    return f"`{value}`" if isinstance(value, str) and value else f"`{json.dumps(value)}`"


def _table(rows: list[Option]) -> str:
    """Options that one sentence describes together share a row."""
    lines = ["| option | default | meaning |", "|---|---|---|"]
    for _, group in groupby(rows, lambda row: (row.kind, row.meaning) if row.meaning else row.key):
        same = list(group)
        keys, defaults = ("<br>".join(cells) for cells in zip(*((f"`{row.key}`", row.default) for row in same)))
        meaning = ". ".join(filter(None, [f"*{same[0].kind}*" if same[0].kind else "", same[0].meaning]))
        lines.append(f"| {keys} | {defaults} | {meaning} |")
    return "\n".join(lines) if rows else "No options of its own."


def _show_presets(group: str) -> str:
    """The files of a group in ``conf``: what each is for, and what it sets."""
    lines = []
    for file in sorted((schemas.folder() / group).glob("*.yaml")):
        comment, values = _read_preset(file)
        settings = ", ".join(f"`{key}: {json.dumps(value)}`" for key, value in values.items()).replace('"', "")
        lines.append(f"- `{group}={file.stem}`: " + " ".join(filter(None, [comment, settings])))
    return "Presets:\n\n" + "\n".join(lines) if lines else ""


def _read_preset(file: Path) -> tuple[str, dict]:
    """The comment and the content of a preset's file."""
    text = file.read_text(encoding="utf-8")
    comments = [line.lstrip("# ") for line in text.splitlines() if line.startswith("#") and "@package" not in line]
    return " ".join(comments).replace("*", "\\*"), yaml.safe_load(text) or {}
