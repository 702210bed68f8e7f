"""SLEAP's labels, .slp: frames of videos, or pictures inside the file (.pkg.slp)."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePath

import numpy as np

from bupose.annotations.formats.base import AnnotationReader
from bupose.annotations.formats.coco import check_coco
from bupose.annotations.joint_names import read_joints
from bupose.annotations.slp_file import USER, SlpFile, read_slp
from bupose.annotations.values import extent
from bupose.errors import LabelsError
from bupose.paths import cache_home

ANIMAL = "animal"


def _load(path: Path) -> tuple[dict, str]:
    """People's labels in COCO's form; images say which ``frame`` of which ``video`` they are."""
    slp = read_slp(path)
    joints = _paired(slp, path.name)
    category = {"id": 1, "name": ANIMAL, "keypoints": joints, "own_names": slp.nodes}
    category["skeleton"] = [[a + 1, b + 1] for a, b in slp.edges]
    images: list[dict] = []
    annotations: list[dict] = []
    for frame in slp.frames:
        rows = range(int(frame["instance_id_start"]), int(frame["instance_id_end"]))
        mine = [n for n in rows if slp.instances["instance_type"][n] == USER]
        if not mine:
            continue
        image = len(images)
        images.append({"id": image, **_source(slp, frame)})
        for n in mine:
            seen = ~np.isnan(slp.xy[n]).any(1)
            triples = np.column_stack([np.where(seen[:, None], slp.xy[n], 0), 2 * seen])
            one = {"id": int(n), "image_id": image, "category_id": 1, "keypoints": triples.reshape(-1).tolist()}
            one |= extent(slp.xy[n][seen]) if seen.any() else {}
            track = int(slp.instances["track"][n])
            annotations.append(one | ({"track_id": track} if track >= 0 else {}))
    if not images:
        raise LabelsError(f"{path.name} has no labelled frame, only predictions or nothing; label some in SLEAP")
    return {"images": images, "annotations": annotations, "categories": [category]}, path.name


def _paired(slp: SlpFile, name: str) -> list[str]:
    """Joints whose names tell the sides; of symmetric pairs that do not say which is which, the first is left."""
    names = list(slp.nodes)
    joints = read_joints(names, name)
    for a, b in slp.symmetries:
        if not any(joints[n].startswith(("left_", "right_")) for n in (a, b)):
            names[a], names[b] = f"left {names[a]}", f"right {names[a]}"
    return read_joints(names, name)


def _source(slp: SlpFile, frame: np.void) -> dict:
    video, number = slp.videos[int(frame["video"])], int(frame["frame_idx"])
    if isinstance(video["path"], list):
        return {"file_name": video["path"][number]}
    place = slp.videos.index(video)
    name = PurePath(video["dataset"]).parts[0] if video["dataset"] else f"{place}_{PurePath(video['path']).stem}"
    whole = {"file_name": f"{name}_{number:06d}.png", "video": video["path"], "frame": number}
    return whole | ({"dataset": video["dataset"]} if video["dataset"] else {})


def _home(path: Path) -> Path:
    """Where frames are stored: a folder in the cache for each file of labels."""
    return cache_home() / "frames" / hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]


SLEAP = AnnotationReader(
    check_coco,
    skeleton="auto",
    load=_load,
    holds=lambda path: path.suffix.lower() == ".slp",
    home=_home,
    category=ANIMAL,
)
