"""The API reference as Markdown: public names, module by module, each explained once, by its docstring.

What a git host shows of a page is a list of names with their first sentences; the site has the whole docstrings, too.
"""

from __future__ import annotations

import inspect
import re
import types
from functools import cache
from importlib import import_module
from pathlib import Path

from bupose import Skeleton

ROOT = Path(__file__).resolve().parents[2]

# The pages and the modules they explain; a name that several modules offer is explained in the first of them.
PAGES = {
    "bupose": ("bupose",),
    "methods": (
        "bupose.methods",
        "bupose.methods.paf",
        "bupose.methods.tags",
        "bupose.methods.centre",
        "bupose.methods.single",
        "bupose.methods.regression",
    ),
    "images": ("bupose.images",),
    "estimate": ("bupose.estimate", "bupose.media", "bupose.predict"),
    "viz": ("bupose.viz",),
    "bridges": ("bupose.bridges",),
    "skeletons": ("bupose.skeletons",),
    "track": ("bupose.track",),
    "exchange": ("bupose.exchange",),
    "evaluate": ("bupose.evaluate", "bupose.evaluate.tracking"),
    "annotations": ("bupose.annotations",),
    "data": ("bupose.data",),
    "synthetic": ("bupose.synthetic",),
    "nn": ("bupose.nn", "bupose.nn.trunk", "bupose.nn.head"),
    "train": ("bupose.train",),
    "weights": ("bupose.weights", "bupose.weights.importers"),
    "export": ("bupose.export",),
    "fields_file": ("bupose.fields_file",),
    "geometry": ("bupose.geometry",),
    "kernels": ("bupose.kernels", "bupose.kernels.reference"),
    "errors": ("bupose.errors",),
}
# `bupose` itself is last: it offers what others explain.
MODULES = sorted((module for modules in PAGES.values() for module in modules), key="bupose".__eq__)


def show_index() -> str:
    """Every page: what it is about, and its public names."""
    rows = []
    for page, modules in PAGES.items():
        names = ", ".join(dict.fromkeys(f"`{name}`" for module in modules for name in names_of(module)))
        rows.append(f"- [`{modules[0]}`]({page}.md): {summary(import_module(modules[0]))} {names}")
    return "\n".join(["# API reference\n", *rows]) + "\n"


def show_page(page: str, site: bool) -> str:
    """What each of a page's modules is for, its public names in a line each and, for the site, all about them."""
    first, *others = PAGES[page]
    parts = [f"# {first}", *_show_module(first, site)]
    for module in others:
        parts += [f"## {module}", *_show_module(module, site)]
    return "\n\n".join(parts) + "\n"


def _show_module(module: str, site: bool) -> list[str]:
    home, entries, lines = import_module(module), [], []
    for name in names_of(module):
        thing, place = getattr(home, name), places()[f"{module}.{name}"]
        own = place == f"{module}.{name}"
        shown = name if own else f"{module}.{name}"
        link = f"{{py:obj}}`{shown} <{place}>`" if site else f"[`{name}`]({_file(thing, module)})"
        lines.append(f"- {link}: {summary(thing)}")
        if site and own:
            entries.append(_entry(module, name, thing))
    return [markdown(inspect.getdoc(home) or ""), "\n".join(lines), *entries]


def names_of(module: str) -> list[str]:
    """A module's ``__all__``, or the classes, functions and constants it defines itself; submodules left out."""
    home = import_module(module)
    own = [n for n, v in vars(home).items() if n.isupper() or getattr(v, "__module__", None) == module]
    names = getattr(home, "__all__", own)
    return [n for n in names if n[0] != "_" and not isinstance(getattr(home, n), types.ModuleType)]


@cache
def places() -> dict[str, str]:
    """Every public name, as in ``bupose.FieldCodec``, and where it is explained: ``bupose.methods.paf.FieldCodec``."""
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


def summary(thing) -> str:
    """The first paragraph of a docstring, or what a constant is."""
    if isinstance(thing, type | types.ModuleType) or callable(thing):
        return markdown(" ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split()))
    if isinstance(thing, Skeleton):
        return f"the skeleton `{thing.name}`: {len(thing.joints)} joints, {len(thing.limbs)} limbs."
    keys = thing if isinstance(thing, (dict, tuple)) else sorted(thing) if isinstance(thing, frozenset) else ()
    kind = type(thing).__name__
    return f"{'an' if kind[0] in 'aein' else 'a'} {kind}{': ' if keys else ''}{', '.join(f'`{key}`' for key in keys)}."


def markdown(text: str) -> str:
    """A docstring's references to names as code."""
    return re.sub(r":\w+:`~?([^`]+)`", r"``\1``", text)


@cache
def _explained() -> set[str]:
    """Where public things are explained, and where their classes are defined."""
    classes = {p: t for p in places().values() if isinstance(t := _thing(p), type)}
    return {*places().values(), *(f"{t.__module__}.{t.__qualname__}" for t in classes.values())}


def _thing(place: str):
    module, _, name = place.rpartition(".")
    return getattr(import_module(module), name)


def _file(thing, module: str) -> str:
    """The file that defines a name, seen from a page of the reference."""
    named = isinstance(thing, type) or callable(thing)
    file = inspect.getsourcefile(inspect.unwrap(thing) if named else import_module(module)) or ""
    return f"../../{Path(file).resolve().relative_to(ROOT).as_posix()}"


def _entry(module: str, name: str, thing) -> str:
    if isinstance(thing, type):
        rst = f".. autoclass:: {name}\n   :members:\n"
    elif callable(thing):
        rst = f".. autofunction:: {name}\n"
    else:
        about = summary(thing).replace("`", "``")
        rst = f".. py:data:: {name}\n\n   {about[0].upper()}{about[1:]}\n"
    return f"```{{eval-rst}}\n.. currentmodule:: {module}\n\n{rst}```"
