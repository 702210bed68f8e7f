"""Who may import whom: the layers of the house, read from the source without running it."""

import ast
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import bupose
from bupose.lazy import read_stub

PACKAGE = Path(bupose.__file__).parent

# A module may import only from rows above its own. Modules of one row stand side by side.
LAYERS = [
    {"errors", "lazy", "messages", "requirements", "wording"},
    {"atomic", "colors", "machine", "options", "paths", "process", "proportions"},
    {"declared", "folder", "yaml_file"},
    {"skeleton"},
    {"skeletons"},
    {"geometry"},
    {"annotations", "joint_arrays"},
    {"people"},
    {"maps"},
    {"kernels"},
    {"methods"},
    {"fields_file"},
    {"images"},
    {"media", "synthetic"},
    {"track"},
    {"exchange"},
    {"data", "nn", "viz"},
    {"weights", "samples"},
    {"runtimes"},
    {"estimate"},
    {"predict"},
    {"bridges", "diagnose"},
    {"evaluate", "export", "explore"},
    {"benchmark"},
    {"train"},
    {"cli"},
    {"__main__"},
]
RANK = {name: rank for rank, row in enumerate(LAYERS) for name in row}

# What else a module may import, beside numpy and the standard library.
BARE = (
    "errors",
    "lazy",
    "messages",
    "requirements",
    "wording",
    "atomic",
    "colors",
    "options",
    "paths",
    "machine",
    "process",
    "proportions",
    "declared",
    "folder",
    "skeleton",
    "geometry",
    "joint_arrays",
    "maps",
    "fields_file",
)
THIRD_PARTY = {
    **{name: set() for name in BARE},
    "skeletons": set(),
    "yaml_file": {"yaml"},
    "annotations": {"h5py", "pandas", "pycocotools", "tables", "yaml"},
    "people": {"pandas"},
    "kernels": {"numba"},
    "methods": {"scipy", "torch"},
    "requirements": {"packaging"},
    "images": {"av", "cv2", "pillow_heif"},
    "media": {"cv2", "fsspec"},
    "synthetic": {"cv2"},
    "track": {"scipy"},
    "exchange": {"h5py", "pandas", "ndx_pose", "pyarrow", "pynwb", "tables"},
    "data": {"cv2", "h5py", "pycocotools", "torch"},
    "viz": {"cv2", "matplotlib"},
    "nn": {"torch", "safetensors", "timm"},
    "weights": {"torch", "safetensors", "tqdm"},
}
LAZY_ONLY = {
    "requirements": {"packaging"},
    "images": {"pillow_heif"},
    "people": {"pandas"},
    "exchange": {"h5py", "pandas", "ndx_pose", "pyarrow", "pynwb", "tables"},
    "media": {"fsspec"},
    "yaml_file": {"yaml"},
    "annotations": {"h5py", "pandas", "pycocotools", "tables", "yaml"},
    "nn": {"timm"},
}
HYDRA = {"hydra", "omegaconf"}


@dataclass(frozen=True)
class Import:
    """One imported name: where it stands, what it reaches, and whether importing the module reaches it."""

    file: Path
    line: int
    target: str
    eager: bool


@cache
def read_imports(package: Path) -> list[Import]:
    """Every import under ``package``, relative ones resolved, those for type checkers left out."""
    found = []
    for file in sorted(package.rglob("*.py")):
        parts = (package.name, *file.relative_to(package).with_suffix("").parts)
        home = parts[:-1]  # what a relative import starts from, for a module and for an __init__ alike
        _visit(ast.parse(file.read_text(encoding="utf-8")), file, home, True, found)
    return found


def _visit(node: ast.AST, file: Path, home: tuple[str, ...], eager: bool, found: list[Import]) -> None:
    if isinstance(node, ast.Import):
        found.extend(Import(file, node.lineno, alias.name, eager) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = (
            ".".join((*home[: len(home) - node.level + 1], *([node.module] if node.module else [])))
            if node.level
            else node.module
        )
        found.extend(Import(file, node.lineno, f"{base}.{alias.name}", eager) for alias in node.names)
    elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
        named = [str(a.value) for a in node.args[:1] if isinstance(a, ast.Constant)]
        found.extend(Import(file, node.lineno, name, eager) for name in named)
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    inside = eager and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    for child in ast.iter_child_nodes(node):
        _visit(child, file, home, inside, found)


def module_of(package: Path, file: Path) -> str:
    """The first part of a file's place in the package: ``codec`` for ``codec/peaks.py``; "" for the package itself."""
    first = file.relative_to(package).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def target_of(package: Path, name: str, lazy: dict[str, str]) -> str | None:
    """The module of the package that an import reaches; None for another package, "" for a name of its own."""
    root, _, rest = name.partition(".")
    if root != package.name:
        return None
    first = lazy.get(rest, f"{root}.{rest}").split(".")[1]
    exists = (package / f"{first}.py").exists() or (package / first).is_dir()
    return first if exists else ""


def breaches(package: Path, lazy: dict[str, str]) -> list[str]:
    """Every import that design forbids, as ``file:line: why``."""
    found = []
    for i in read_imports(package):
        module, target = module_of(package, i.file), target_of(package, i.target, lazy)
        place = f"{i.file.relative_to(package.parent)}:{i.line}"
        if module == "":
            if i.eager and target != "lazy" and (target or i.target.split(".")[0] not in sys.stdlib_module_names):
                found.append(f"{place}: importing the package imports {i.target}")
            continue
        if module not in RANK:
            found.append(f"{place}: {module} has no place among the layers")
        elif target is not None:
            if target and target != module and RANK.get(target, len(LAYERS)) >= RANK[module]:
                found.append(f"{place}: {module} imports {target}, which is not to its left")
        else:
            found += [f"{place}: {why}" for why in foreign(module, i)]
    return found


def foreign(module: str, i: Import) -> list[str]:
    """What is wrong with importing a package that is not ours."""
    name = i.target.split(".")[0]
    if name in sys.stdlib_module_names or name == "numpy":
        return []
    if name in HYDRA and module != "cli":
        return [f"{module} imports {name}: only cli knows hydra"]
    if name not in THIRD_PARTY.get(module, {name}):
        return [f"{module} imports {name}; it may use {', '.join(sorted(THIRD_PARTY[module])) or 'numpy alone'}"]
    if i.eager and name in LAZY_ONLY.get(module, ()):
        return [f"{module} imports {name} at once; import it where it is used"]
    return []


def test_every_module_imports_only_from_its_left():
    promised = read_stub((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    assert breaches(PACKAGE, {name: f"bupose.{module or name}" for name, module in promised.items()}) == []


@pytest.mark.parametrize(
    "module", sorted(p.stem for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists())
)
def test_every_module_has_a_place(module):
    assert module in RANK or module.startswith("__") or module == "assets"


def test_nobody_imports_the_scripts():
    assert [
        i for i in read_imports(PACKAGE) if i.target.split(".")[0] in ("scripts", "tests", "notebooks", "conf")
    ] == []


PLANTED = {
    "geometry.py": [
        "from toy import people",
        "from .maps import Grid",
        "import scipy.ndimage",
        "import toy.methods.peaks",
    ],
    "people.py": ["def f():\n    from toy.maps import Grid", "from toy import Fields", "from . import methods"],
    "skeletons.py": ["import yaml", "try:\n    import torch\nexcept ImportError:\n    pass"],
    "yaml_file.py": ["import yaml"],
    "nn/model.py": ["from ..viz import draw", "import cv2", "import hydra", "def f():\n    import numba"],
    "methods/peaks.py": ["from ..data import x", "from importlib import import_module; import_module('toy.nn')"],
    "predict/run.py": ["from omegaconf import DictConfig", "from toy import train"],
    "attic.py": ["import os"],
    "__init__.py": ["import numpy", "from toy import people", "from .people import People"],
}
HARMLESS = {
    "geometry.py": ["import os, numpy as np", "from toy.errors import E", "from toy import __version__"],
    "skeletons.py": ["from .skeleton import Skeleton"],
    "yaml_file.py": ["def f():\n    import yaml"],
    "people.py": ["import typing\nif typing.TYPE_CHECKING:\n    import torch\n    from toy.nn import Net"],
    "nn/head/plain.py": ["from ..blocks import Block", "from ...errors import E", "import torch.nn.functional as F"],
    "methods/__init__.py": ["from .peaks import find", "from toy.kernels import find"],
    "kernels/__init__.py": ["try:\n    from . import compiled\nexcept ImportError:\n    from . import reference"],
    "train/loop.py": ["import lightning", "from toy import evaluate, predict, Fields"],
    "__init__.py": ["from importlib import import_module", "def g():\n    from toy import viz"],
}


@pytest.mark.parametrize(
    ("file", "source", "wrong"),
    [(f, s, wrong) for wrong, table in ((True, PLANTED), (False, HARMLESS)) for f, many in table.items() for s in many],
)
def test_the_reader_sees_what_is_planted(tmp_path, file, source, wrong):
    package = tmp_path / "toy"
    for name in RANK:
        (package / name).mkdir(parents=True)
    for module in ("errors", "skeleton", "skeletons", "geometry", "people", "maps"):
        (package / module).rmdir()
        (package / f"{module}.py").touch()
    (package / file).parent.mkdir(parents=True, exist_ok=True)
    (package / file).write_text(source)
    assert bool(breaches(package, {"Fields": "toy.maps"})) == wrong
