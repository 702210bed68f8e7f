"""The skeleton that a file declares: built in, its own, or completed where its limbs leave joints apart."""

import numpy as np
import pytest
from scipy.sparse.csgraph import minimum_spanning_tree

from bupose.annotations.own_skeleton import declare_skeleton
from bupose.data import open_samples
from bupose.errors import LabelsError, SkeletonError
from bupose.skeletons import COCO17, CROWDPOSE14


def skeleton_of(sets, joints, limbs=None, **options):
    path = sets.changed(lambda d: d["categories"][0].update(skeleton=limbs), joints)
    samples = open_samples("coco", {"annotations": path, **options})
    return samples.skeleton, " ".join(samples.notes)


def test_joints_of_a_built_in_skeleton_are_its_own_in_any_order_and_spelling(sets):
    for known in (COCO17, CROWDPOSE14):
        shuffled = [j.replace("_", " ").title() for j in reversed(known.joints)]
        assert skeleton_of(sets, shuffled, [[1, 2]])[0] is known


def test_a_pair_gets_its_mirror_image(sets):
    joints = ("tail", "left_claw", "right_claw", "head")
    skeleton, told = skeleton_of(sets, joints, [[4, 2], [1, 4]])
    assert skeleton.limbs == (("head", "left_claw"), ("head", "right_claw"), ("tail", "head"))
    assert "Joints matched: 4 of 4 of person." in told
    assert "added" not in told


def test_joints_without_limbs_get_the_shortest_tree():
    rng = np.random.default_rng(3)
    joints = [f"part {n}" for n in range(9)]
    xy = rng.uniform(0, 100, (1, 9, 2)) + rng.normal(0, 2, (7, 9, 2))
    xy *= rng.uniform(0.5, 4, (7, 1, 1))  # of seven sizes
    present = np.ones((7, 9), bool)
    skeleton, told = declare_skeleton("dots", joints, [], xy, present)
    size = (xy.max(1) - xy.min(1)).max(1)
    distance = np.median(np.linalg.norm(xy[:, :, None] - xy[:, None], axis=3) / size[:, None, None], axis=0)
    tree = {frozenset((joints[a], joints[b])) for a, b in zip(*minimum_spanning_tree(distance).nonzero())}
    assert {frozenset(limb) for limb in skeleton.limbs} == tree
    assert "do not connect all joints; added, by how near joints lie: part" in told


def test_given_limbs_stay_and_parts_are_joined_on_both_sides():
    joints = ["nose", "left_ear", "right_ear", "left_foot", "right_foot"]
    xy = np.array([[50, 50], [60, 45], [40, 45], [65, 100], [35, 100]], float)[None].repeat(3, 0)
    skeleton, _ = declare_skeleton("rabbit", joints, [(0, 1), (4, 3)], xy, np.ones((3, 5), bool))
    assert skeleton.limbs[:3] == (("nose", "left_ear"), ("nose", "right_ear"), ("right_foot", "left_foot"))
    assert set(skeleton.limbs[3:]) == {("nose", "left_foot"), ("nose", "right_foot")}  # nearer than ear to foot


def test_what_nothing_tells_is_refused():
    joints, xy = ["a", "b", "c"], np.arange(18.0).reshape(3, 3, 2)
    present = np.array([[True, True, False]] * 3)
    with pytest.raises(LabelsError, match=r"category 'x' does not say how c hang.*skeleton=FILE\.yaml"):
        declare_skeleton("x", joints, [], xy, present)
    with pytest.raises(SkeletonError, match=r"'left_b' has no mirror image; add 'right_b' or rename it"):
        declare_skeleton("x", ["a", "left_b", "c"], [(0, 1), (1, 2)], xy, present)
