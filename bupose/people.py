"""Predictions (People) and annotations (Labels) as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from bupose import geometry
from bupose.annotations.formats.coco_wholebody import join_keypoints, write_parts
from bupose.annotations.joint_names import fit_names
from bupose.annotations.values import joint_boxes, numbers_of, read_table, records, split_triples, track_ids
from bupose.errors import DependencyError, LabelsError
from bupose.joint_arrays import JointArrays, joint_columns, pick_by_name
from bupose.proportions import AREA_OF_BOX
from bupose.requirements import of_module
from bupose.skeleton import Skeleton
from bupose.skeletons import COCO_WHOLEBODY
from bupose.wording import counted

if TYPE_CHECKING:
    import pandas

SHOWN = 5  # scores shown by ``repr``


@dataclass(frozen=True, eq=False, repr=False)
class People(JointArrays):
    """P predicted people of one picture.

    ``len``, iteration and indices go by person: ``people[0]``, ``people[:3]``, ``people[people.person_score > 0.5]``
    are People again. ``people["left_wrist"]`` is that joint of everybody, float32 (P, 3): x, y, score. Equality is
    exact; People are not hashable.

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
        Joints without a peak of their own, completed from the other maps.
    ids : int32 array (P,), optional
        Identity of each person across pictures, −1 if unknown. None without identities.
    data : dict of name to array (P, …), optional
        Further data per person; indexing selects its rows, and nothing else changes it but as ``joint_data`` says.
    hidden : bool array (P, K), optional
        Joints found where something hides them. None from a network that does not tell.
    joint_data : sequence of names
        Entries of ``data`` with a value (P, K), or a place (P, K, 2), pixels, for each joint: they go with the joints
        in :meth:`to` and :meth:`flip`, and places with the picture in :meth:`transform`.
    """

    xy: np.ndarray
    score: np.ndarray
    person_score: np.ndarray
    skeleton: Skeleton
    completed: np.ndarray = None  # type: ignore[assignment]  # None is filled in
    ids: np.ndarray | None = None
    data: dict[str, np.ndarray] = field(default_factory=dict)
    hidden: np.ndarray | None = None
    joint_data: Sequence[str] = ()
    thirds: ClassVar[str] = "score"

    def __post_init__(self) -> None:
        p, k = self._count()
        completed = np.zeros((p, k), bool) if self.completed is None else self.completed
        self._put("xy", self.xy, np.float32, (p, k, 2))
        self._put("score", self.score, np.float32, (p, k))
        self._put("person_score", self.person_score, np.float32, (p,))
        self._put("completed", completed, bool, (p, k))
        if self.hidden is not None:
            self._put("hidden", self.hidden, bool, (p, k))
        self._put_ids()
        self._put_data()

    @classmethod
    def nobody(cls, skeleton: Skeleton) -> People:
        """An empty picture."""
        return cls(np.zeros((0, len(skeleton.joints), 2)), np.zeros((0, len(skeleton.joints))), np.zeros(0), skeleton)

    def __repr__(self) -> str:
        scores = ", ".join(f"{s:.2f}" for s in self.person_score[:SHOWN])
        return f"{super().__repr__()[:-1]}{': ' * bool(scores)}{scores}{', …' * (len(self) > SHOWN)})"

    @property
    def present(self) -> np.ndarray:
        """bool (P, K): whether each joint was found."""
        present: np.ndarray = ~np.isnan(self.xy[..., 0])
        return present

    @property
    def part_scores(self) -> np.ndarray:
        """float32 (P, parts): the person score, then of each further part the mean joint score, 0 for absent joints."""
        others = [self.score[:, n].mean(1) for n in list(self.skeleton.part_joints.values())[1:]]
        return np.stack([self.person_score, *others], 1)

    def transform(self, matrix: np.ndarray) -> People:
        """The same people in another picture's pixels, by a 2x3 ``matrix``."""
        return replace(self, xy=geometry.apply(matrix, self.xy), data=self._moved_data(matrix))

    def flip(self, width: int) -> People:
        """The people of the mirrored picture: left joints become right ones."""
        moved, m = self.transform(geometry.flip(width)), self.skeleton.mirror_joints
        hidden = None if self.hidden is None else self.hidden[:, m]
        data = {name: values[:, m] if name in self.joint_data else values for name, values in moved.data.items()}
        return replace(self, xy=moved.xy[:, m], score=self.score[:, m], completed=self.completed[:, m], hidden=hidden,
                       data=data)  # fmt: skip

    def to(self, skeleton: Skeleton) -> People:
        """The same people with another skeleton's joints, found by name; derived joints are computed, others absent."""
        visible = np.zeros_like(self.completed) if self.hidden is None else ~self.hidden
        arrays = self.xy, self.score, self.completed, visible
        xy, score, completed, visible = pick_by_name(arrays, self.skeleton.joints, skeleton, self.present)
        hidden = None if self.hidden is None else ~np.isnan(xy[..., 0]) & ~visible
        data = self._data_for(skeleton)
        return replace(self, xy=xy, score=score, skeleton=skeleton, completed=completed, hidden=hidden, data=data)

    def boxes(self) -> np.ndarray:
        """float32 (P, 4): x, y, width, height of the found joints, pixels; 0 where a person has none."""
        return joint_boxes(self.xy, self.present).astype(np.float32)

    def triples(self) -> np.ndarray:
        """float64 (P, K, 3): x, y, score of each joint, rounded to four decimals for files; 0 where absent."""
        triples = np.concatenate([self.xy, self.score[..., None]], 2).astype(np.float64)
        return np.where(self.present[..., None], triples, 0.0).round(4)

    def to_coco(
        self, image_id: int, skeleton: Skeleton | None = None, category_id: int | str = 1
    ) -> list[dict[str, Any]]:
        """COCO results (cocodataset.org/#format-results): one dict per person.

        ``keypoints`` holds x, y, score for each joint of ``skeleton`` (default: the people's own), 0, 0, 0 for an
        absent joint. COCO's evaluation ignores the third number. Known ``ids`` are written as ``track_id``, and where
        it is known, ``hidden`` holds 1 for each joint that something hides, else 0. Further parts get a score each;
        people of ``coco_wholebody`` have COCO-WholeBody's lists and names.
        """
        people = self if skeleton is None else self.to(skeleton)
        ids = [-1] * len(people) if people.ids is None else people.ids.tolist()
        common = {"image_id": image_id, "category_id": category_id}
        results = []
        for n, (t, s, i) in enumerate(zip(people.triples(), people.part_scores.round(6).tolist(), ids, strict=True)):
            result = common | write_parts(people.skeleton, t.reshape(-1).tolist(), s)
            result |= {"track_id": i} if i >= 0 else {}
            result |= {} if people.hidden is None else {"hidden": people.hidden[n].astype(int).tolist()}
            results.append(result)
        return results

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas.DataFrame with one person per row: score, then x, y, score of each joint, NaN where absent.

        Its columns are those of people.csv, ``score``, ``nose_x``, ``nose_y``, ``nose_score`` and so on.

        Raises
        ------
        DependencyError
            pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise DependencyError(f"to_pandas() needs pandas, not installed; {of_module('pandas').remedy}") from None
        triples = np.concatenate([self.xy, np.where(self.present, self.score, np.nan)[..., None]], 2)
        table = np.column_stack([self.person_score, triples.reshape(len(self), 3 * len(self.skeleton.joints))])
        return pandas.DataFrame(table, columns=["score", *joint_columns(self.skeleton)])

    @classmethod
    def from_coco(cls, results: Iterable[Mapping[str, Any]], skeleton: Skeleton) -> People:
        """People from COCO result dicts of one picture, joints in the skeleton's order.

        Raises
        ------
        LabelsError
            A result has another number of keypoints, or non-numeric values.
        """
        results, k = records(list(results), "results", "what was given"), len(skeleton.joints)
        whole = skeleton.joints == COCO_WHOLEBODY.joints
        lists = [join_keypoints(r) if whole else r.get("keypoints") for r in results]
        rows = [numbers_of(numbers, "a COCO result").reshape(-1) for numbers in lists]
        for row in rows:
            if row.size != 3 * k:
                raise LabelsError(
                    f"a COCO result has {counted(row.size, 'keypoint number')}; {skeleton.name} needs {3 * k}"
                )
            if not (np.abs(row) < 1e9).all():
                raise LabelsError("a COCO result holds numbers that are not finite; write 0, 0, 0 for an absent joint")
        xy, joint_scores = split_triples(np.array(rows, np.float64).reshape(-1, k, 3))
        scores = [numbers_of(r.get("score", 1.0), "a COCO result", "a score") for r in results]
        hidden = [numbers_of(r["hidden"], "a COCO result", "hidden") for r in results if "hidden" in r]
        told = np.array(hidden) if results and len(hidden) == len(results) else None
        return cls(xy, joint_scores, np.array(scores), skeleton, ids=track_ids(results), hidden=told)


@dataclass(frozen=True, eq=False, repr=False)
class Labels(JointArrays):
    """P annotated people of one picture.

    Indices and ``==`` are those of :class:`People`; ``labels["left_wrist"]`` is x, y, visibility.

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
    ids : int32 array (P,), optional
        As of :class:`People`.
    """

    xy: np.ndarray
    visibility: np.ndarray
    skeleton: Skeleton
    area: np.ndarray = None  # type: ignore[assignment]  # None is filled in, here and below
    box: np.ndarray = None  # type: ignore[assignment]
    ids: np.ndarray | None = None
    thirds: ClassVar[str] = "visibility"

    def __post_init__(self) -> None:
        p, k = self._count()
        self._put("xy", self.xy, np.float32, (p, k, 2))
        self._put("visibility", self.visibility, np.int32, (p, k))
        box = joint_boxes(self.xy, self.visibility > 0) if self.box is None else self.box
        self._put("box", box, np.float32, (p, 4))
        area = self.box[:, 2] * self.box[:, 3] * AREA_OF_BOX if self.area is None else self.area
        self._put("area", area, np.float32, (p,))
        self._put_ids()

    @classmethod
    def nobody(cls, skeleton: Skeleton) -> Labels:
        """An empty picture."""
        return cls(np.zeros((0, len(skeleton.joints), 2)), np.zeros((0, len(skeleton.joints))), skeleton)

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
        xy, visibility = pick_by_name((self.xy, self.visibility), self.skeleton.joints, skeleton, self.present)
        return replace(self, xy=xy, visibility=visibility, skeleton=skeleton)

    @classmethod
    def from_coco(
        cls, annotations: Iterable[Mapping[str, Any]], skeleton: Skeleton, joints: Sequence[str] | None = None
    ) -> Labels:
        """Labels from COCO annotation dicts of one picture.

        Parameters
        ----------
        annotations : iterable of dicts
            With ``keypoints`` (x, y, v for each joint) and, if known, ``area``, ``bbox`` and ``track_id``.
        skeleton : Skeleton
            Target joints; those that the file lacks are derived where declared, else unlabelled.
        joints : sequence of names, optional
            The file's joint names (its category's ``keypoints``); by default the skeleton's own.

        Raises
        ------
        LabelsError
            An annotation has another number of keypoints than names, or non-numeric values.
        """
        annotations = records(list(annotations), "annotations", "what was given")
        names = list(joints or skeleton.joints)
        names = fit_names(names, skeleton, "what was given")[0] if joints else names
        table = read_table(annotations, len(names))
        labels = cls.by_name(table.xy, table.visibility, names, skeleton, area=table.area, box=table.box)
        return replace(labels, ids=track_ids(annotations))

    @classmethod
    def by_name(
        cls, xy: np.ndarray, visibility: np.ndarray, names: Sequence[str], skeleton: Skeleton, **known: np.ndarray
    ) -> Labels:
        """Labels from arrays with joints ``names``: those of the skeleton are selected or derived.

        ``known`` are ``area`` and ``box``, as of :class:`Labels`.
        """
        seen = visibility > 0
        xy, visibility = pick_by_name((xy.astype(np.float32), visibility), names, skeleton, seen)
        return cls(xy, visibility, skeleton, **known)

    def to_people(self) -> People:
        """The labels as predictions with score 1."""
        here = self.present
        return People(np.where(here[..., None], self.xy, np.nan), here, np.ones(len(self)), self.skeleton, ids=self.ids)
