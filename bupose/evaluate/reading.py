"""Ground truth from annotation files of any format, and from arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bupose import skeletons
from bupose.annotations.joint_names import match_names
from bupose.annotations.own_skeleton import find_known
from bupose.annotations.reader import Annotations, read
from bupose.errors import LabelsError
from bupose.evaluate.ground_truth import GroundTruth
from bupose.evaluate.sigmas import choose_sigmas
from bupose.evaluate.undeclared import Undeclared
from bupose.skeleton import Skeleton


@dataclass(frozen=True)
class Ignored:
    """An ignore region: predictions there are neither right nor wrong.

    Parameters
    ----------
    image_id : of the picture
    box : four floats, pixels
        x, y, width, height.
    area : float, pixels²
    crowd : bool
        Crowds may be matched repeatedly.
    undeclared : Undeclared, optional
        The region, if nobody is annotated in it.
    """

    image_id: object
    box: Sequence[float]
    area: float
    crowd: bool = True
    undeclared: Undeclared | None = None


def read_ground_truth(
    annotations: str | Path | Mapping | GroundTruth,
    *,
    skeleton: str | Path | Skeleton | None = None,
    category: str | int | None = None,
    image_ids: Iterable | None = None,
) -> GroundTruth:
    """Read annotations in any format of :mod:`bupose.annotations`, of any category and joints.

    Parameters
    ----------
    annotations : path of a JSON file, or its content
    skeleton : name, path or Skeleton, optional
        Evaluate the joints that it and the file have in common, with its sigmas; by default all of the file's, with
        the sigmas of the built-in skeletons by name, and for other names estimated (``bupose.evaluate.sigmas``).
    category : name or id, optional
        The category, if several have keypoints; by default ``person``, else the only one.
    image_ids : optional
        Only these pictures.

    Raises
    ------
    InputError
        No such file, not JSON, another format, or no such picture.
    LabelsError
        It is inconsistent; the message names the place.
    """
    if isinstance(annotations, GroundTruth):
        return annotations if image_ids is None else annotations.only(image_ids)
    truth = ground_truth(read(annotations, category=category), skeleton)
    return truth if image_ids is None else truth.only(image_ids)


def ground_truth(found: Annotations, skeleton: str | Path | Skeleton | None = None) -> GroundTruth:
    """Ground truth from annotations that are read; further rows are pictures with unlisted people.

    Raises
    ------
    LabelsError
        The skeleton has none of the joints.
    """
    table, ids = found.table, [image["id"] for image in found.images]
    regions = [Undeclared(o.rings) if own else None for o, own in zip(found.outlines, found.region, strict=True)]
    truth = GroundTruth(
        joints=found.joints,
        sigmas=np.zeros(0),
        images=dict(zip(ids, found.images, strict=True)),
        category=found.category,
        image_ids=tuple(ids[row] for row in found.row),
        xy=table.xy,
        visibility=table.visibility,
        area=table.area,
        box=table.box,
        crowd=table.crowd,
        head_box=found.head_box,
        undeclared=tuple(regions),
        file_joints=found.joints,
        other_ids=found.other_ids,
        notes=found.notes,
    )
    return complete(truth, _unlisted(found), skeleton)


def complete(
    truth: GroundTruth, ignored: Sequence[Ignored] = (), skeleton: str | Path | Skeleton | None = None
) -> GroundTruth:
    """Add ignore regions and sigmas, and select a skeleton's joints if one is given.

    Raises
    ------
    LabelsError
        The skeleton has none of the joints.
    """
    chosen, k = None if skeleton is None else skeletons.get(skeleton), len(truth.joints)
    more = {
        "xy": np.zeros((len(ignored), k, 2)),
        "visibility": np.zeros((len(ignored), k), np.int32),
        "area": np.array([one.area for one in ignored], np.float64),
        "box": np.array([one.box for one in ignored], np.float64).reshape(-1, 4),
        "crowd": np.array([one.crowd for one in ignored], bool),
        "head_box": np.full((len(ignored), 4), np.nan),
    }
    longer: dict[str, Any] = {name: np.concatenate([getattr(truth, name), rows]) for name, rows in more.items()}
    truth = replace(
        truth,
        image_ids=(*truth.image_ids, *(one.image_id for one in ignored)),
        undeclared=(*truth.undeclared, *(one.undeclared for one in ignored)),
        **longer,
    )
    truth = truth if chosen is None else _keep_joints(truth, chosen)
    sized = ~truth.crowd & (truth.area > 0)
    sigmas, told = choose_sigmas(truth.joints, truth.xy[sized], truth.present[sized], truth.area[sized], chosen)
    return replace(truth, sigmas=sigmas, parts=_parts(truth.joints, chosen), notes=(*truth.notes, *told))


def _parts(joints: tuple[str, ...], chosen: Skeleton | None) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Parts with the indices of their joints; empty if there is only one."""
    skeleton = find_known(joints) if chosen is None else chosen
    if skeleton is None:
        return ()
    where = match_names(joints, skeleton.joints)
    names = [part for part, _ in skeleton.parts]
    of = [names[skeleton.joint_parts[n]] for n in where if n >= 0]
    parts = {part: tuple(k for k, own in enumerate(of) if own == part) for part in dict.fromkeys(of)}
    return tuple(parts.items()) if len(parts) > 1 else ()


def whole_picture(image_id, size: tuple[int, int], known: np.ndarray) -> Ignored:
    """A picture that may show unannotated people outside the ``known`` boxes."""
    return Ignored(image_id, (0, 0, *size), size[0] * size[1], True, Undeclared(known=known))


def _unlisted(found: Annotations) -> list[Ignored]:
    """Pictures that the file declares to show unannotated people."""
    whole = []
    for row, image in enumerate(found.images):
        if image.get("unlisted_people"):
            known = found.table.box[(found.row == row) & found.table.person]
            whole.append(whole_picture(image["id"], (image["width"], image["height"]), known))
    return whole


def _keep_joints(truth: GroundTruth, skeleton: Skeleton) -> GroundTruth:
    """Only the joints that ``skeleton`` has, under its names and in its order."""
    found = match_names(skeleton.joints, truth.joints)
    joints = tuple(j for j, n in zip(skeleton.joints, found, strict=True) if n >= 0)
    where = [n for n in found if n >= 0]
    if not joints:
        raise LabelsError(f"skeleton {skeleton.name!r} shares no joint name with the annotations; choose another")
    notes = (*truth.notes, f"Joints matched: {len(joints)} of {len(skeleton.joints)} of {skeleton.name}.")
    if missing := [j for j in skeleton.joints if j not in joints]:
        notes += (f"Not evaluated, as the annotations lack them: {', '.join(missing)}.",)
    if left_out := [j for n, j in enumerate(truth.joints) if n not in where]:
        notes += (f"Not evaluated, as {skeleton.name} lacks them: {', '.join(left_out)}.",)
    place = {j: n for n, j in enumerate(joints, 1)}
    limbs = [[place[a], place[b]] for a, b in skeleton.limbs if {a, b} <= set(joints)]
    category = {**truth.category, "keypoints": list(joints), "skeleton": limbs}
    return replace(
        truth,
        joints=joints,
        category=category,
        notes=notes,
        places=tuple(where),
        xy=truth.xy[:, where],
        visibility=truth.visibility[:, where],
    )
