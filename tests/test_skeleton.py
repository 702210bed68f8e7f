"""A skeleton's derived arrays against slow definitions, and what a declaration must not get away with."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bupose.errors import SkeletonError
from bupose.skeleton import Skeleton, mirror_name
from bupose.skeletons import COCO17, SKELETONS

ALL = pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=SKELETONS)


@st.composite
def skeletons_of_any_kind(draw):
    """A connected, mirror-symmetric declaration: a middle line, paired joints hung on it, some redundant limbs."""
    middle = [f"m{i}" for i in range(draw(st.integers(1, 4)))]
    limbs = [(middle[i], middle[i + 1]) for i in range(len(middle) - 1)]
    stems = []
    for i in range(draw(st.integers(0, 4))):
        hook = draw(st.sampled_from(middle + stems))
        new = f"p{i}"
        for side in ("left_", "right_"):
            a = hook if hook in middle else side + hook
            limbs.append((a, side + new) if draw(st.booleans()) else (side + new, a))
        stems.append(new)
        if draw(st.booleans()):
            limbs.append(("left_" + new, "right_" + new))
    joints = draw(st.permutations(middle + [s + p for p in stems for s in ("left_", "right_")]))
    return Skeleton("any", joints, draw(st.permutations(limbs)))


def picture_of(skeleton: Skeleton, xy: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(skeleton.joints, xy, strict=True))


@given(skeletons_of_any_kind(), st.integers(0, 99))
def test_mirroring_limbs_is_mirroring_the_drawing(skeleton, seed):
    # A person's limb vectors, permuted, signed and with x negated, are the limb vectors of the mirrored person.
    xy = np.random.default_rng(seed).normal(size=(len(skeleton.joints), 2))
    here = picture_of(skeleton, xy)
    mirrored = {j: here[mirror_name(j)] * [-1, 1] for j in skeleton.joints}
    vectors = np.array([here[b] - here[a] for a, b in skeleton.limbs]).reshape(-1, 2)
    expected = np.array([mirrored[b] - mirrored[a] for a, b in skeleton.limbs]).reshape(-1, 2)
    order, sign = skeleton.mirror_limbs
    np.testing.assert_allclose(vectors[order] * sign[:, None] * [-1, 1], expected)
    np.testing.assert_allclose((xy * [-1, 1])[skeleton.mirror_joints], list(mirrored.values()))


@given(skeletons_of_any_kind())
def test_spanning_and_redundant_limbs(skeleton):
    spanning, redundant = skeleton.spanning_limbs.tolist(), skeleton.redundant_limbs.tolist()
    assert sorted(spanning + redundant) == list(range(len(skeleton.limbs)))
    assert len(spanning) == len(skeleton.joints) - 1
    for n in range(len(skeleton.limbs)):  # the definition: can its ends be reached by earlier limbs alone?
        a, b = skeleton.limbs[n]
        assert (b in reachable(a, skeleton.limbs[:n])) == (n in redundant)
    tree = [skeleton.limbs[n] for n in spanning]
    assert reachable(skeleton.joints[0], tree) == set(skeleton.joints)


def reachable(start: str, limbs) -> set[str]:
    seen, queue = {start}, [start]
    while queue:
        j = queue.pop()
        for limb in limbs:
            if j in limb:
                (other,) = set(limb) - {j}
                if other not in seen:
                    seen.add(other)
                    queue.append(other)
    return seen


@given(skeletons_of_any_kind())
def test_dict_round_trip_and_hash(skeleton):
    again = Skeleton.from_dict(skeleton.to_dict())
    assert again == skeleton
    assert hash(again) == hash(skeleton)
    assert again.index == {j: n for n, j in enumerate(again.joints)}


@ALL
def test_mirror_is_an_involution(skeleton):
    m, (order, sign) = skeleton.mirror_joints, skeleton.mirror_limbs
    assert m[m].tolist() == list(range(len(skeleton.joints)))
    assert order[order].tolist() == list(range(len(skeleton.limbs)))
    assert (sign * sign[order] == 1).all()


@ALL
def test_colours_tell_sides_and_neighbours_apart(skeleton):
    assert skeleton.limb_colors.shape == (len(skeleton.limbs), 3)
    assert skeleton.joint_colors.shape == (len(skeleton.joints), 3)
    assert skeleton.limb_colors.dtype == skeleton.joint_colors.dtype == np.uint8
    for j, (r, _, b) in zip(skeleton.joints, skeleton.joint_colors.astype(int), strict=True):
        if j.startswith("left_"):
            assert r > b, f"{j} is not warm"
        elif j.startswith("right_"):
            assert b > r, f"{j} is not cool"
    for n, m in combinations(range(len(skeleton.limbs)), 2):
        if set(skeleton.limbs[n]) & set(skeleton.limbs[m]):
            apart = np.abs(skeleton.limb_colors[n].astype(int) - skeleton.limb_colors[m]).max()
            assert apart >= 30, f"{skeleton.limb_names[n]} looks like {skeleton.limb_names[m]}"


@ALL
def test_mapping_is_by_name(skeleton):
    for other in SKELETONS.values():
        where = skeleton.mapping(other)
        for joint, number in zip(skeleton.joints, where, strict=True):
            assert (number == -1 and joint not in other.joints) or other.joints[number] == joint
        assert where.tolist() == skeleton.mapping(list(other.joints)).tolist()


def test_one_joint_is_a_skeleton():
    ball = Skeleton("ball", ["ball"], [])
    assert ball.limb_joints.shape == (0, 2)
    assert ball.mirror_limbs[0].shape == ball.mirror_limbs[1].shape == (0,)
    assert ball.limb_colors.shape == (0, 3)
    assert ball.spanning_limbs.size == ball.redundant_limbs.size == 0


def test_arrays_and_generators_are_accepted():
    by_array = Skeleton("x", np.array(["a", "b"]), np.array([["a", "b"]]), np.array([0.1, 0.2], np.float32))
    assert by_array == Skeleton("x", (j for j in "ab"), (limb for limb in [("a", "b")]), by_array.sigmas)
    assert by_array.to_dict()["limbs"] == [["a", "b"]]


WEIRD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(WEIRD)
def test_a_weird_declaration_is_refused_in_words(value):
    with pytest.raises(SkeletonError, match=r"^[^\n]+$"):
        Skeleton.from_dict(value)


@given(st.sampled_from(["name", "joints", "limbs", "sigmas", "derived", "parts", "spelling"]), WEIRD)
def test_a_weird_value_is_refused_in_words_or_harmless(key, value):
    try:
        skeleton = Skeleton.from_dict({**COCO17.to_dict(), key: value})
    except SkeletonError as problem:
        refusal = str(problem)
    else:
        refusal = ""
        assert skeleton.joints == COCO17.joints
        assert skeleton.limbs == COCO17.limbs
        assert isinstance(skeleton.name, str)
        assert np.isfinite(skeleton.sigmas).all()
    assert "\n" not in refusal


def test_a_derived_joint_may_have_several_parts_but_must_not_be_one():
    joints, limbs = ["a", "b", "c"], [("a", "b"), ("b", "c")]
    assert Skeleton("x", joints, limbs, derived={"b": ["a", "c"]}).derived == (("b", ("a", "c")),)
    for derived in ({"b": ["b", "c"]}, {"b": []}, {"d": ["a"]}, {"a": ["d"]}, [("b",)], {"b": "ac"}):
        with pytest.raises(SkeletonError):
            Skeleton("x", joints, limbs, derived=derived)


def test_parts_are_ordered_as_joints_are():
    joints, limbs = ["a", "b", "c", "d"], [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")]
    s = Skeleton("x", joints, limbs, parts={"far": ["d", "c"], "near": ["b", "a"]})
    assert s.parts == (("near", ("a", "b")), ("far", ("c", "d")))
    assert {part: n.tolist() for part, n in s.part_joints.items()} == {"near": [0, 1], "far": [2, 3]}
    assert s.joint_parts.tolist() == [0, 0, 1, 1]
    assert s.limb_parts.tolist() == [0, 1, 1, 1]  # one between parts is of the later
    assert Skeleton.from_dict(s.to_dict()) == s != Skeleton("x", joints, limbs)


def test_a_projects_spelling_goes_along():
    joints, limbs = ["a", "left_b", "right_b"], [("a", "left_b"), ("a", "right_b")]
    s = Skeleton("x", joints, limbs, spelling={"left_b": "leftb", "a": "A"})
    assert s.file_names == ("A", "leftb", "right_b")
    assert Skeleton.from_dict(s.to_dict()).file_names == s.file_names
    assert s == Skeleton("x", joints, limbs)
    for spelling in ({"c": "C"}, {"a": "left_b"}, {"a": "B", "left_b": "B"}, [("a",)], {"a": ""}, "ab"):
        with pytest.raises(SkeletonError):
            Skeleton("x", joints, limbs, spelling=spelling)


@ALL
def test_without_parts_all_joints_are_the_body(skeleton):
    whole = Skeleton(skeleton.name, skeleton.joints, skeleton.limbs)
    assert whole.parts == (("body", skeleton.joints),)
    assert not whole.limb_parts.any()
    assert "parts" not in whole.to_dict()  # what was written before there were parts reads the same
    assert sorted(j for _, part in skeleton.parts for j in part) == sorted(skeleton.joints)


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"one": ["a"]}, "'b' is in 0 parts"),
        ({"one": ["a", "b"], "two": ["b"]}, "'b' is in 2 parts"),
        ({"one": ["a", "b", "z"]}, "'z' of a part is unknown"),
        ({"one": ["a", "b"], "two": []}, "has no joints"),
        ([("one", ["a"]), ("one", ["b"])], "named twice"),
        ({"one": "ab"}, "write a list"),
        ([("one",)], "must give each name its joints"),
        ({str(n): ["a"] for n in range(9)}, "more than 8"),
    ],
)
def test_parts_hold_every_joint_once(parts, why):
    with pytest.raises(SkeletonError, match=why):
        Skeleton("x", ["a", "b"], [("a", "b")], parts=parts)
