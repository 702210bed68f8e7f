"""WebDataset's tar files: pictures with the annotations of each beside it, ``KEY.jpg`` and ``KEY.json``."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from bupose.annotations.formats.base import AnnotationReader
from bupose.annotations.formats.coco import check_coco
from bupose.errors import InputError, LabelsError
from bupose.skeletons import COCO17

TAR = ".tar"
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm")  # in one with annotations
_PERSON = {"id": 1, "name": "person", "keypoints": list(COCO17.joints)}


def _files(path: Path) -> list[Path]:
    return sorted(path.glob(f"*{TAR}")) if path.is_dir() else [path]


def _load(path: Path) -> tuple[dict, str]:
    """All files of a folder, or one, in COCO's form."""
    images: list[dict] = []
    annotations: list[dict] = []
    categories: list = []
    for file in _files(path):
        for name, told in _samples(file):
            image = {"id": len(images), "file_name": f"{file.name}#{name}"}
            images.append(image | {key: told[key] for key in ("width", "height", "unlisted_people") if key in told})
            categories = categories or told.get("categories", [])
            annotations += [
                {"category_id": 1, **one, "id": n, "image_id": image["id"]}
                for n, one in enumerate(told.get("annotations", []), len(annotations))
            ]
    if not images:
        raise LabelsError(f"{path.name} holds no picture; give tar files of pictures with KEY.json beside KEY.jpg")
    return {"images": images, "annotations": annotations, "categories": categories or [_PERSON]}, path.name


def _samples(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The name of each picture, and what the JSON file of its key says."""
    pictures: dict[str, str] = {}
    told: dict[str, Mapping] = {}
    try:
        with tarfile.open(path, "r:") as file:
            for member in file:
                name = PurePosixPath(member.name)
                first, dot, last = name.name.partition(".")
                key = f"{name.parent}/{first}"
                if not member.isfile() or not first:
                    continue
                if f"{dot}{last}".lower().endswith(PICTURES):
                    pictures.setdefault(key, member.name)
                elif last.lower() == "json":
                    content = file.extractfile(member)
                    told[key] = _read_json(content.read() if content else b"", f"{path.name}#{member.name}")
    except (OSError, EOFError, tarfile.TarError) as problem:
        said = getattr(problem, "strerror", None) or problem
        raise InputError(f"cannot read {str(path)!r} as a tar file: {said}; give an uncompressed one") from None
    for key, picture in pictures.items():
        yield picture, told.get(key, {})


def _read_json(data: bytes, name: str) -> Mapping[str, Any]:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise LabelsError(f"{name} is no JSON; write the annotations of its picture") from None
    if isinstance(content, list):
        content = {"annotations": content}
    listed = content.get("annotations", []) if isinstance(content, Mapping) else None
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
        raise LabelsError(f"{name} holds no annotations; give a list of COCO's, or an object with annotations")
    return content


def _holds(path: Path) -> bool:
    return path.suffix.lower() == TAR or (path.is_dir() and any(path.glob(f"*{TAR}")))


WEBDATASET = AnnotationReader(
    check_coco,
    skeleton="auto",
    load=_load,
    holds=_holds,
    home=lambda path: path if path.is_dir() else path.parent,
)
