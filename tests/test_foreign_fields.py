"""Channel orders of OpenPose and trt_pose against channels lit one by one."""

import numpy as np
import pytest

from bupose import skeletons
from bupose.errors import FieldsError, SkeletonError
from bupose.maps import Grid
from bupose.methods.paf.fields import Fields
from bupose.skeleton import Skeleton
from bupose.skeletons import BODY25, COCO17, COCO18

# OpenPose, poseParameters.cpp: limb "a-b" and its PAF channels x, y, counted from the first PAF channel.
COCO18_CHANNELS = (
    "1-2:12,13 1-5:20,21 2-3:14,15 3-4:16,17 5-6:22,23 6-7:24,25 1-8:0,1 8-9:2,3 9-10:4,5 1-11:6,7 11-12:8,9 "
    "12-13:10,11 1-0:28,29 0-14:30,31 14-16:34,35 0-15:32,33 15-17:36,37 2-16:18,19 5-17:26,27"
)
BODY25_CHANNELS = (
    "1-8:0,1 1-2:14,15 1-5:22,23 2-3:16,17 3-4:18,19 5-6:24,25 6-7:26,27 8-9:6,7 9-10:2,3 10-11:4,5 8-12:8,9 "
    "12-13:10,11 13-14:12,13 1-0:30,31 0-15:32,33 15-17:36,37 0-16:34,35 16-18:38,39 2-17:20,21 5-18:28,29 "
    "14-19:40,41 19-20:42,43 14-21:44,45 11-22:46,47 22-23:48,49 11-24:50,51"
)
# trt_pose, tasks/human_pose/human_pose.json: links between parts counted from 1; part 18 is the neck.
TRT_POSE_LINKS = [
    [16, 14], [14, 12], [17, 15], [15, 13], [12, 13], [6, 8], [7, 9], [8, 10], [9, 11], [2, 3], [1, 2], [1, 3], [2, 4],
    [3, 5], [4, 6], [5, 7], [18, 1], [18, 6], [18, 7], [18, 12], [18, 13],
]  # fmt: skip


@pytest.mark.parametrize(
    ("skeleton", "table"), [(COCO18, COCO18_CHANNELS), (BODY25, BODY25_CHANNELS)], ids=["coco18", "body25"]
)
def test_openpose_channels_lit_one_by_one(skeleton, table):
    limbs = {}
    for entry in table.split():
        limb, channels = entry.split(":")
        for component, channel in enumerate(channels.split(",")):
            limbs[int(channel)] = [int(j) for j in limb.split("-")], component
    k, channels = len(skeleton.joints), len(limbs)
    assert sorted(limbs) == list(range(channels))
    for channel in range(channels):
        paf = np.zeros((channels, 2, 3))
        paf[channel, 1, 2] = 0.5
        fields = Fields.from_openpose(np.zeros((k, 2, 3)), paf, skeleton=skeleton.name)
        ((limb, component, y, x),) = np.argwhere(fields.paf)
        ends, expected = limbs[channel]
        assert skeleton.limb_joints[limb].tolist() == ends
        assert (component, y, x) == (expected, 1, 2)
    for part in range(k + 1):
        heat = np.zeros((k + 1, 2, 3))
        heat[part, 1, 0] = 0.5
        lit = np.argwhere(Fields.from_openpose(heat, np.zeros((channels, 2, 3)), skeleton=skeleton).heat)
        assert lit.tolist() == ([[part, 1, 0]] if part < k else [])  # the last one is the background


def test_openpose_stride():
    assert Fields.from_openpose(np.zeros((18, 1, 1)), np.zeros((38, 1, 1))).grid == Grid(8)
    assert Fields.from_openpose(np.zeros((18, 1, 1)), np.zeros((38, 1, 1)), stride=1).grid == Grid(1)


def test_foreign_arrays_are_refused_by_openpose():
    good = np.zeros((19, 3, 4)), np.zeros((38, 3, 4))
    Fields.from_openpose(*good)
    own = Skeleton("coco18", COCO18.joints[::-1], COCO18.limbs)  # OpenPose's by name only
    for heat, paf, skeleton, error in [
        (good[0][:17], good[1], "coco18", FieldsError),
        (*good, "body25", FieldsError),
        (good[0], good[1][:37], "coco18", FieldsError),
        (good[0], good[1][..., 1:], "coco18", FieldsError),
        (good[1], good[0], "coco18", FieldsError),
        (None, good[1], "coco18", FieldsError),
        (*good, "coco17", FieldsError),
        (*good, own, FieldsError),
        (*good, "coco19", SkeletonError),
    ]:
        with pytest.raises(error, match=r"^[^\n]+$"):
            Fields.from_openpose(heat, paf, skeleton=skeleton)


# --- trt_pose ---

TOPOLOGY = np.array([[2 * n, 2 * n + 1, a - 1, b - 1] for n, (a, b) in enumerate(TRT_POSE_LINKS)])


def test_trt_pose_channels_lit_one_by_one():
    names = [*COCO17.joints, "neck"]
    for channel in range(42):
        paf = np.zeros((42, 2, 3))
        paf[channel, 1, 2] = 0.5
        fields = Fields.from_trt_pose(np.zeros((18, 2, 3)), paf, TOPOLOGY)
        ((limb, component, y, x),) = np.argwhere(fields.paf)
        a, b = TRT_POSE_LINKS[channel // 2]
        assert fields.skeleton.limbs[limb] == (names[a - 1], names[b - 1])
        assert component == 1 - channel % 2  # trt_pose has the row (y) first
        assert (y, x) == (1, 2)
    cmap = np.zeros((18, 2, 3))
    cmap[17] = 1
    fields = Fields.from_trt_pose(cmap, paf, TOPOLOGY)
    assert np.flatnonzero(fields.heat.any((1, 2))) == fields.skeleton.index["neck"]
    assert fields.grid == Grid(4)
    shoulder = fields.skeleton.index["left_shoulder"]
    assert fields.skeleton.sigmas[shoulder] == COCO17.sigmas[COCO17.index["left_shoulder"]]


def test_trt_pose_topology_may_permute_channels():
    rng = np.random.default_rng(0)
    paf, order = rng.random((42, 2, 3)), rng.permutation(42)
    shuffled = TOPOLOGY.copy()
    shuffled[:, :2] = np.argsort(order)[TOPOLOGY[:, :2]]
    plain = Fields.from_trt_pose(np.zeros((18, 2, 3)), paf, TOPOLOGY)
    again = Fields.from_trt_pose(np.zeros((18, 2, 3)), paf[order], shuffled.tolist())
    np.testing.assert_array_equal(again.paf, plain.paf)


def test_trt_pose_with_own_parts():
    fields = Fields.from_trt_pose(
        np.zeros((14, 2, 2)),
        np.zeros((len(skeletons.CROWDPOSE14.limbs) * 2, 2, 2)),
        [[2 * n, 2 * n + 1, a, b] for n, (a, b) in enumerate(skeletons.CROWDPOSE14.limb_joints)],
        skeleton="crowdpose14",
    )
    assert fields.skeleton.limbs == skeletons.CROWDPOSE14.limbs


@pytest.mark.parametrize(
    "change",
    [
        {"cmap": np.zeros((17, 2, 3))},
        {"cmap": np.zeros((18, 2, 4))},
        {"paf": np.zeros((41, 2, 3))},
        {"paf": np.zeros((42, 3))},
        {"topology": TOPOLOGY[:, :3]},
        {"topology": TOPOLOGY + 0.5},
        {"topology": TOPOLOGY + 1},
        {"topology": TOPOLOGY - 1},
        {"topology": TOPOLOGY + [0, 0, 1, 1]},
        {"topology": np.zeros((0, 4), int)},
        {"topology": [[1, 2], [3]]},
        {"topology": None},
        {"topology": np.full((21, 4), np.nan)},
    ],
)
def test_trt_pose_arrays_that_do_not_fit_are_refused(change):
    good = {"cmap": np.zeros((18, 2, 3)), "paf": np.zeros((42, 2, 3)), "topology": TOPOLOGY}
    with pytest.raises((FieldsError, SkeletonError), match=r"^[^\n]+$"):
        Fields.from_trt_pose(**{**good, **change})
