"""Joint names as the field's files spell them."""

import pytest

from bupose.annotations import match_names, spell
from bupose.annotations.joint_names import fit_names, read_names
from bupose.errors import LabelsError
from bupose.skeleton import Skeleton
from bupose.skeletons import BODY25, COCO17, COCO18, CROWDPOSE14

# How each spells left_eye, right_shoulder and nose.
SPELLINGS = {
    "COCO": ("left_eye", "right_shoulder", "nose"),
    "capitals": ("LEFT_EYE", "RIGHT_SHOULDER", "NOSE"),
    "AI Challenger": ("Left Eye", "Right Shoulder", "Nose"),
    "hyphens": ("left-eye", "right-shoulder", "nose"),
    "blanks": (" left  eye ", "right shoulder", "nose "),
    "dots": ("left.eye", "right.shoulder", "nose"),
    "camels": ("leftEye", "rightShoulder", "nose"),
    "Pascal": ("LeftEye", "RightShoulder", "Nose"),
    "OpenPose": ("LEye", "RShoulder", "Nose"),
    "letters first": ("l_eye", "r_shoulder", "nose"),
    "letters last": ("eye_l", "shoulder_r", "nose"),
    "capital letters last": ("Eye.L", "Shoulder.R", "Nose"),
    "sides last": ("eye_left", "shoulder_right", "nose"),
    "MediaPipe": ("left eye", "right shoulder", "nose"),
    "one word": ("lefteye", "rightshoulder", "nose"),
    "letter and word": ("leye", "rshoulder", "nose"),
    "full width": ("ｌｅｆｔ＿ｅｙｅ", "ｒｉｇｈｔ＿ｓｈｏｕｌｄｅｒ", "ｎｏｓｅ"),
}


@pytest.mark.parametrize("names", SPELLINGS.values(), ids=SPELLINGS)
def test_every_spelling_means_the_same(names):
    eye, shoulder, nose = names
    assert spell([eye, _mirror(eye), shoulder, _mirror(shoulder), nose]) == [
        "left_eye", "right_eye", "right_shoulder", "left_shoulder", "nose",
    ]  # fmt: skip


def _mirror(name):
    """The other side's name in the same spelling."""
    pairs = [("left", "right"), ("Left", "Right"), ("LEFT", "RIGHT"), ("ｌｅｆｔ", "ｒｉｇｈｔ")]
    for pair in pairs:
        for a, b in (pair, pair[::-1]):
            if a in name:
                return name.replace(a, b)
    swap = str.maketrans("lrLR", "rlRL")
    if name[0] in "lrLR" and name[-2:].lower() not in ("_l", "_r", ".l", ".r"):
        return name[0].translate(swap) + name[1:]
    return name[:-1] + name[-1].translate(swap)


def test_skeletons_own_names_stay():
    for skeleton in (COCO17, COCO18, BODY25, CROWDPOSE14):
        assert spell(skeleton.joints) == list(skeleton.joints)
    toes = [j.replace("_", "") for j in BODY25.joints]
    assert spell(toes) == list(BODY25.joints)


def test_letters_are_sides_only_in_pairs():
    """``part_l`` among ``part_k`` and ``part_m`` is no left part."""
    assert spell(["part_k", "part_l", "part_m"]) == ["part_k", "part_l", "part_m"]
    assert spell(["part_l", "part_r"]) == ["left_part", "right_part"]
    assert spell(["r_tail", "head"]) == ["r_tail", "head"]
    assert spell(["L", "R", "left"]) == ["l", "r", "left"]
    assert spell(["lear", "rear"]) == ["left_ear", "right_ear"]
    assert spell(["rear", "mid"]) == ["rear", "mid"]  # no right ear without a left one


def test_the_same_word_comes_before_a_synonym():
    assert match_names(["top_head", "neck"], ["head", "head_top", "upper_neck"]) == [0, 2]
    assert match_names(["top_head"], ["head", "top_head"]) == [1]
    assert match_names(["head"], ["top_head"]) == [0]
    assert match_names(["nose", "left_eye"], ["Left Eye", "Right Eye"]) == [-1, 0]


def test_what_matched_is_said():
    names, said = fit_names(["eye_l", "eye_r", "beak"], COCO17, "a.json")
    assert names == ["left_eye", "right_eye", "beak"]
    assert "Joints matched: 2 of 17 of coco17" in said
    assert "not in the file, so never labelled: nose, left_ear" in said
    assert "in the file, but not used: beak" in said
    names, said = fit_names(COCO17.joints, COCO18, "a.json")
    assert names == list(COCO17.joints)
    assert said == "Joints matched: 17 of 18 of coco18; computed from others: neck."
    with pytest.raises(LabelsError, match="none of the joints of 'coco17'; it has beak, tail"):
        fit_names(["beak", "tail"], COCO17, "a.json")


def test_a_neck_of_its_own_kind_is_computed():
    own = ["neck", "left_shoulder", "right_shoulder"]
    names, said = fit_names(own, COCO18, "a.json", compute=True)
    assert names == ["neck of the file", "left_shoulder", "right_shoulder"]
    assert "computed from others: neck" in said
    names, said = fit_names(own, COCO18, "a.json")
    assert names == own
    assert "computed" not in said
    names, _ = fit_names(own[:2], COCO18, "a.json", compute=True)  # with one shoulder nothing can be computed
    assert names == own[:2]


@pytest.mark.parametrize(
    "names", [None, 17, "nose", {"nose": 1}, ["nose", None], ["nose", ["eye"]], ["nose", ""], ["nose", "Nose"], ["a\n"],
              ["left_eye", "Left Eye"], ["\ud800"], [True]],
)  # fmt: skip
def test_what_are_no_names(names):
    with pytest.raises(LabelsError) as problem:
        read_names(names, "a.json")
    assert str(problem.value).isprintable()


def test_own_skeletons_may_spell_as_they_like():
    own = Skeleton("own", ("Nose", "Tail Tip"), (("Nose", "Tail Tip"),))
    assert fit_names(["nose", "tail_tip"], own, "a.json")[0] == ["Nose", "Tail Tip"]
