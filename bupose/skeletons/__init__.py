"""The skeletons bupose knows, as declarations. A new one is a YAML file of the same keys, no code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bupose.errors import SkeletonError
from bupose.options import shown
from bupose.paths import expand
from bupose.skeleton import Skeleton
from bupose.skeletons.bodies import BODY25, BODY25_DENSE, COCO17, COCO17_DENSE, COCO18, CROWDPOSE14
from bupose.skeletons.wholebody import COCO_WHOLEBODY, OPENPOSE_PARTS

__all__ = [
    "BODY25",
    "BODY25_DENSE",
    "COCO17",
    "COCO17_DENSE",
    "COCO18",
    "COCO_WHOLEBODY",
    "CROWDPOSE14",
    "OPENPOSE_PARTS",
    "SKELETONS",
    "get",
    "read",
]

MOST_BYTES = 1_000_000  # of a file

SKELETONS = {s.name: s for s in (COCO17, COCO17_DENSE, COCO18, BODY25, BODY25_DENSE, CROWDPOSE14, COCO_WHOLEBODY)}


def get(name: str | Path | Skeleton | dict[str, Any]) -> Skeleton:
    """The skeleton of a name, of a YAML file's path, or of a declaration's dict.

    Raises
    ------
    SkeletonError
        No such name or file, or the declaration contradicts itself.
    """
    if isinstance(name, Skeleton):
        return name
    if isinstance(name, dict):
        return Skeleton.from_dict(name)
    if str(name) in SKELETONS:
        return SKELETONS[str(name)]
    if isinstance(name, (str, Path)) and Path(name).suffix in (".yaml", ".yml", ".json"):
        return read(name)
    raise SkeletonError(f"no skeleton {shown(str(name))}; choose one of {', '.join(SKELETONS)}, or give a .yaml file")


def read(path: str | Path) -> Skeleton:
    """A skeleton from a YAML (or JSON) file: ``name, joints, limbs``, perhaps ``sigmas, derived, limb_lengths, parts``.

    Raises
    ------
    SkeletonError
        The file is missing, is not YAML, or the declaration contradicts itself.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """Plain values; without ``*references``, by which a few lines stand for more than any memory holds."""

        def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
            if self.check_event(yaml.AliasEvent):
                name = self.peek_event().anchor  # type: ignore[no-untyped-call]  # so are yaml's stubs
                raise yaml.YAMLError(f"it refers to another part by *{name}; write that out")
            return super().compose_node(parent, index)

    path = expand(path)
    try:
        if path.exists() and not path.is_file():
            raise SkeletonError(f"the skeleton file {shown(str(path))} is no ordinary file; give another")
        if path.stat().st_size > MOST_BYTES:
            raise SkeletonError(f"the skeleton file {shown(str(path))} is larger than {MOST_BYTES:,} bytes; is it one?")
        values = yaml.load(path.read_text(encoding="utf-8-sig"), Loader)
    except OSError as problem:
        raise SkeletonError(f"cannot read the skeleton file {shown(str(path))}: {problem.strerror}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as problem:  # ValueError: not UTF-8, an impossible date
        told = shown(" ".join(str(problem).split()), 300)[1:-1]
        raise SkeletonError(f"{shown(str(path))} is not a YAML file: {told}") from None
    if isinstance(values, dict):
        values.setdefault("name", path.stem)
    return Skeleton.from_dict(values)
