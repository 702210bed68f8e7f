"""Which packages bupose asks for, and which are there: read from what pip knows, nothing is imported."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata

# Packages whose module has another name.
_MODULES = {"opencv-python": "cv2", "pyyaml": "yaml", "hydra-core": "hydra"}
_SAME = {"opencv-python": ("opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless")}
_REQUIREMENT = re.compile(
    r"([\w.-]+)\s*(?:\[[^]]*\])?\s*[^;>]*(?:>=\s*([\w.]+))?[^;]*(?:;.*extra\s*==\s*['\"]([\w-]+)['\"])?"
)


@dataclass(frozen=True)
class Requirement:
    """A package, the least version that will do ("" for any), and the extra that asks for it ("" for bupose itself)."""

    name: str
    least: str = ""
    extra: str = ""

    @property
    def module(self) -> str:
        """What it is imported as."""
        return _MODULES.get(self.name, self.name.replace("-", "_"))

    @property
    def version(self) -> str:
        """Of what is installed; "" where nothing is."""
        for name in (self.name, *_SAME.get(self.name, ())):
            try:
                return metadata.version(name)
            except metadata.PackageNotFoundError:
                continue
        return ""

    @property
    def too_old(self) -> bool:
        """Whether what is installed is older than what will do."""
        return bool(self.version and self.least) and release(self.version) < release(self.least)

    @property
    def remedy(self) -> str:
        """The command that installs it."""
        wanted = f"bupose[{self.extra}]" if self.extra else f"{self.name}>={self.least}" if self.least else self.name
        return f'pip install --upgrade "{wanted}"'


def read_requirements() -> list[Requirement]:
    """What bupose's own metadata asks for; nothing where bupose is not installed but only on the path."""
    try:
        lines = metadata.requires("bupose") or []
    except metadata.PackageNotFoundError:
        return []
    found = [_REQUIREMENT.match(line).groups(default="") for line in lines]
    return [Requirement(name.lower(), least, extra) for name, least, extra in found if name != "bupose"]


def of_module(module: str) -> Requirement:
    """The requirement that brings a module; one by its own name where none does."""
    root = module.partition(".")[0]
    return next((r for r in read_requirements() if r.module == root), Requirement(root))


def release(version: str) -> tuple[int, ...]:
    """The numbers that order versions: (2, 13) of ``2.13rc1+cpu``."""
    return tuple(int(part) for part in re.match(r"[\d.]*", version)[0].split(".") if part)
