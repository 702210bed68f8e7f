"""People of several parts: whoever lacks hands is a whole person."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from bupose import skeletons
from bupose.evaluate import oks
from bupose.maps import Grid
from bupose.methods.paf import FieldCodec
from bupose.methods.paf.fields import Fields
from bupose.people import Labels
from bupose.skeletons import COCO17, COCO_WHOLEBODY
from bupose.synthetic import SceneOptions, draw_creature, draw_scene

SIZE = (1600, 1200)
EVERYBODY = {"min_joints": 1, "min_person_score": 0.0, "min_joint_score": 0.0}


@pytest.fixture(scope="module", params=[0, 1, 3])
def whole(request) -> Labels:
    """Somebody with all 133 joints, well apart."""
    return draw_creature(request.param, size=SIZE, people=1, skeleton=COCO_WHOLEBODY).labels


def without(labels, *parts) -> Labels:
    visibility = labels.visibility.copy()
    for part in parts:
        visibility[:, COCO_WHOLEBODY.part_joints[part]] = 0
    return replace(labels, visibility=visibility)


def noisy(codec, labels, seed=0) -> Fields:
    """Fields as a network might say them, with faint people of one or two joints among them."""
    rng, fields = np.random.default_rng(seed), codec.encode(labels, SIZE)
    heat = fields.heat * rng.uniform(0.3, 1, (len(fields.heat), 1, 1))
    spots = rng.integers(0, heat.shape, (120, 3))
    spots[:60, 0] %= 17  # of the body's joints
    heat[tuple(spots.T)] += rng.uniform(0.1, 0.5, len(spots))
    paf = fields.paf * rng.uniform(0.3, 1, (len(fields.paf), 1, 1, 1)) + rng.normal(0, 0.02, fields.paf.shape)
    return Fields(np.clip(heat, 0, 1).astype(np.float32), paf.astype(np.float32), fields.grid, fields.skeleton)


def test_a_body_alone_scores_as_its_17_joints_do(whole):
    codec, parts = FieldCodec(COCO_WHOLEBODY), ["feet", "face", "left_hand", "right_hand"]
    body = codec.decode(codec.encode(without(whole, *parts), SIZE))
    alone = FieldCodec(COCO17)
    expected = alone.decode(alone.encode(whole.to(COCO17), SIZE))
    assert body.to(COCO17) == expected
    assert len(body) == 1


def test_hands_out_of_the_picture_cost_nothing(whole):
    codec = FieldCodec(COCO_WHOLEBODY).with_decoder(localization_sigma=0)
    best = {}
    for missing in ((), ("left_hand",), ("left_hand", "right_hand"), ("feet", "face", "left_hand", "right_hand")):
        best[missing] = codec.decode(codec.encode(without(whole, *missing), SIZE)).person_score[0]
    # Over all joints and limbs somebody would keep the fourth root of the share that is there: 0.91 without hands, 0.6
    # of the body alone.
    assert best["left_hand", "right_hand"] > 0.95 * best[()]
    assert best["feet", "face", "left_hand", "right_hand"] > 0.8 * best[()]
    scores = list(best.values())
    assert scores == sorted(scores, reverse=True)  # what more is found never makes anybody less of a person


@pytest.mark.parametrize("skeleton", ["coco17", "coco_wholebody"])
@pytest.mark.parametrize("sigma", [0.0, 0.4])
def test_scores_against_their_definition(whole, skeleton, sigma):
    skeleton = skeletons.get(skeleton)
    codec = FieldCodec(skeleton).with_decoder(completion=False, localization_sigma=sigma, **EVERYBODY)
    trace = codec.with_decoder(duplicate_similarity=1).explain(noisy(codec, whole.to(skeleton)))
    scores = [score_slowly(trace, skeleton, members, sigma) for members in trace.members]
    assert len(scores) > 10
    np.testing.assert_allclose(trace.people.person_score, scores, rtol=1e-5)


def score_slowly(trace, skeleton, members, sigma) -> float:
    """The root of evidence, completeness and similarity of the best choice of parts that holds the first one;
    these odds rise with the size and with the heat of the first part."""
    number = {j: n for n, (_, joints) in enumerate(skeleton.parts) for j in joints}
    mine = {int(row): k for k, row in enumerate(members) if row >= 0}
    peaks, joints, limbs, sizes = trace.peaks, [], [], []
    confidence = dict(zip(mine, (float(peaks.score[row]) for row in mine), strict=True))
    best_limb = dict.fromkeys(mine, 0.0)
    for m in np.flatnonzero(trace.used):
        limb, a, b = (int(v) for v in trace.candidates.ids[m])
        if a in mine:
            score = float(trace.candidates.score[m])
            limbs.append((max(number[j] for j in skeleton.limbs[limb]), score))
            if skeleton.limb_lengths[limb]:
                sizes.append(np.hypot(*(peaks.xy[a] - peaks.xy[b])) / skeleton.limb_lengths[limb])
            best_limb[a], best_limb[b] = max(best_limb[a], score), max(best_limb[b], score)
    xy = np.array([peaks.xy[row] for row in mine], np.float64)
    area = max(0.53 * np.prod(xy.max(0) - xy.min(0)), 100 * sigma**2)
    for row, k in mine.items():
        sure = (confidence[row] * (min(best_limb[row], 1) or confidence[row])) ** 0.5
        similar = 1 / (1 + sigma**2 / (area * (2 * skeleton.sigmas[k]) ** 2)) if sigma else 1
        joints.append((number[skeleton.joints[k]], confidence[row], sure, similar))
    found = [0.0]
    others = range(1, len(skeleton.parts))
    for chosen in ({0, *some} for n in range(len(skeleton.parts)) for some in combinations(others, n)):
        here = [j for j in joints if j[0] in chosen]
        if not here:
            continue
        evidence = [j[1] ** 2 for j in here] + [score**2 for part, score in limbs if part in chosen]
        everything = sum(number[j] in chosen for j in skeleton.joints)
        everything += sum(max(number[a], number[b]) in chosen for a, b in skeleton.limbs)
        similarity = sum(j[2] * j[3] for j in here) / sum(j[2] for j in here)
        found.append(sum(evidence) / (len(evidence) * everything) ** 0.5 * similarity)
    length = max(np.median(sizes or [0]) * np.median([a for a in skeleton.limb_lengths if a]), 1)
    first = [k for k, j in enumerate(skeleton.joints) if number[j] == 0]
    heat = sum(confidence[row] * skeleton.sigmas[k] for row, k in mine.items() if k in first)
    heat /= sum(skeleton.sigmas[k] for k in first)
    odds = min(max(found) ** 0.5, 1) * (length / 4.5) ** (1 / 3) * np.exp(1.3 * heat)
    return odds / (1 + odds)


@pytest.mark.parametrize("seed", range(6))
def test_faces_and_hands_hang_together_with_their_bodies(seed):
    """In profile, behind others and at the picture's rim: everybody is found whole, and no part of anybody alone."""
    labels = draw_scene(seed, (768, 576), 3, COCO_WHOLEBODY, SceneOptions(height=(0.6, 0.95))).labels
    codec = FieldCodec(COCO_WHOLEBODY, Grid(4)).with_decoder(localization_sigma=0)
    people = codec.decode(codec.encode(labels, (768, 576)).maps)
    assert len(people) == len(labels)
    assert oks(people, labels).max(0).min() > 0.93
