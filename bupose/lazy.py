"""Packages whose names come from their modules only when they are used (PEP 562), so that importing them is light."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module


def attach(package: str, modules: Mapping[str, str]) -> tuple[Callable, Callable, list[str]]:
    """``__getattr__``, ``__dir__`` and ``__all__`` of a package.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    modules : mapping of name to str
        The module below the package that each public name is in.
    """
    public = sorted(modules)

    def find(name: str):
        if name in modules:
            return getattr(import_module(f"{package}.{modules[name]}"), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}; it has {', '.join(public)}")

    return find, lambda: public, public
