"""The built-in declarations against the published tables, written down here by number, and skeleton files."""

import json

import numpy as np
import pytest
import yaml

from bupose import skeletons
from bupose.errors import SkeletonError
from bupose.skeletons import (
    BODY25,
    BODY25_DENSE,
    COCO17,
    COCO17_DENSE,
    COCO18,
    COCO_WHOLEBODY,
    CROWDPOSE14,
    SKELETONS,
)

# OpenPose, src/openpose/pose/poseParameters.cpp: parts in order, and (a, b) of each limb in parse order.
COCO18_PARTS = "Nose Neck RSho RElb RWri LSho LElb LWri RHip RKnee RAnk LHip LKnee LAnk REye LEye REar LEar"
COCO18_LIMBS = (
    "1-2 1-5 2-3 3-4 5-6 6-7 1-8 8-9 9-10 1-11 11-12 12-13 1-0 0-14 14-16 0-15 15-17 2-16 5-17"
)  # fmt: skip
BODY25_PARTS = (
    "Nose Neck RSho RElb RWri LSho LElb LWri MidHip RHip RKnee RAnk LHip LKnee LAnk REye LEye REar LEar "
    "LBigToe LSmallToe LHeel RBigToe RSmallToe RHeel"
)
BODY25_LIMBS = (
    "1-8 1-2 1-5 2-3 3-4 5-6 6-7 8-9 9-10 10-11 8-12 12-13 13-14 1-0 0-15 15-17 0-16 16-18 2-17 5-18 "
    "14-19 19-20 14-21 11-22 22-23 11-24"
)
FULL = {"Sho": "shoulder", "Elb": "elbow", "Wri": "wrist", "Ank": "ankle", "BigToe": "big_toe", "SmallToe": "small_toe"}
# Number of each part's mirror image, read off the lists above by hand.
COCO18_MIRROR = [0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16]
BODY25_MIRROR = [0, 1, 5, 6, 7, 2, 3, 4, 8, 12, 13, 14, 9, 10, 11, 16, 15, 18, 17, 22, 23, 24, 19, 20, 21]
# COCO: the 17 keypoints of person_keypoints_*.json, and cocoapi's kpt_oks_sigmas (times ten).
COCO17_PARTS = (
    "nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow left_wrist "
    "right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle"
)
COCO17_SIGMAS = [.26, .25, .25, .35, .35, .79, .79, .72, .72, .62, .62, 1.07, 1.07, .87, .87, .89, .89]  # fmt: skip


# COCO-WholeBody, data_format.md and evaluation/myeval_wholebody.py: numbers of the joints, and sigmas times 1000.
WHOLEBODY_PARTS = {
    "body": range(17), "feet": range(17, 23), "face": range(23, 91), "left_hand": range(91, 112),
    "right_hand": range(112, 133),
}  # fmt: skip
WHOLEBODY_FACE_SIGMAS = (
    "42 43 44 43 40 35 31 25 20 23 29 32 37 38 43 41 45 13 12 11 11 12 12 11 11 13 15 9 7 7 7 12 9 8 16 10 17 11 9 11 "
    "9 7 13 8 11 12 10 34 8 8 9 8 8 7 10 8 9 9 9 7 7 8 11 8 8 8 10 8"
)
WHOLEBODY_HAND_SIGMAS = "29 22 35 37 47 26 25 24 35 18 24 22 26 17 21 21 32 20 19 22 31"
# mmpose, configs/_base_/datasets/coco_wholebody.py: which points of the face change places in a mirror.
FACE_MIRROR = (
    "0-16 1-15 2-14 3-13 4-12 5-11 6-10 7-9 8-8 17-26 18-25 19-24 20-23 21-22 27-27 28-28 29-29 30-30 31-35 32-34 "
    "33-33 36-45 37-44 38-43 39-42 40-47 41-46 48-54 49-53 50-52 51-51 55-59 56-58 57-57 60-64 61-63 62-62 65-67 66-66"
)


def spelled(parts: str) -> list[str]:
    """OpenPose's short part names in COCO's spelling."""
    names = []
    for part in parts.split():
        side, rest = {"R": ("right_", part[1:]), "L": ("left_", part[1:])}.get(part[0], ("", part))
        names.append("mid_hip" if part == "MidHip" else side + FULL.get(rest, rest.lower()))
    return names


def pairs(limbs: str) -> list[list[int]]:
    return [[int(j) for j in limb.split("-")] for limb in limbs.split()]


@pytest.mark.parametrize(
    ("skeleton", "parts", "limbs", "mirror"),
    [(COCO18, COCO18_PARTS, COCO18_LIMBS, COCO18_MIRROR), (BODY25, BODY25_PARTS, BODY25_LIMBS, BODY25_MIRROR)],
    ids=["coco18", "body25"],
)
def test_openpose_tables(skeleton, parts, limbs, mirror):
    assert list(skeleton.joints) == spelled(parts)
    assert skeleton.limb_joints.tolist() == pairs(limbs)
    assert skeleton.mirror_joints.tolist() == mirror
    order, sign = skeleton.mirror_limbs
    # No limb of OpenPose's joins a joint to its own mirror image, so none runs backwards in the mirror.
    assert sign.tolist() == [1] * len(skeleton.limbs)
    images = [[mirror[a], mirror[b]] for a, b in pairs(limbs)]
    assert [pairs(limbs)[n] for n in order] == images


@pytest.mark.parametrize("skeleton", [COCO17, COCO17_DENSE], ids=["coco17", "coco17_dense"])
def test_coco17_is_the_datasets(skeleton):
    assert list(skeleton.joints) == COCO17_PARTS.split()
    np.testing.assert_allclose(skeleton.sigmas, np.array(COCO17_SIGMAS) / 10)


def test_coco_sigmas_are_the_referees():
    from pycocotools.cocoeval import Params

    np.testing.assert_allclose(COCO17.sigmas, Params("keypoints").kpt_oks_sigmas)
    for other in (COCO18, BODY25):
        shared = other.mapping(COCO17)
        np.testing.assert_allclose(
            np.array(other.sigmas)[shared >= 0], np.array(COCO17_SIGMAS)[shared[shared >= 0]] / 10
        )


def test_crowdpose14_is_the_datasets():
    # CrowdPose's keypoints, and crowdposetools' cocoeval.py.
    names = ["shoulder", "elbow", "wrist", "hip", "knee", "ankle"]
    assert list(CROWDPOSE14.joints) == [s + n for n in names for s in ("left_", "right_")] + ["top_head", "neck"]
    np.testing.assert_allclose(
        np.array(CROWDPOSE14.sigmas) * 10, [.79, .79, .72, .72, .62, .62, 1.07, 1.07, .87, .87, .89, .89, .79, .79]
    )  # fmt: skip


def test_coco_wholebody_is_the_datasets():
    s = COCO_WHOLEBODY
    assert s.joints[:17] == COCO17.joints
    assert s.limbs[: len(COCO17.limbs)] == COCO17.limbs
    assert s.joints[17:23] == tuple(
        side + joint for side in ("left_", "right_") for joint in ("big_toe", "small_toe", "heel")
    )
    fingers = ("thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger")
    hand = ["hand_root", *(f"{finger}{n}" for finger in fingers for n in (1, 2, 3, 4))]
    assert s.joints[91:] == tuple(side + joint for side in ("left_", "right_") for joint in hand)
    assert {part: n.tolist() for part, n in s.part_joints.items()} == {k: list(v) for k, v in WHOLEBODY_PARTS.items()}
    feet, hands = [68, 66, 66, 92, 94, 94], WHOLEBODY_HAND_SIGMAS.split()
    sigmas = [*(100 * v for v in COCO17_SIGMAS), *feet, *WHOLEBODY_FACE_SIGMAS.split(), *hands, *hands]
    np.testing.assert_allclose(np.array(s.sigmas) * 1000, np.array(sigmas, float))
    mirror = {23 + a: 23 + b for a, b in pairs(FACE_MIRROR)}
    mirror |= {b: a for a, b in mirror.items()}
    assert [mirror[n] for n in range(23, 91)] == s.mirror_joints[23:91].tolist()
    # On one line of the face limbs join neighbours, or close it; and each line hangs by two limbs or more.
    lines = [range(17), range(17, 22), range(22, 27), range(27, 36), range(36, 42), range(42, 48), range(48, 60),
             range(60, 68)]  # fmt: skip
    ends = (s.limb_joints[s.limb_parts == 2] - 23).tolist()
    for line in lines:
        along = {tuple(sorted(limb)) for limb in ends if set(limb) <= set(line)}
        neighbours = {(n, n + 1) for n in line[:-1]}
        assert along == neighbours | ({(line[0], line[-1])} if line[0] >= 36 else set()) or line == lines[3]
        assert sum((a in line) != (b in line) for a, b in ends) >= 2


def test_redundant_limbs():
    named = {s.name: {s.limb_names[n] for n in s.redundant_limbs} for s in SKELETONS.values()}
    ears = {"right_shoulder-right_ear", "left_shoulder-left_ear"}
    assert named["coco18"] == named["body25"] == ears
    # BODY_25E and BODY_25B: 2-9, 5-12, 2-4, 5-7, 9-11, 12-14, 4-7, 11-14, 4-9, 7-12.
    assert BODY25_DENSE.limbs[: len(BODY25.limbs)] == BODY25.limbs
    extra = BODY25_DENSE.limb_joints[len(BODY25.limbs) :].tolist()
    assert sorted(map(sorted, extra)) == sorted(
        [[2, 9], [5, 12], [2, 4], [5, 7], [9, 11], [12, 14], [4, 7], [11, 14], [4, 9], [7, 12]]
    )
    assert set(COCO17.limbs) < set(COCO17_DENSE.limbs)


@pytest.mark.parametrize("name", ["coco18", "body25"])
def test_neck_is_derived_from_the_shoulders(name):
    derived = dict(skeletons.get(name).derived)
    assert set(derived.pop("neck")) == {"left_shoulder", "right_shoulder"}
    assert {j: set(parts) for j, parts in derived.items()} == (
        {"mid_hip": {"left_hip", "right_hip"}} if name == "body25" else {}
    )


def test_crowdpose_neck_is_annotated_not_derived():
    assert CROWDPOSE14.derived == ()


def test_get_by_name_object_dict_and_file(tmp_path):
    for name, skeleton in SKELETONS.items():
        assert name == skeleton.name
        assert skeletons.get(name) is skeletons.get(skeleton) is skeleton
        assert skeletons.get(skeleton.to_dict()) == skeleton
        for suffix, dump in ((".yaml", yaml.safe_dump), (".json", json.dumps)):
            file = tmp_path / (name + suffix)
            file.write_text(dump(skeleton.to_dict()), encoding="utf-8")
            assert skeletons.get(file) == skeletons.get(str(file)) == skeleton


def test_a_file_may_leave_its_name_out(tmp_path):
    file = tmp_path / "fox.yaml"
    file.write_text("joints: [nose, tail_base, tail_tip]\nlimbs:\n- [nose, tail_base]\n- [tail_base, tail_tip]\n")
    fox = skeletons.get(file)
    assert (fox.name, fox.limbs[1]) == ("fox", ("tail_base", "tail_tip"))


@pytest.mark.parametrize("name", ["coco", "", None, 5, 1.5, ["coco17"], b"coco17", "/", "x.txt", "\0.yaml"])
def test_unknown_names_are_refused(name):
    with pytest.raises(SkeletonError):
        skeletons.get(name)


JOINTS = "name: x\njoints: [nose, left_eye, right_eye]\n"
LIMBS = "limbs: [[nose, left_eye], [nose, right_eye]]\n"
BAD_FILES = {
    "empty": ("", "name, joints, limbs"),
    "text": ("just a sentence", "name, joints, limbs"),
    "list": ("- nose\n- neck\n", "name, joints, limbs"),
    "not_yaml": ("joints: [nose", "not a YAML file"),
    "tab": ("joints:\n\t- nose\n", "not a YAML file"),
    "impossible_date": ("name: 2001-13-45\n", "not a YAML file"),
    "too_deep": ("[" * 5000, "not a YAML file"),
    "python_object": ("!!python/object/apply:os.getcwd []\n", "not a YAML file"),
    "two_documents": ("a: 1\n---\nb: 2\n", "not a YAML file"),
    "unknown_key": (JOINTS + LIMBS + "colour: red\n", "colour"),
    "no_limbs": (JOINTS, "limbs"),
    "disconnected": (JOINTS + "limbs: [[left_eye, right_eye]]\n", "left_eye, right_eye"),
    "no_mirror_joint": ("joints: [nose, left_eye]\nlimbs: [[nose, left_eye]]\n", "right_eye"),
    "no_mirror_limb": (
        JOINTS.replace("right_eye", "right_eye, left_ear, right_ear")
        + LIMBS.replace("[[", "[[left_eye, left_ear], [nose, right_ear], ["),
        "mirror image",
    ),
    "unknown_end": (JOINTS + "limbs: [[nose, tail]]\n", "'tail'"),
    "repeated_joint": ("joints: [nose, nose]\nlimbs: []\n", "repeat"),
    "repeated_limb": (JOINTS + LIMBS.replace("[[", "[[left_eye, nose], ["), "twice"),
    "limb_of_three": (JOINTS + "limbs: [[nose, left_eye, right_eye]]\n", "[from, to]"),
    "limb_to_itself": (JOINTS + "limbs: [[nose, nose]]\n", "[from, to]"),
    "limbs_as_text": (JOINTS + "limbs: [nose-left_eye]\n", "write a list"),
    "truth_value": ("joints: [no, nose]\nlimbs: []\n", "quotes"),
    "wrong_sigmas": (JOINTS + LIMBS + "sigmas: [0.1, 0.1]\n", "2 sigmas for 3 joints"),
    "negative_sigma": (JOINTS + LIMBS + "sigmas: [0.1, 0.1, -1]\n", "above 0"),
    "nan_sigma": (JOINTS + LIMBS + "sigmas: [0.1, 0.1, .nan]\n", "above 0"),
    "derived_from_itself": (JOINTS + LIMBS + "derived: {nose: [nose]}\n", "differ"),
    "derived_unknown": (JOINTS + LIMBS + "derived: {nose: [left_ear]}\n", "derived"),
    "derived_text": (JOINTS + LIMBS + "derived: {nose: left_eye}\n", "write a list"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_bad_files_get_one_sentence(tmp_path, kind):
    text, expected = BAD_FILES[kind]
    file = tmp_path / "own.yaml"
    file.write_text(text)
    with pytest.raises(SkeletonError) as refusal:
        skeletons.read(file)
    message = str(refusal.value)
    assert expected in message
    assert "\n" not in message


def test_unreadable_files(tmp_path):
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "photo.yaml").write_bytes(bytes(range(128, 256)))
    for name in ("missing.yaml", "folder.yaml", "photo.yaml"):
        with pytest.raises(SkeletonError, match=name):
            skeletons.read(tmp_path / name)
