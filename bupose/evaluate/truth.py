"""What annotated pictures show, checked and completed, in COCO's terms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from bupose import skeletons
from bupose.annotations.categories import read_limbs
from bupose.annotations.names import match_names
from bupose.annotations.own_skeleton import declare_skeleton
from bupose.annotations.reader import Annotations, read
from bupose.annotations.values import id_key
from bupose.errors import InputError, LabelsError, SkeletonError
from bupose.evaluate.regions import Undeclared
from bupose.evaluate.sigmas import choose_sigmas
from bupose.skeleton import Skeleton


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
        Each with ``keypoints``, ``num_keypoints``, ``area``, ``bbox``, ``iscrowd`` and an ``id`` counted from 1;
        ``undeclared`` is the region of those that are no people but places where nobody is annotated.
    category : COCO category dict
    file_joints : names
        In the order of a result file's ``keypoints``, where fewer joints are evaluated than the set has.
    places : K numbers
        Of the joints among ``file_joints``; by default all in order.
    other_ids : frozenset
        Ids of the file's other categories with keypoints: results of these are not about this one.
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
    places: tuple[int, ...] = ()
    other_ids: frozenset = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", self.places or tuple(range(len(self.joints))))

    @cached_property
    def by_image(self) -> dict:
        """Image id -> its annotations."""
        return group_by_image(self.annotations, self.images)

    @cached_property
    def own_ids(self) -> dict:
        """What an id is compared by (:func:`bupose.annotations.id_key`) -> the file's own id."""
        return {id_key(i): i for i in self.images}

    def only(self, image_ids: Iterable) -> Truth:
        """The same for some of the pictures.

        Raises
        ------
        InputError
            An id is not among the pictures.
        """
        wanted = {}
        for i in image_ids:
            if id_key(i) not in self.own_ids or id_key(i) is None:
                raise InputError(f"image id {i!r:.40} is not in the annotations; give ids that are")
            wanted[self.own_ids[id_key(i)]] = None
        images = {i: image for i, image in self.images.items() if i in wanted}
        return replace(self, images=images, annotations=[a for a in self.annotations if a["image_id"] in wanted])

    def skeleton(self) -> Skeleton:
        """A skeleton to draw these joints with: a built-in one, else the category's own.

        Raises
        ------
        LabelsError, SkeletonError
            The pairs do not make one.
        """
        for known in skeletons.SKELETONS.values():
            if known.joints == self.joints:
                return known
        pairs = read_limbs(self.category.get("skeleton"), len(self.joints), "the annotations")
        xy, visibility, *_ = truth_arrays(self.annotations, len(self.joints))
        skeleton, _ = declare_skeleton(str(self.category.get("name") or "own"), self.joints, pairs, xy, visibility > 0)
        return replace(skeleton, sigmas=tuple(self.sigmas))

    def limbs(self) -> np.ndarray:
        """int (L, 2): the joints of each limb of :meth:`skeleton`; none where the pairs make no skeleton."""
        try:
            return self.skeleton().limb_joints
        except (LabelsError, SkeletonError):
            return np.zeros((0, 2), np.int32)

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
    """Annotations in any format that :mod:`bupose.annotations` reads, whatever the category and its joints.

    Parameters
    ----------
    annotations : path of a JSON file, or its content
    skeleton : name, path or Skeleton, optional
        Evaluate the joints that it and the file have in common, with its sigmas; by default all of the file's, with
        the sigmas of the built-in skeletons by name, and for other names estimated (``bupose.evaluate.sigmas``).
    category : name or id, optional
        Where several categories have keypoints; by default ``person``, else the only one.
    image_ids : optional
        Only these pictures.

    Raises
    ------
    InputError
        No such file, not JSON, another format, or no such picture.
    LabelsError
        It contradicts itself; the message names the place.
    """
    if isinstance(annotations, Truth):
        return annotations if image_ids is None else annotations.only(image_ids)
    found = read(annotations, category=category)
    images = {image["id"]: image for image in found.images}
    truth = make_truth(found.joints, images, _entries(found), found.category, found.notes, skeleton)
    truth = replace(truth, other_ids=found.other_ids)
    return truth if image_ids is None else truth.only(image_ids)


def make_truth(
    joints: tuple[str, ...],
    images: dict,
    entries: Sequence[Mapping],
    category: Mapping,
    notes: Sequence[str] = (),
    skeleton: str | Path | Skeleton | None = None,
) -> Truth:
    """Truth of complete annotation dicts; ids are counted from 1, as pycocotools takes 0 for "no match"."""
    numbered = [{**entry, "id": n} for n, entry in enumerate(entries, 1)]
    chosen = None if skeleton is None else skeletons.get(skeleton)
    truth = Truth(tuple(joints), np.zeros(0), images, numbered, dict(category), tuple(joints), tuple(notes))
    truth = truth if chosen is None else _keep_joints(truth, chosen)
    sigmas, more = choose_sigmas(truth.joints, truth.annotations, chosen)
    return replace(truth, sigmas=sigmas, notes=(*truth.notes, *more))


def make_entry(image_id, category_id, xy, visibility, area, box, crowd=False, undeclared=None) -> dict:
    """A complete annotation dict, of joints (K, 2) and their visibility (K,)."""
    triples = np.concatenate([np.nan_to_num(xy), np.asarray(visibility)[:, None]], 1, dtype=np.float64)
    entry = {"image_id": image_id, "category_id": category_id, "keypoints": triples.reshape(-1).tolist()}
    entry |= {"num_keypoints": int((np.asarray(visibility) > 0).sum()), "area": float(area)}
    entry |= {"bbox": [float(side) for side in box], "iscrowd": int(crowd)}
    return entry if undeclared is None else entry | {"undeclared": undeclared}


def whole_picture(image_id, category_id, joints: int, size: tuple[int, int], known: np.ndarray) -> dict:
    """The annotation of a picture that may hold people who are not annotated, but in the ``known`` boxes."""
    box, nothing = (0, 0, *size), np.zeros((joints, 3))
    region = Undeclared(known=known)
    return make_entry(image_id, category_id, nothing[:, :2], nothing[:, 2], size[0] * size[1], box, True, region)


def _entries(found: Annotations) -> list[dict]:
    table, category_id, entries = found.table, found.category["id"], []
    triples = np.concatenate([table.xy, table.visibility[..., None]], 2).reshape(-1, 3 * len(found.joints))
    columns = triples, (table.visibility > 0).sum(1), table.area, table.box, table.crowd.astype(int)
    names = "keypoints", "num_keypoints", "area", "bbox", "iscrowd"
    for n, values in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        image_id = found.images[found.row[n]]["id"]
        entry = {"image_id": image_id, "category_id": category_id} | dict(zip(names, values, strict=True))
        if found.region[n]:
            entry["undeclared"] = Undeclared(found.outlines[n].rings)
        if np.isfinite(found.head_box[n]).all():
            entry["head_box"] = found.head_box[n].tolist()
        entries.append(entry)
    for row, image in enumerate(found.images):
        if image.get("unlisted_people"):
            known, size = table.box[(found.row == row) & table.person], (image["width"], image["height"])
            entries.append(whole_picture(image["id"], category_id, len(found.joints), size, known))
    return entries


def annotated_size(image: Mapping) -> tuple[int, int] | None:
    """(width, height), pixels, of a COCO image dict; None where it does not say."""
    size = image.get("width") or 0, image.get("height") or 0
    return size if all(size) else None


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


def _keep_joints(truth: Truth, skeleton: Skeleton) -> Truth:
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
    kept = []
    for a in truth.annotations:
        triples = np.reshape(a["keypoints"], (-1, 3))[where]
        count = int((triples[:, 2] > 0).sum())
        kept.append({**a, "keypoints": triples.reshape(-1).tolist(), "num_keypoints": count})
    place = {j: n for n, j in enumerate(joints, 1)}
    limbs = [[place[a], place[b]] for a, b in skeleton.limbs if {a, b} <= set(joints)]
    category = {**truth.category, "keypoints": list(joints), "skeleton": limbs}
    return replace(truth, joints=joints, annotations=kept, category=category, notes=notes, places=tuple(where))
