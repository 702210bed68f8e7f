"""Required packages and their installed versions, from package metadata; nothing is imported."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata

# Packages whose module has another name.
_MODULES = {"opencv-python": "cv2", "pyyaml": "yaml", "hydra-core": "hydra"}
_SAME = {"opencv-python": ("opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless")}


@dataclass(frozen=True)
class Requirement:
    """A package that bupose requires.

    Parameters
    ----------
    name : str
        In lower case.
    versions : str
        Version specifier, as ``>=2.4``; "" for any.
    extra : str
        The extra that requires it, "" for bupose itself.
    """

    name: str
    versions: str = ""
    extra: str = ""

    @property
    def module(self) -> str:
        """Name of its module."""
        return _MODULES.get(self.name, self.name.replace("-", "_"))

    @property
    def version(self) -> str:
        """The installed version; "" if not installed."""
        for name in (self.name, *_SAME.get(self.name, ())):
            try:
                return metadata.version(name)
            except metadata.PackageNotFoundError:
                continue
        return ""

    @property
    def fits(self) -> bool:
        """Whether the installed version, if any, is supported."""
        from packaging.specifiers import SpecifierSet

        return not self.version or SpecifierSet(self.versions).contains(self.version, prereleases=True)

    @property
    def remedy(self) -> str:
        """The command that installs it."""
        return f'pip install --upgrade "{f"bupose[{self.extra}]" if self.extra else f"{self.name}{self.versions}"}"'


def read_requirements() -> list[Requirement]:
    """Requirements from bupose's metadata; empty if bupose is only on the path, not installed."""
    try:
        lines = metadata.requires("bupose") or []
    except metadata.PackageNotFoundError:
        return []
    return [one for one in map(read_requirement, lines) if one.name != "bupose"]


def read_requirement(line: str) -> Requirement:
    """A line of a package's metadata (PEP 508)."""
    from packaging.requirements import Requirement as Line

    needed = Line(line)
    extra = re.search(r'extra == "([^"]+)"', str(needed.marker))
    return Requirement(needed.name.lower(), str(needed.specifier), extra[1] if extra else "")


def of_module(module: str) -> Requirement:
    """The requirement that provides a module; else one of the module's name."""
    root = module.partition(".")[0]
    return next((r for r in read_requirements() if r.module == root), Requirement(root))
