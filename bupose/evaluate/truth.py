"""What annotated pictures show, checked and completed, in COCO's terms."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from bupose import skeletons
from bupose.errors import InputError, LabelsError
from bupose.evaluate.mpii import is_mpii, mpii_to_coco
from bupose.evaluate.sigmas import choose_sigmas
from bupose.people import joint_boxes
from bupose.skeleton import Skeleton

AREA_OF_BOX = 0.53  # of a person's box is person, COCO's average
SAME_JOINT = {"head": "top_head", "head_top": "top_head"}  # what other files call it -> our name


@dataclass(frozen=True)
class Truth:
    """The annotated people of a set of pictures.

    Parameters
    ----------
    joints : K names
        In the order of every annotation's and result's ``keypoints``.
    sigmas : float64 array (K,)
        Of the object keypoint similarity.
    images : dict of image id to COCO image dict
    annotations : list of COCO annotation dicts
        Each with ``keypoints``, ``num_keypoints``, ``area``, ``bbox``, ``iscrowd`` and an ``id`` counted from 1.
    category : COCO category dict
    file_joints : names
        In the order of a result file's ``keypoints``, where fewer joints are evaluated than the set has.
    notes : sentences
        What a reader of the numbers should know.
    """

    joints: tuple[str, ...]
    sigmas: np.ndarray
    images: dict
    annotations: list[dict]
    category: dict
    file_joints: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @cached_property
    def by_image(self) -> dict:
        """Image id -> its annotations."""
        return group_by_image(self.annotations, self.images)

    def only(self, image_ids: Iterable) -> Truth:
        """The same for some of the pictures.

        Raises
        ------
        InputError
            An id is not among the pictures.
        """
        wanted = set(image_ids)
        if strange := wanted - set(self.images):
            raise InputError(f"image id {min(strange, key=str)!r} is not in the annotations; give ids that are")
        images = {i: image for i, image in self.images.items() if i in wanted}
        return replace(self, images=images, annotations=[a for a in self.annotations if a["image_id"] in wanted])

    def skeleton(self) -> Skeleton:
        """A skeleton of these joints: a built-in one, else declared by the category's ``skeleton`` pairs.

        Raises
        ------
        SkeletonError
            The pairs do not make one.
        """
        for known in skeletons.SKELETONS.values():
            if known.joints == self.joints:
                return known
        pairs = [p for p in self.category.get("skeleton") or [] if 1 <= min(p) <= max(p) <= len(self.joints)]
        limbs = [(self.joints[a - 1], self.joints[b - 1]) for a, b in pairs]
        return Skeleton(str(self.category.get("name", "person")), self.joints, limbs, tuple(self.sigmas))

    def as_results(self) -> list[dict]:
        """The annotated people as if they were predicted with full confidence; unlabelled joints are absent."""
        out = []
        for a in self.annotations:
            if a["num_keypoints"] and not a["iscrowd"]:
                triples = np.reshape(a["keypoints"], (-1, 3))
                triples = np.where(triples[:, 2:] > 0, triples, 0) * [1, 1, 0.5]
                result = {"image_id": a["image_id"], "category_id": a["category_id"], "score": 1.0}
                out.append({**result, "keypoints": triples.reshape(-1).tolist()})
        return out


def read_truth(
    annotations: str | Path | Mapping | Truth,
    *,
    skeleton: str | Path | Skeleton | None = None,
    category: str | int | None = None,
    image_ids: Iterable | None = None,
) -> Truth:
    """Annotations in COCO's keypoint format, whatever the category and its joints, or MPII's list of people.

    Parameters
    ----------
    annotations : path of a JSON file, or its content
    skeleton : name, path or Skeleton, optional
        Evaluate the joints that it and the file have in common, with its sigmas; by default all of the file's, with
        the sigmas of the built-in skeletons by name, and for other names estimated (``bupose.evaluate.sigmas``).
    category : name or id, optional
        Where several categories have keypoints; by default ``person``, else the first.
    image_ids : optional
        Only these pictures.

    Raises
    ------
    InputError
        No such file, not JSON, no COCO keypoint annotations, or no such category or picture.
    LabelsError
        An annotation whose keypoints do not fit its category's names.
    """
    if isinstance(annotations, Truth):
        return annotations if image_ids is None else annotations.only(image_ids)
    data, name = load_json(annotations)
    if is_mpii(data):
        data = mpii_to_coco(data)
    if not isinstance(data, Mapping) or not all(isinstance(data.get(k), list) for k in ("images", "annotations")):
        raise InputError(f"{name} is not COCO annotations; it must hold images, annotations and categories")
    kind = _choose_category(data.get("categories") or [], category, name)
    file_joints = tuple(SAME_JOINT.get(j, j) for j in kind["keypoints"])
    try:
        images = {image["id"]: image for image in data["images"]}
        mine = [a for a in data["annotations"] if a.get("category_id", kind["id"]) == kind["id"] and "keypoints" in a]
        mine = [_complete(a, n, len(file_joints)) for n, a in enumerate(mine, 1)]
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise LabelsError(f"{name} is not COCO's keypoint format: {problem!r} is wrong or missing") from None
    if lost := [a for a in mine if a["image_id"] not in images]:
        raise InputError(f"{name}: annotation of image {lost[0]['image_id']!r}, which is not listed among its images")
    sigmas, notes = choose_sigmas(file_joints, mine, skeleton and skeletons.get(skeleton))
    truth = Truth(file_joints, sigmas, images, mine, dict(kind), file_joints, notes)
    if skeleton is not None:
        truth = _keep_joints(truth, skeletons.get(skeleton))
    return truth if image_ids is None else truth.only(image_ids)


def truth_arrays(annotations: Sequence[Mapping], joints: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """xy (P, K, 2), visibility (P, K), area (P,) and box (P, 4) of annotations, float64."""
    triples = np.array([a["keypoints"] for a in annotations], np.float64).reshape(-1, joints, 3)
    area = np.array([a["area"] for a in annotations], np.float64)
    box = np.array([a["bbox"] for a in annotations], np.float64).reshape(-1, 4)
    return triples[..., :2], triples[..., 2], area, box


def group_by_image(entries: Iterable[dict], images: Iterable) -> dict:
    """Image id -> its entries, for every picture."""
    found = defaultdict(list)
    for entry in entries:
        found[entry["image_id"]].append(entry)
    return {i: found[i] for i in images}


def load_json(source) -> tuple[object, str]:
    """The content of a JSON file (or of what is no path), and what to call it in messages."""
    if not isinstance(source, (str, Path)):
        return list(source) if isinstance(source, tuple) else source, "what was given"
    try:
        return json.loads(Path(source).expanduser().read_text(encoding="utf-8")), Path(source).name
    except OSError as problem:
        raise InputError(f"cannot read {str(source)!r}: {problem.strerror}; give the path of a JSON file") from None
    except (ValueError, RecursionError) as problem:
        raise InputError(f"{str(source)!r} is not JSON: {problem}") from None


def _choose_category(categories: Sequence[Mapping], wanted: str | int | None, name: str) -> Mapping:
    able = [c for c in categories if c.get("keypoints")]
    if not able:
        raise InputError(f"{name} has no category with keypoint names; COCO keypoint files list them in categories")
    if wanted is None:
        return next((c for c in able if c.get("name") == "person"), able[0])
    for c in able:
        if wanted in (c.get("name"), c["id"]):
            return c
    known = ", ".join(str(c.get("name")) for c in able)
    raise InputError(f"{name} has no category {wanted!r} with keypoints; it has {known}")


def _complete(annotation: Mapping, number: int, joints: int) -> dict:
    """A copy with every value that the referee needs; ids count from 1, as pycocotools takes 0 for "no match"."""
    keypoints = read_numbers(annotation["keypoints"], f"annotation {annotation.get('id', number)}")
    if keypoints.shape != (3 * joints,):
        got = f"annotation {annotation.get('id', number)} has {keypoints.size} keypoint numbers"
        raise LabelsError(f"{got}; its category's {joints} joints need {3 * joints}")
    triples = keypoints.reshape(-1, 3)
    seen = triples[:, 2] > 0
    box = annotation.get("bbox")
    if not box:
        box = joint_boxes(triples[None, :, :2], seen[None])[0].tolist()
    box = [float(b) for b in box]
    if len(box) != 4:
        raise LabelsError(
            f"annotation {annotation.get('id', number)} has a bbox of {len(box)} numbers; give x, y, w, h"
        )
    return {
        **annotation,
        "id": number,
        "image_id": annotation["image_id"],
        "keypoints": keypoints.tolist(),
        "num_keypoints": int(seen.sum()),
        "bbox": box,
        "area": float(annotation.get("area", AREA_OF_BOX * box[2] * box[3])),
        "iscrowd": int(annotation.get("iscrowd", 0)),
    }


def read_numbers(values, whose: str) -> np.ndarray:
    """float64 array of what a file gives as numbers."""
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise LabelsError(f"{whose} holds what is no list of numbers; give x, y and visibility or score") from None


def _keep_joints(truth: Truth, skeleton: Skeleton) -> Truth:
    """Only the joints that ``skeleton`` has, in its order."""
    joints = tuple(j for j in skeleton.joints if j in truth.joints)
    if not joints:
        raise InputError(f"skeleton {skeleton.name!r} shares no joint name with the annotations; choose another")
    where = [truth.joints.index(j) for j in joints]
    notes = truth.notes
    if left_out := sorted(set(truth.joints) - set(joints)):
        notes += (f"Not evaluated, as {skeleton.name} lacks them: {', '.join(left_out)}.",)
    kept = []
    for a in truth.annotations:
        triples = np.reshape(a["keypoints"], (-1, 3))[where]
        count = int((triples[:, 2] > 0).sum())
        kept.append({**a, "keypoints": triples.reshape(-1).tolist(), "num_keypoints": count})
    place = {j: n for n, j in enumerate(joints, 1)}
    limbs = [[place[a], place[b]] for a, b in skeleton.limbs if {a, b} <= set(joints)]
    category = {**truth.category, "keypoints": list(joints), "skeleton": limbs}
    return replace(truth, joints=joints, sigmas=truth.sigmas[where], annotations=kept, category=category, notes=notes)
