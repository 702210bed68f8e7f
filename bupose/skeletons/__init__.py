"""The skeletons bupose knows, as declarations. A new one is a YAML file of the same keys, no code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bupose.errors import SkeletonError
from bupose.options import shown
from bupose.skeleton import Skeleton
from bupose.skeletons.bodies import BODY25, BODY25_DENSE, COCO17, COCO17_DENSE, COCO18, CROWDPOSE14
from bupose.skeletons.wholebody import COCO_WHOLEBODY, OPENPOSE_PARTS
from bupose.yaml_file import read_yaml

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
    """A skeleton from a YAML (or JSON) file: ``name, joints, limbs``, and whatever else a ``Skeleton`` may have.

    Raises
    ------
    SkeletonError
        The file is missing, is not YAML, or the declaration contradicts itself.
    """
    values = read_yaml(path, "skeleton file", SkeletonError)
    if isinstance(values, dict):
        values.setdefault("name", Path(path).stem)
    return Skeleton.from_dict(values)
