"""Public names as Markdown: each explained once, by its docstring."""

from __future__ import annotations

import inspect
import types
from functools import cache
from importlib import import_module

# Where a name is explained that several modules offer: in the first of these.
MODULES = (
    "bupose.codec", "bupose.images", "bupose.infer", "bupose.evaluate", "bupose.data", "bupose.nn", "bupose.nn.trunk",
    "bupose.nn.head", "bupose.train", "bupose.export", "bupose.weights", "bupose.weights.importers", "bupose.viz",
    "bupose.skeletons", "bupose.annotations", "bupose.geometry", "bupose.fields_file", "bupose.errors",
    "bupose.kernels", "bupose.kernels.reference", "bupose",
)  # fmt: skip


def show_names(module: str) -> str:
    """What a module is for, links to what is explained elsewhere, and its other public names."""
    home, entries, links = import_module(module), [], []
    for name in names_of(module):
        place = places()[f"{module}.{name}"]
        if place == f"{module}.{name}":
            entries.append(_entry(module, name, getattr(home, name)))
        else:
            links.append(f"- `{module}.{name}` is {{py:obj}}`{place}`")
    return "\n\n".join([inspect.getdoc(home) or "", "\n".join(links), *entries])


def names_of(module: str) -> list[str]:
    """A module's ``__all__``, or what it defines itself; submodules left out."""
    home = import_module(module)
    own = [n for n, v in vars(home).items() if n[0] != "_" and getattr(v, "__module__", None) in (module, None)]
    names = getattr(home, "__all__", own)
    return [n for n in names if n[0] != "_" and not isinstance(getattr(home, n), types.ModuleType)]


@cache
def places() -> dict[str, str]:
    """Every public name, as in ``bupose.FieldCodec``, and where it is explained: ``bupose.codec.FieldCodec``."""
    first: dict[int, str] = {}
    return {
        f"{module}.{name}": first.setdefault(id(getattr(import_module(module), name)), f"{module}.{name}")
        for module in MODULES
        for name in names_of(module)
    }


def has_place(name: str, seen_from: str) -> bool:
    """Whether the site explains what a docstring of ``seen_from`` calls ``name``."""
    around = seen_from.split(".")
    spelled = [name, *(".".join([*around[:n], name]) for n in range(1, len(around) + 1))]
    return any({s, s.rpartition(".")[0]} & _explained() for s in spelled)


@cache
def _explained() -> set[str]:
    """Where public things are explained, and where their classes are defined."""
    classes = {p: t for p in places().values() if isinstance(t := _thing(p), type)}
    return {*places().values(), *(f"{t.__module__}.{t.__qualname__}" for t in classes.values())}


def _thing(place: str):
    module, _, name = place.rpartition(".")
    return getattr(import_module(module), name)


def _entry(module: str, name: str, thing) -> str:
    if isinstance(thing, type):
        rst = f".. autoclass:: {name}\n   :members:\n"
    elif callable(thing):
        rst = f".. autofunction:: {name}\n"
    else:
        keys = ", ".join(f"``{key}``" for key in thing) if isinstance(thing, (dict, tuple)) else ""
        rst = f".. py:data:: {name}\n\n   A {type(thing).__name__}{': ' if keys else ''}{keys}.\n"
    return f"```{{eval-rst}}\n.. currentmodule:: {module}\n\n{rst}```"
