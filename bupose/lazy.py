"""Lazy imports for packages (PEP 562): names are loaded from their modules on first use.

Type checkers read the names from the stub beside each package, ``__init__.pyi``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def attach(package: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """``__getattr__``, ``__dir__`` and ``__all__`` of a package.

    Parameters
    ----------
    package, file : str
        Its ``__name__`` and ``__file__``; the stub beside it imports each public name as itself, a module or what is
        in one.
    """
    modules = read_stub(Path(file).with_suffix(".pyi").read_text(encoding="utf-8"))
    public = sorted(modules)

    def find(name: str) -> Any:
        if name in modules:
            module = import_module(f".{modules[name] or name}", package)
            return getattr(module, name) if modules[name] else module
        raise AttributeError(f"module {package!r} has no attribute {name!r}; it has {', '.join(public)}")

    return find, lambda: public, public


def read_stub(text: str) -> dict[str, str]:
    """The module below the package that each name of a stub is from; "" of a module itself."""
    imports = [node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom) and node.level]
    return {alias.name: node.module or "" for node in imports for alias in node.names}
