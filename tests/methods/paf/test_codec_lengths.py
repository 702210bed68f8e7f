"""Limbs longer than a body's can be: left out, told, and nobody else is lost by it."""

import dataclasses
import json

import numpy as np
import pytest

from bupose import skeletons
from bupose.methods.paf import FieldCodec
from bupose.methods.paf.fields import Fields
from bupose.people import Labels
from bupose.proportions import usual_length
from bupose.skeleton import Skeleton
from bupose.skeletons import COCO17, COCO18

SIZE = (640, 368)


def two_apart(codec, standing, faint=0.5):
    """Fields of two people; one hides a wrist, and a false field leads from the elbow to the other's wrist.

    Returns the fields, the labels, and the row of the limb.
    """
    heights, feet = np.array([150, 160])[:, None, None], np.array([[150, 330], [450, 335]])[:, None]
    xy = feet + heights * standing
    names = COCO17.joints
    seen = np.full((2, 17), 2)
    seen[0, names.index("left_wrist")] = 0
    labels = Labels(xy, seen, COCO17)
    fields = codec.encode(labels, SIZE)
    limb = COCO17.limb_names.index("left_elbow-left_wrist")
    long_one = xy.copy()
    long_one[0, names.index("left_wrist")] = xy[1, names.index("left_wrist")]
    false = codec.encode(Labels(long_one, np.full((2, 17), 2), COCO17), SIZE).paf[limb] * faint
    true = fields.paf[limb]
    paf = fields.paf.copy()
    paf[limb] = np.where(np.hypot(*true) > 0, 0, false)  # her own limb is not seen, his leads to her
    return Fields(fields.heat, paf, fields.grid, fields.skeleton), labels, limb


def test_an_arm_across_the_picture_is_left_out_and_told(standing):
    codec = FieldCodec(COCO17)
    fields, labels, limb = two_apart(codec, standing)
    free = codec.with_decoder(max_limb_ratio=1000).explain(fields)
    assert free.used[free.candidates.limb == limb].any()  # what would be shown without
    trace = codec.explain(fields)
    (rows,) = np.nonzero(trace.overlong)
    assert len(rows)
    assert not (trace.used | trace.matched)[rows].any()
    assert "longer than 2.2 times the usual in a person of that size" in trace.reason(rows[0])
    lengths = np.linalg.norm(np.diff(trace.people.xy[:, COCO17.limb_joints], axis=2)[:, :, 0], axis=2)
    assert np.nanmax(lengths) < 120  # the false one is 300
    assert len(trace.people) == 2
    away = np.linalg.norm(trace.people.xy[:, None] - labels.xy[None], axis=3)
    assert sorted((away < 8).sum(2).max(1).tolist()) in ([16, 16], [16, 17])


def test_lengths_that_are_unknown_or_few_refuse_nothing(standing):
    plain = dataclasses.replace(COCO17, limb_lengths=(0,) * len(COCO17.limbs))
    codec = FieldCodec(plain)
    fields, *_ = two_apart(codec, standing)
    trace = codec.explain(fields)
    assert not trace.overlong.any()
    xy = np.full((1, 17, 2), 50.0)
    xy[0, 7], xy[0, 9] = (60, 60), (500, 300)  # one limb alone says nothing of its person
    seen = np.zeros((1, 17), int)
    seen[0, [5, 7, 9]] = 2
    codec = FieldCodec(COCO17)
    assert not codec.explain(codec.encode(Labels(xy, seen, COCO17), SIZE)).overlong.any()


@pytest.mark.parametrize("seed", range(4))
def test_people_of_ordinary_proportions_lose_no_limb(seed, crowd):
    """Perspective, fore-shortening and crossing: whoever is found without the limit is found with it."""
    codec = FieldCodec(COCO17)
    fields = codec.encode(crowd(8, seed), SIZE)
    with_limit, without = codec.decode(fields), codec.with_decoder(max_limb_ratio=1000).decode(fields)
    assert len(with_limit) >= len(without) - 1
    assert with_limit.present.sum() >= 0.98 * without.present.sum()


def test_the_table_knows_the_built_in_skeletons():
    for skeleton in skeletons.SKELETONS.values():
        body = [v for v, part in zip(skeleton.limb_lengths, skeleton.limb_parts, strict=True) if part < 2]
        assert min(body) > 0, skeleton.name  # faces and hands are measured in training
        order, _ = skeleton.mirror_limbs
        np.testing.assert_array_equal(np.array(skeleton.limb_lengths)[order], skeleton.limb_lengths)
    assert usual_length(("left_knee", "left_hip")) == usual_length(("right_hip", "right_knee")) == 1
    assert usual_length(("tail", "nose")) == 0


def test_the_table_against_labels(shared):
    """In units of each person's own limbs, 99.9 % of the labelled limbs of 250 other photos are below the limit."""
    data = json.loads((shared / "data" / "coco" / "val.json").read_text(encoding="utf-8"))
    labels = Labels.from_coco([a for a in data["annotations"] if a["num_keypoints"] > 5], COCO18, COCO17.joints)
    ends, here = labels.xy[:, COCO18.limb_joints], labels.present[:, COCO18.limb_joints].all(2)
    ratio = np.linalg.norm(ends[:, :, 1] - ends[:, :, 0], axis=2) / np.array(COCO18.limb_lengths)
    ratio[~here] = np.nan
    ratio = ratio[here.sum(1) >= 5]
    ratio /= np.nanmedian(ratio, 1, keepdims=True)
    assert np.nanquantile(ratio, 0.5) == pytest.approx(1, abs=0.05)
    assert np.nanquantile(ratio, 0.999) < 2.3


def test_an_own_skeletons_lengths_are_checked_and_travel(tmp_path):
    crab = {"name": "crab", "joints": ["eye", "left_claw", "right_claw"]}
    crab["limbs"] = [["eye", "left_claw"], ["eye", "right_claw"]]
    unknown = Skeleton.from_dict(crab)
    assert unknown.limb_lengths == (0, 0)
    known = Skeleton.from_dict(crab | {"limb_lengths": [3, 3]})
    assert Skeleton.from_dict(known.to_dict()).limb_lengths == (3, 3)
    assert known == unknown  # labels of the one are labels of the other
    for wrong in ([1], [1, -1], [1, float("nan")], ["a", "b"], 5):
        with pytest.raises(skeletons.SkeletonError, match=r"\A[^\n]*limb_lengths[^\n]*\Z"):
            Skeleton.from_dict(crab | {"limb_lengths": wrong})
