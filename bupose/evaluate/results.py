"""What was predicted for annotated pictures, checked, in COCO's terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from bupose.errors import InputError, LabelsError
from bupose.evaluate.truth import Truth, group_by_image, load_json, read_numbers, read_truth
from bupose.people import People


def read_results(results: str | Path | Sequence[Mapping] | Mapping[int, People], truth: Truth) -> list[dict]:
    """COCO results for the pictures of ``truth``, in the order of its joints.

    Parameters
    ----------
    results : path of a JSON file, list of COCO result dicts, or mapping of image id to People
        Joints of People are found by name; those of dicts are in the annotation file's order.
    truth : Truth

    Raises
    ------
    InputError
        No such file, not COCO results, or none of them is of these pictures.
    LabelsError
        A number of keypoints other than the names, or a number that is not finite.
    """
    if isinstance(results, Mapping) and all(isinstance(p, People) for p in results.values()):
        results = as_results(results, truth)
    listed, name = load_json(results)
    if not isinstance(listed, list) or not all(isinstance(r, Mapping) and "keypoints" in r for r in listed):
        raise InputError(f"{name} is not COCO results; it must be a list of objects with image_id, keypoints and score")
    mine = [r for r in listed if r.get("image_id") in truth.images]
    if listed and not mine:
        got = f"{name} is about image {listed[0].get('image_id')!r} and others"
        raise InputError(f"{got}, none of which is among the {len(truth.images)} annotated; check that they belong")
    names = truth.file_joints
    where = [names.index(j) for j in truth.joints]
    out = []
    for r in mine:
        numbers = read_numbers(r["keypoints"], f"a result of image {r['image_id']}")
        if numbers.shape != (3 * len(names),):
            got = f"a result of image {r['image_id']} has {numbers.size} keypoint numbers"
            raise LabelsError(f"{got}; {len(names)} joints need {3 * len(names)}: were they made for other joints?")
        score = read_numbers(r.get("score", 1.0), f"the score of a result of image {r['image_id']}")
        if not np.isfinite(numbers).all() or not np.isfinite(score).all():
            got = f"a result of image {r['image_id']} holds numbers that are not finite"
            raise LabelsError(f"{got}; write 0, 0, 0 for an absent joint")
        triples = numbers.reshape(-1, 3)[where]
        result = {"image_id": r["image_id"], "category_id": truth.category["id"], "score": float(score)}
        out.append({**result, "keypoints": triples.reshape(-1).tolist()})
    return out


def read_both(
    results: str | Path | Sequence[Mapping] | Mapping[int, People],
    annotations: str | Path | Mapping | Truth,
    image_ids: Iterable | None = None,
    **choice,
) -> tuple[list[dict], Truth]:
    """:func:`read_results` and :func:`read_truth`, and of both only the chosen pictures."""
    truth = read_truth(annotations, **choice)
    results = read_results(results, truth)
    if image_ids is None:
        return results, truth
    truth = truth.only(image_ids)
    return [r for r in results if r["image_id"] in truth.images], truth


def results_by_image(results: Iterable[dict], truth: Truth) -> dict:
    """Image id -> its results, the best score first."""
    found = group_by_image(results, truth.images)
    return {i: sorted(rs, key=lambda r: -r["score"]) for i, rs in found.items()}


def result_arrays(results: Sequence[Mapping], joints: int) -> tuple[np.ndarray, np.ndarray]:
    """float64 (P, K, 2) pixels, NaN where a joint is absent (0, 0, 0), and the joints' scores (P, K)."""
    triples = np.array([r["keypoints"] for r in results], np.float64).reshape(-1, joints, 3)
    return np.where((triples == 0).all(2)[..., None], np.nan, triples[..., :2]), triples[..., 2]


def as_results(found: Mapping[int, People], truth: Truth) -> list[dict]:
    """COCO results of people by image id, joints found by name and put in the order of the annotation file."""
    return [r for image_id, people in found.items() for r in _person_results(people, image_id, truth)]


def _person_results(people: People, image_id, truth: Truth) -> list[dict]:
    names = people.skeleton.joints
    where = [names.index(j) if j in names else -1 for j in truth.file_joints]
    triples = np.concatenate([np.nan_to_num(people.xy), people.score[..., None]], 2).astype(np.float64)
    triples = np.where(people.present[..., None], triples, 0).round(4)
    triples = np.concatenate([triples, np.zeros((len(people), 1, 3))], 1)[:, where]
    common = {"image_id": image_id, "category_id": truth.category["id"]}
    return [
        {**common, "keypoints": t.reshape(-1).tolist(), "score": float(s)}
        for t, s in zip(triples, people.person_score, strict=True)
    ]
