"""Predictions for annotated pictures, checked, in COCO's terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bupose.annotations.formats.coco_wholebody import join_keypoints, score_key
from bupose.annotations.joint_names import match_names
from bupose.annotations.json_file import load_json
from bupose.annotations.values import id_key, kind_of, listed, numbers_of, refuse_shares, split_triples
from bupose.errors import InputError, LabelsError
from bupose.evaluate.ground_truth import GroundTruth
from bupose.evaluate.reading import read_ground_truth
from bupose.people import People
from bupose.skeletons import COCO_WHOLEBODY


def read_results(results: str | Path | Sequence[Mapping] | Mapping[int, People], truth: GroundTruth) -> list[dict]:
    """Read COCO results for the pictures of ``truth``, in the order of its joints.

    Parameters
    ----------
    results : path of a JSON file, list of COCO result dicts, or mapping of image id to People
        Joints of People are found by name; those of dicts are in the annotation file's order.
    truth : GroundTruth

    Raises
    ------
    InputError
        No such file, not COCO results, or none of these pictures.
    LabelsError
        A wrong number of keypoints, or values that are not finite.
    """
    return _read_results(results, truth)[0]


def _read_results(results, truth: GroundTruth) -> tuple[list[dict], tuple[str, ...]]:
    """:func:`read_results`, with notes."""
    notes: list[str] = []
    if isinstance(results, Mapping) and all(isinstance(p, People) for p in results.values()):
        notes += _tell_matches(results.values(), truth)
        results = as_results(results, truth)
    listed_ones, name = load_json(results)
    if not isinstance(listed_ones, list) or not all(isinstance(r, Mapping) and "keypoints" in r for r in listed_ones):
        raise InputError(f"{name} is not COCO results; it must be a list of objects with image_id, keypoints and score")
    mine, strange = [], []
    for r in listed_ones:
        key = id_key(r.get("image_id"))
        if key is None:
            got = f"{name} has a result of image {r.get('image_id')!r:.40}"
            raise LabelsError(f"{got}; give the id of an annotated picture as image_id")
        if key in truth.own_ids:
            mine.append((truth.own_ids[key], r))
        else:
            strange.append(r["image_id"])
    if strange and not mine:
        got = f"{name} is about image {listed(dict.fromkeys(strange))}"
        raise InputError(f"{got}, none of which is among the {len(truth.images)} annotated; check that they belong")
    if strange:
        which = listed(dict.fromkeys(strange))
        count = f"{len(strange)} of {len(listed_ones)} results"
        notes.append(f"Of pictures that are not annotated, left out: {count} (image {which}).")
    mine, more = _of_category(mine, truth)
    if unsure := sum("score" not in r for _, r in mine):
        notes.append(f"Without a score, taken as 1: {unsure} of {len(listed_ones)} results.")
    read_ones = [_read_result(r, image_id, truth) for image_id, r in mine]
    triples = np.array([r["keypoints"] for r in read_ones], np.float64).reshape(-1, 3)
    refuse_shares(triples[(triples[:, :2] != 0).any(1), :2], f"{name}: ")
    return read_ones, (*notes, *more)


def _of_category(results: list[tuple], truth: GroundTruth) -> tuple[list[tuple], list[str]]:
    """Results of the evaluated category, with notes.

    If all are of other categories, they come from a program that does not know the file's ids, and count.
    """
    others = [r for _, r in results if id_key(r.get("category_id")) in truth.other_ids]
    if not others:
        return results, []
    which = listed(dict.fromkeys(r["category_id"] for r in others))
    if len(others) == len(results):
        name = truth.category.get("name", truth.category["id"])
        return results, [f"Of another category (id {which}), taken as {name!r:.40}: all results."]
    mine = [(i, r) for i, r in results if id_key(r.get("category_id")) not in truth.other_ids]
    return mine, [f"Of other categories, left out: {len(others)} of {len(results)} results (id {which})."]


def _read_result(result: Mapping, image_id, truth: GroundTruth) -> dict:
    whose, names = f"a result of image {image_id!r:.40}", truth.file_joints
    whole = names == COCO_WHOLEBODY.joints
    numbers = numbers_of(join_keypoints(result, whose) if whole else result["keypoints"], whose)
    if numbers.shape == (len(names), 3):
        numbers = numbers.reshape(-1)
    if numbers.shape != (3 * len(names),):
        got = f"{whose} has {numbers.size} keypoint numbers"
        raise LabelsError(f"{got}; {len(names)} joints need {3 * len(names)}: were they made for other joints?")
    if not (np.isfinite(numbers) & (np.abs(numbers) < _LARGEST)).all():
        raise LabelsError(f"{whose} holds numbers that are not finite; write 0, 0, 0 for an absent joint")
    triples = numbers.reshape(-1, 3)[list(truth.places)]
    own = _score(result, "score", whose)
    out = {"image_id": image_id, "category_id": truth.category["id"], "score": own}
    if truth.parts:
        keys = {part: score_key(part) for part, _ in truth.parts[1:]}
        out["score"] = _score(result, "wholebody_score", whose) if "wholebody_score" in result else own
        scores = {part: _score(result, key, whose) if key in result else out["score"] for part, key in keys.items()}
        out["part_scores"] = {truth.parts[0][0]: own} | scores
    return {**out, "keypoints": triples.reshape(-1).tolist()}


def _score(result: Mapping, key: str, whose: str) -> float:
    try:
        score = np.asarray(result.get(key, 1.0), np.float64)
    except (TypeError, ValueError, OverflowError):
        score = np.zeros(0)
    if score.shape != ():
        raise LabelsError(f"{whose} has {kind_of(result[key])} as its {key}; write a number")
    if not abs(float(score)) < _LARGEST:
        raise LabelsError(f"{whose} holds numbers that are not finite; write 0, 0, 0 for an absent joint")
    return float(score)


_LARGEST = 1e9  # px and score; squares of larger numbers overflow


def _tell_matches(people: Iterable[People], truth: GroundTruth) -> list[str]:
    """A note on which joints of the annotations the people have, unless they have all.

    Raises
    ------
    LabelsError
        None.
    """
    notes: dict[str, None] = {}
    for skeleton in {p.skeleton.joints: p.skeleton for p in people}.values():
        where = match_names(truth.joints, skeleton.joints)
        if max(where) < 0:
            raise LabelsError(
                f"people of {skeleton.name!r} ({', '.join(skeleton.joints)}) share no joint with the annotations "
                f"({', '.join(truth.joints)}); evaluate people of these joints"
            )
        if lacking := [j for j, n in zip(truth.joints, where, strict=True) if n < 0]:
            matched = f"Joints matched: {len(where) - len(lacking)} of {len(where)} annotated"
            notes[f"{matched}; {skeleton.name} lacks {', '.join(lacking)}, which count as not found."] = None
    return list(notes)


def read_both(
    results: str | Path | Sequence[Mapping] | Mapping[int, People],
    annotations: str | Path | Mapping | GroundTruth,
    image_ids: Iterable | None = None,
    **choice,
) -> tuple[list[dict], GroundTruth]:
    """:func:`read_results` and :func:`bupose.evaluate.read_ground_truth`, restricted to the chosen pictures.

    Notes are kept with the ground truth. Its ``file_joints`` are then those of the results, so that both may be read
    again.
    """
    truth = read_ground_truth(annotations, **choice)
    results, notes = _read_results(results, truth)
    notes = truth.notes + tuple(note for note in notes if note not in truth.notes)
    truth = replace(truth, notes=notes, file_joints=truth.joints, places=())
    if image_ids is None:
        return results, truth
    truth = truth.only(image_ids)
    return [r for r in results if r["image_id"] in truth.images], truth


def results_by_image(results: Iterable[Mapping], truth: GroundTruth) -> dict:
    """Image id -> its results, best score first."""
    found: dict = {i: [] for i in truth.images}
    for result in results:
        found[result["image_id"]].append(result)
    return {i: sorted(rs, key=lambda r: -r["score"]) for i, rs in found.items()}


def result_arrays(results: Sequence[Mapping], joints: int) -> tuple[np.ndarray, np.ndarray]:
    """float64 (P, K, 2) pixels, NaN where a joint is absent (0, 0, 0), and the joints' scores (P, K)."""
    return split_triples(np.array([r["keypoints"] for r in results], np.float64).reshape(-1, joints, 3))


def as_results(found: Mapping[int, People], truth: GroundTruth) -> list[dict]:
    """COCO results of people by image id, joints matched by name and in the order of the annotation file."""
    own = truth.own_ids
    kind = truth.category["id"]
    return [
        result
        for i, people in found.items()
        for result in person_results(people, own.get(id_key(i), i), truth.file_joints, kind)
    ]


def person_results(people: People, image_id, joints: Sequence[str], category_id=1) -> list[dict]:
    """COCO results of one picture's people, with the given joints, matched by name, and known ids as ``track_id``."""
    where = match_names(joints, people.skeleton.joints)
    triples = np.concatenate([people.triples(), np.zeros((len(people), 1, 3))], 1)[:, where]
    common = {"image_id": image_id, "category_id": category_id}
    parts = [score_key(part) for part, _ in people.skeleton.parts[1:]]
    ids = [-1] * len(people) if people.ids is None else people.ids.tolist()
    return [
        {**common, "keypoints": t.reshape(-1).tolist(), "score": s[0], **dict(zip(parts, s[1:], strict=True))}
        | ({"track_id": i} if i >= 0 else {})
        for t, s, i in zip(triples, people.part_scores.tolist(), ids, strict=True)
    ]
