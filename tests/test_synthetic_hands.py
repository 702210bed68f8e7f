"""Drawn people's feet, hands and faces, as COCO-WholeBody labels them."""

import numpy as np
import pytest

from bupose.skeletons import COCO_WHOLEBODY
from bupose.synthetic import SceneOptions, draw_scene

PLAIN = SceneOptions(facing=(-50, 50), props=(0, 0), clutter=(0, 0), height=(0.8, 0.8), camera=0)
WIDE = (900, 700)
INDEX = COCO_WHOLEBODY.index
TIPS = [INDEX[f"{side}_{finger}4"] for side in ("left", "right")
        for finger in ("thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger")]  # fmt: skip


def test_fingertips_that_are_seen_lie_on_skin():
    """At a tip there is the colour of the palm, or of the finger before it: never that of what is behind."""
    seen = on_skin = 0
    for seed in range(12):
        sample = draw_scene(seed, WIDE, 1, COCO_WHOLEBODY, PLAIN)
        for xy, visibility in zip(sample.labels.xy, sample.labels.visibility, strict=True):
            for tip in TIPS:
                x, y = np.rint(xy[[tip, tip - 1]]).astype(int).T
                if (visibility[[tip, tip - 1]] == 2).all():
                    ends = sample.image[y, x].astype(int)
                    seen += 1
                    on_skin += np.abs(ends[0] - ends[1]).max() < 60
    assert seen > 40
    assert on_skin > 0.95 * seen


@pytest.mark.parametrize("seed", range(4))
def test_a_face_seen_from_the_front_is_laid_out_as_faces_are(seed):
    options = SceneOptions(facing=(0, 0), poses=("stand",), props=(0, 0), height=(0.8, 0.8))
    labels = draw_scene(seed, WIDE, 1, COCO_WHOLEBODY, options).labels
    at = {j: xy for j, xy, v in zip(COCO_WHOLEBODY.joints, labels.xy[0], labels.visibility[0], strict=True) if v}
    for side, sign in (("left", 1), ("right", -1)):
        eye = [at[f"{side}_eye_{n}"] for n in range(1, 7) if f"{side}_eye_{n}" in at]
        if len(eye) == 6 and f"{side}_eye" in at:
            np.testing.assert_allclose(np.mean(eye, 0), at[f"{side}_eye"], atol=2)
            assert sign * (eye[0] - eye[3])[0] > 0  # the outer corner first
        if f"{side}_eyebrow_3" in at:
            assert at[f"{side}_eyebrow_3"][1] < at[f"{side}_eye_2"][1]
    down = ["nose_bridge_1", "nose_bridge_4", "nose_base", "upper_lip", "lower_lip", "chin"]
    heights = [at[j][1] for j in down]
    assert heights == sorted(heights)


def test_hands_hang_on_wrists_and_feet_on_ankles():
    labels = draw_scene(3, WIDE, 1, COCO_WHOLEBODY, SceneOptions(facing=(0, 0), poses=("stand",), props=(0, 0))).labels
    for side in ("left", "right"):
        hand = labels.xy[0, COCO_WHOLEBODY.part_joints[f"{side}_hand"]]
        forearm = np.linalg.norm(labels.xy[0, INDEX[f"{side}_elbow"]] - labels.xy[0, INDEX[f"{side}_wrist"]])
        assert np.linalg.norm(hand - labels.xy[0, INDEX[f"{side}_wrist"]], axis=1).max() < forearm
        foot = labels.xy[0, [INDEX[f"{side}_{j}"] for j in ("big_toe", "small_toe", "heel")]]
        shank = np.linalg.norm(labels.xy[0, INDEX[f"{side}_knee"]] - labels.xy[0, INDEX[f"{side}_ankle"]])
        assert np.linalg.norm(foot - labels.xy[0, INDEX[f"{side}_ankle"]], axis=1).max() < shank
