"""Ground truth: checked and completed annotations, as arrays and in COCO's terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from bupose import skeletons
from bupose.annotations.categories import read_limbs
from bupose.annotations.own_skeleton import declare_skeleton
from bupose.annotations.values import id_key
from bupose.errors import InputError, LabelsError, SkeletonError
from bupose.evaluate.undeclared import Undeclared
from bupose.skeleton import Skeleton


@dataclass(frozen=True)
class GroundTruth:
    """The N annotations of a set of pictures: people, crowds and regions where nobody is annotated.

    Parameters
    ----------
    joints : K names
        In the order of the arrays, and of every result's ``keypoints``.
    sigmas : float64 array (K,)
        Of the object keypoint similarity.
    images : dict of image id to COCO image dict
    category : COCO category dict
    image_ids : tuple of N
        The picture of each annotation.
    xy : float64 array (N, K, 2), pixels
    visibility : int array (N, K)
        0 not labelled, 1 hidden, 2 seen.
    area : float64 array (N,), pixels²
    box : float64 array (N, 4), pixels
        x, y, width, height.
    crowd : bool array (N,)
    head_box : float64 array (N, 4), pixels
        NaN if there is none.
    undeclared : tuple of N
        The region, for annotations of regions where nobody is annotated; else None.
    file_joints : names
        In the order of a result file's ``keypoints``, if only some joints of the data set are evaluated.
    places : K numbers
        Indices of the joints in ``file_joints``; by default all in order.
    parts : tuple of name, K' numbers
        Joints of each part, for a skeleton with several parts.
    other_ids : frozenset
        Ids of the file's other categories with keypoints, whose results are ignored.
    notes : sentences
        Notes for readers of the results.
    """

    joints: tuple[str, ...]
    sigmas: np.ndarray
    images: dict
    category: dict
    image_ids: tuple
    xy: np.ndarray
    visibility: np.ndarray
    area: np.ndarray
    box: np.ndarray
    crowd: np.ndarray
    head_box: np.ndarray
    undeclared: tuple[Undeclared | None, ...]
    file_joints: tuple[str, ...]
    places: tuple[int, ...] = ()
    parts: tuple[tuple[str, tuple[int, ...]], ...] = ()
    other_ids: frozenset = frozenset()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", self.places or tuple(range(len(self.joints))))
        for name in ("xy", "area", "box"):
            object.__setattr__(self, name, np.nan_to_num(np.asarray(getattr(self, name), np.float64)))

    def __len__(self) -> int:
        return len(self.xy)

    @property
    def present(self) -> np.ndarray:
        """bool (N, K): labelled joints."""
        return self.visibility > 0

    @property
    def person(self) -> np.ndarray:
        """bool (N,): people to be found; everything else is ignored."""
        return ~self.crowd & self.present.any(1)

    @cached_property
    def rows(self) -> dict:
        """Image id -> indices of its annotations, int array, for every picture."""
        found: dict = {i: [] for i in self.images}
        for n, i in enumerate(self.image_ids):
            found[i].append(n)
        return {i: np.array(rows, np.int64) for i, rows in found.items()}

    @cached_property
    def own_ids(self) -> dict:
        """Normalised id (:func:`bupose.annotations.id_key`) -> the file's own id."""
        return {id_key(i): i for i in self.images}

    @property
    def annotations(self) -> list[dict]:
        """COCO annotation dicts; ids count from 1, as pycocotools takes 0 for "no match"."""
        triples = np.concatenate([self.xy, self.visibility[..., None]], 2).reshape(len(self), 3 * len(self.joints))
        columns = triples, self.present.sum(1), self.area, self.box, self.crowd.astype(int)
        names = "keypoints", "num_keypoints", "area", "bbox", "iscrowd"
        rows = zip(self.image_ids, self.undeclared, *(column.tolist() for column in columns), strict=True)
        return [
            {"id": n, "image_id": image_id, "category_id": self.category["id"], "undeclared": region}
            | dict(zip(names, values, strict=True))
            for n, (image_id, region, *values) in enumerate(rows, 1)
        ]

    def only(self, image_ids: Iterable) -> GroundTruth:
        """A subset of the pictures.

        Raises
        ------
        InputError
            An id is not among the pictures.
        """
        wanted: dict[int | str, None] = {}
        for i in image_ids:
            if id_key(i) not in self.own_ids or id_key(i) is None:
                raise InputError(f"image id {i!r:.40} is not in the annotations; give ids that are")
            wanted[self.own_ids[id_key(i)]] = None
        rows = [n for n, i in enumerate(self.image_ids) if i in wanted]
        arrays: dict[str, Any] = {
            name: getattr(self, name)[rows] for name in ("xy", "visibility", "area", "box", "crowd", "head_box")
        }
        listed: dict[str, Any] = {
            name: tuple(getattr(self, name)[n] for n in rows) for name in ("image_ids", "undeclared")
        }
        images = {i: image for i, image in self.images.items() if i in wanted}
        return replace(self, images=images, **arrays, **listed)

    def only_joints(self, numbers: Sequence[int]) -> GroundTruth:
        """A subset of the joints; people without any of them labelled are ignored."""
        n, joints = list(numbers), tuple(self.joints[k] for k in numbers)
        return replace(
            self,
            joints=joints,
            file_joints=joints,
            places=(),
            parts=(),
            xy=self.xy[:, n],
            visibility=self.visibility[:, n],
            sigmas=self.sigmas[n],
        )

    def skeleton(self) -> Skeleton:
        """A skeleton to draw these joints with: a built-in one, else the category's own.

        Raises
        ------
        LabelsError, SkeletonError
            The pairs do not form one.
        """
        for known in skeletons.SKELETONS.values():
            if known.joints == self.joints:
                return known
        pairs = read_limbs(self.category.get("skeleton"), len(self.joints), "the annotations")
        name = str(self.category.get("name") or "own")
        skeleton, _ = declare_skeleton(name, self.joints, pairs, self.xy, self.present)
        return replace(skeleton, sigmas=tuple(self.sigmas))

    def limbs(self) -> np.ndarray:
        """int (L, 2): joints of each limb of the first part of :meth:`skeleton`; empty if there is no skeleton."""
        try:
            skeleton = self.skeleton()
            return skeleton.limb_joints[skeleton.limb_parts == 0]
        except (LabelsError, SkeletonError):
            return np.zeros((0, 2), np.int32)

    def as_results(self) -> list[dict]:
        """The annotated people as predictions with score 1; unlabelled joints are absent."""
        triples = np.concatenate([self.xy, 0.5 * self.visibility[..., None]], 2) * self.present[..., None]
        return [
            {"image_id": self.image_ids[n], "category_id": self.category["id"], "score": 1.0}
            | {"keypoints": triples[n].reshape(-1).tolist()}
            for n in np.flatnonzero(self.person)
        ]


def annotated_size(image: Mapping) -> tuple[int, int] | None:
    """(width, height), pixels, of a COCO image dict; None if not given."""
    size = image.get("width") or 0, image.get("height") or 0
    return size if all(size) else None
