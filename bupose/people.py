"""Who is there: predictions (People) and annotations (Labels), as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bupose import geometry, skeletons
from bupose.annotations.names import fit_names
from bupose.annotations.values import AREA_OF_BOX, joint_boxes, numbers_of, read_table, records
from bupose.errors import LabelsError
from bupose.skeleton import Skeleton
from bupose.wording import counted


@dataclass(frozen=True)
class People:
    """P predicted people of one picture.

    Parameters
    ----------
    xy : float32 array (P, K, 2), pixels
        Joint positions (x, y); NaN where a joint is absent.
    score : float32 array (P, K)
        Confidence of each joint in [0, 1], 0 where it is absent.
    person_score : float32 array (P,)
        Confidence in each person in [0, 1]; people are listed best first.
    skeleton : Skeleton
        Names the K joints.
    completed : bool array (P, K), optional
        Joints without a peak of their own, filled in along a limb's field.
    """

    xy: np.ndarray
    score: np.ndarray
    person_score: np.ndarray
    skeleton: Skeleton
    completed: np.ndarray | None = None

    def __post_init__(self) -> None:
        p, k = _count_people(self)
        completed = np.zeros((p, k), bool) if self.completed is None else self.completed
        _put_array(self, "xy", self.xy, np.float32, (p, k, 2))
        _put_array(self, "score", self.score, np.float32, (p, k))
        _put_array(self, "person_score", self.person_score, np.float32, (p,))
        _put_array(self, "completed", completed, bool, (p, k))

    @classmethod
    def nobody(cls, skeleton: Skeleton) -> People:
        """An empty picture."""
        return cls(np.zeros((0, len(skeleton.joints), 2)), np.zeros((0, len(skeleton.joints))), np.zeros(0), skeleton)

    def __len__(self) -> int:
        return len(self.xy)

    def __getitem__(self, rows) -> People:
        """Some of the people: an index, a slice, a mask or a list of indices."""
        if isinstance(rows, (int, np.integer)):
            rows = [rows]
        return People(self.xy[rows], self.score[rows], self.person_score[rows], self.skeleton, self.completed[rows])

    @property
    def present(self) -> np.ndarray:
        """bool (P, K): joints that were found."""
        return ~np.isnan(self.xy[..., 0])

    def transform(self, matrix: np.ndarray) -> People:
        """The same people in another picture's pixels, by a 2x3 ``matrix``."""
        return replace(self, xy=geometry.apply(matrix, self.xy))

    def flip(self, width: int) -> People:
        """The people of the mirrored picture: left joints become right ones."""
        m = self.skeleton.mirror_joints
        xy = geometry.apply(geometry.flip(width), self.xy)[:, m]
        return People(xy, self.score[:, m], self.person_score, self.skeleton, self.completed[:, m])

    def to(self, skeleton: Skeleton) -> People:
        """The same people with another skeleton's joints, found by name; derived joints are computed, others absent."""
        xy, score, completed = _by_name(
            (self.xy, self.score, self.completed), self.skeleton.joints, skeleton, self.present
        )
        return People(xy, score, self.person_score, skeleton, completed)

    def boxes(self) -> np.ndarray:
        """float32 (P, 4): x, y, width, height of the found joints, pixels; 0 where a person has none."""
        if not len(self):
            return np.zeros((0, 4), np.float32)
        here = self.present[..., None]
        low = np.where(here, self.xy, np.inf).min(1)
        high = np.where(here, self.xy, -np.inf).max(1)
        box = np.concatenate([low, high - low], 1)
        return np.where(np.isfinite(box), box, 0).astype(np.float32)

    def to_coco(self, image_id: int, skeleton: Skeleton | None = None, category_id: int = 1) -> list[dict]:
        """COCO results (cocodataset.org/#format-results): one dict a person.

        ``keypoints`` holds x, y, score for each joint of ``skeleton`` (default: the people's own), 0, 0, 0 for an
        absent joint. COCO results carry no visibility flag: its evaluation ignores the third number, and readers
        get the joint's score from it.
        """
        people = self if skeleton is None else self.to(skeleton)
        triples = np.concatenate([people.xy, people.score[..., None]], 2).astype(np.float64)
        triples = np.where(people.present[..., None], triples, 0.0).round(4)
        return [
            {
                "image_id": image_id,
                "category_id": category_id,
                "keypoints": t.reshape(-1).tolist(),
                "score": float(s),
            }
            for t, s in zip(triples, people.person_score.round(6).tolist(), strict=True)
        ]

    @classmethod
    def from_coco(cls, results: Iterable[Mapping], skeleton: Skeleton) -> People:
        """People from COCO result dicts of one picture, joints in the skeleton's order.

        Raises
        ------
        LabelsError
            A result has another number of keypoints, or something that is no number.
        """
        results, k = records(list(results), "results", "what was given"), len(skeleton.joints)
        rows = [numbers_of(r.get("keypoints"), "a COCO result").reshape(-1) for r in results]
        for row in rows:
            if row.size != 3 * k:
                raise LabelsError(
                    f"a COCO result has {counted(row.size, 'keypoint number')}; {skeleton.name} needs {3 * k}"
                )
            if not (np.abs(row) < 1e9).all():
                raise LabelsError("a COCO result holds numbers that are not finite; write 0, 0, 0 for an absent joint")
        triples = np.array(rows, np.float64).reshape(-1, k, 3)
        absent = (triples == 0).all(2)
        xy = np.where(absent[..., None], np.nan, triples[..., :2])
        scores = [numbers_of(r.get("score", 1.0), "a COCO result", "a score") for r in results]
        return cls(xy, triples[..., 2], scores, skeleton)


@dataclass(frozen=True)
class Labels:
    """P annotated people of one picture.

    Parameters
    ----------
    xy : float32 array (P, K, 2), pixels
        Joint positions (x, y); meaningless where visibility is 0.
    visibility : int array (P, K)
        0 not labelled, 1 labelled but hidden, 2 labelled and visible (COCO).
    skeleton : Skeleton
        Names the K joints.
    area : float32 array (P,), pixels², optional
        Segment areas (OKS needs them); by default 0.53 of the joints' box, COCO's average.
    box : float32 array (P, 4), pixels, optional
        x, y, width, height; by default the joints' box.
    """

    xy: np.ndarray
    visibility: np.ndarray
    skeleton: Skeleton
    area: np.ndarray | None = None
    box: np.ndarray | None = None

    def __post_init__(self) -> None:
        p, k = _count_people(self)
        _put_array(self, "xy", self.xy, np.float32, (p, k, 2))
        _put_array(self, "visibility", self.visibility, np.int32, (p, k))
        box = joint_boxes(self.xy, self.visibility > 0) if self.box is None else self.box
        _put_array(self, "box", box, np.float32, (p, 4))
        area = self.box[:, 2] * self.box[:, 3] * AREA_OF_BOX if self.area is None else self.area
        _put_array(self, "area", area, np.float32, (p,))

    @classmethod
    def nobody(cls, skeleton: Skeleton) -> Labels:
        """An empty picture."""
        return cls(np.zeros((0, len(skeleton.joints), 2)), np.zeros((0, len(skeleton.joints))), skeleton)

    def __len__(self) -> int:
        return len(self.xy)

    def __getitem__(self, rows) -> Labels:
        if isinstance(rows, (int, np.integer)):
            rows = [rows]
        return Labels(self.xy[rows], self.visibility[rows], self.skeleton, self.area[rows], self.box[rows])

    @property
    def present(self) -> np.ndarray:
        """bool (P, K): joints that are labelled."""
        return self.visibility > 0

    def transform(self, matrix: np.ndarray) -> Labels:
        """The same labels in another picture's pixels; boxes become the boxes of the moved corners."""
        x, y, w, h = np.moveaxis(self.box.astype(np.float64), -1, 0)
        corners = np.stack([np.stack([x + i * w, y + j * h], -1) for i in (0, 1) for j in (0, 1)], 1)
        corners = geometry.apply(matrix, corners)
        low, high = corners.min(1), corners.max(1)
        return replace(
            self,
            xy=geometry.apply(matrix, self.xy),
            box=np.concatenate([low, high - low], -1),
            area=self.area * geometry.area_factor(matrix),
        )

    def flip(self, width: int) -> Labels:
        """The labels of the mirrored picture: left joints become right ones."""
        moved, m = self.transform(geometry.flip(width)), self.skeleton.mirror_joints
        return replace(moved, xy=moved.xy[:, m], visibility=moved.visibility[:, m])

    def to(self, skeleton: Skeleton) -> Labels:
        """The same labels with another skeleton's joints, found by name; derived joints are computed."""
        xy, visibility = _by_name((self.xy, self.visibility), self.skeleton.joints, skeleton, self.present)
        return Labels(xy, visibility, skeleton, self.area, self.box)

    @classmethod
    def from_coco(
        cls, annotations: Iterable[Mapping], skeleton: Skeleton, joints: Sequence[str] | None = None
    ) -> Labels:
        """Labels from COCO annotation dicts of one picture.

        Parameters
        ----------
        annotations : iterable of dicts
            With ``keypoints`` (x, y, v for each joint) and, if known, ``area`` and ``bbox``.
        skeleton : Skeleton
            Whose joints to give; those that the file lacks are derived where declared, else unlabelled.
        joints : sequence of names, optional
            The file's joint names (its category's ``keypoints``); by default the skeleton's own.

        Raises
        ------
        LabelsError
            An annotation has a number of keypoints other than the names, or something that is no number.
        """
        annotations = records(list(annotations), "annotations", "what was given")
        names = list(joints or skeleton.joints)
        names = fit_names(names, skeleton, "what was given")[0] if joints else names
        table = read_table(annotations, len(names))
        return cls.by_name(table.xy, table.visibility, names, skeleton, table.area, table.box)

    @classmethod
    def by_name(cls, xy, visibility, names: Sequence[str], skeleton: Skeleton, area=None, box=None) -> Labels:
        """Labels from arrays with joints of these ``names``: those of the skeleton are picked, or derived."""
        seen = visibility > 0
        xy, visibility = _by_name((xy.astype(np.float32), visibility), names, skeleton, seen)
        return cls(xy, visibility, skeleton, area, box)

    def to_people(self) -> People:
        """The labels as if they were predictions of full confidence."""
        here = self.present
        return People(np.where(here[..., None], self.xy, np.nan), here, np.ones(len(self)), self.skeleton)


def _count_people(record: People | Labels) -> tuple[int, int]:
    """How many people and joints the record says it has; its skeleton may have been given by name."""
    object.__setattr__(record, "skeleton", skeletons.get(record.skeleton))
    if not hasattr(record.xy, "__len__") or isinstance(record.xy, str):
        raise LabelsError(f"xy must be an array (people, joints, 2); got {type(record.xy).__name__}")
    return len(record.xy), len(record.skeleton.joints)


def _put_array(record: People | Labels, name: str, values, dtype, shape: tuple[int, ...]) -> None:
    """Store ``values`` in the frozen ``record`` as an array of this type and shape; nobody may have any shape."""
    try:
        array = np.asarray(values, dtype)
    except (TypeError, ValueError, OverflowError) as problem:
        raise LabelsError(f"{name} must be an array of numbers; got {type(values).__name__}: {problem}") from None
    if array.shape != shape and not (array.size == 0 and shape[0] == 0):
        many = f"{counted(shape[0], 'person')} of {counted(len(record.skeleton.joints), 'joint')}"
        raise LabelsError(f"{name} has shape {array.shape}, where {many} would have {shape}")
    object.__setattr__(record, name, array.reshape(shape))


def _by_name(arrays: Sequence[np.ndarray], names: Sequence[str], skeleton: Skeleton, present: np.ndarray) -> list:
    """Pick each array's joints (axis 1) for another skeleton; derived joints are the mean of their parts.

    A derived joint is present when all its parts are; its score or visibility is the least of theirs.
    """
    where = skeleton.mapping(names)
    out = []
    for a in arrays:
        absent = np.nan if a.ndim == 3 else 0
        picked = a[:, np.maximum(where, 0)]
        known = (where >= 0) if a.ndim == 2 else (where >= 0)[:, None]
        out.append(np.where(known, picked, np.asarray(absent, a.dtype)))
    number = {n: i for i, n in enumerate(names)}
    for joint, parts in skeleton.derived:
        if joint in number or not set(parts) <= set(number):
            continue
        rows, k = [number[p] for p in parts], skeleton.index[joint]
        all_there = present[:, rows].all(1)
        for a, o in zip(arrays, out, strict=True):
            if a.ndim == 3:
                o[:, k] = np.where(all_there[:, None], a[:, rows].mean(1), np.nan)
            else:
                o[:, k] = np.where(all_there, a[:, rows].min(1), 0)
    return out
