"""Starting from another network: what fits is taken, what does not starts afresh and is told."""

from dataclasses import replace

import pytest
import torch

from bupose import weights
from bupose.errors import WeightsError
from bupose.skeleton import Skeleton
from bupose.skeletons import BODY25, COCO17
from bupose.train.options import HeadOptions, TrunkOptions
from bupose.train.starting import build_network


@pytest.fixture
def started(small_training, tmp_path):
    torch.manual_seed(5)
    net = build_network(small_training(), COCO17)
    return net, str(weights.save(net, tmp_path / "first.safetensors"))


def same(a, b, part: str) -> bool:
    a, b = a.get_submodule(part).state_dict(), b.get_submodule(part).state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_a_network_of_the_same_shape_is_taken_whole(small_training, started, caplog):
    caplog.set_level("INFO")
    first, file = started
    second = build_network(replace(small_training(), start=file), COCO17)
    assert all(torch.equal(second.state_dict()[name], tensor) for name, tensor in first.state_dict().items())
    assert "0 start afresh" in caplog.text


def test_another_skeleton_gets_new_outputs_on_old_layers(small_training, started, caplog):
    caplog.set_level("INFO")
    first, file = started
    second = build_network(replace(small_training(), start=file), BODY25)
    assert same(first, second, "trunk")
    assert same(first, second, "head.layers")
    assert second.head.heat[0].weight.shape[0] == 25
    assert "4 start afresh: head.heat, head.paf" in caplog.text


def test_another_trunk_is_refused(small_training, started):
    options = replace(small_training(), start=started[1])
    wider = TrunkOptions("mobilenet_v2", {"width": 0.2, "last": False, "channels": 8})
    with pytest.raises(WeightsError, match=r"another trunk: .* choose trunk=mobilenet_v2 and its options"):
        build_network(replace(options, trunk=wider), COCO17)


@pytest.mark.parametrize("part", [{"skip": True}, {"blocks": 2}])
def test_a_part_that_is_new_changes_nothing(small_training, started, part):
    """A head that gets a skip or residual blocks says at first what it said without."""
    first, file = started
    head = HeadOptions("plain", {"layers": 1, "width": 8, **part})
    second = build_network(replace(small_training(), start=file, head=head), COCO17)
    assert_same_fields(first, second)


def test_weights_with_further_inputs_go_on_with_those_they_had(small_training, tmp_path, caplog):
    """MoveNet's trunk that gets a second pyramid gives the head more channels, which count nothing at first."""
    caplog.set_level("INFO")
    options = replace(small_training(), trunk=TrunkOptions("movenet", {"width": 0.2}))
    file = str(weights.save(first := build_network(options, COCO17), tmp_path / "first.safetensors"))
    wider = TrunkOptions("movenet", {"width": 0.2, "context": 16})
    second = build_network(replace(options, trunk=wider, start=file), COCO17)
    assert second.head.layers[0][0].weight.shape[1] == first.head.layers[0][0].weight.shape[1] + 4
    assert "1 of them with further inputs" in caplog.text
    assert_same_fields(first, second)


def assert_same_fields(first, second):
    images = torch.randint(0, 255, (1, 3, 64, 64), dtype=torch.uint8)
    with torch.no_grad():
        for ours, theirs in zip(second.eval()(images), first.eval()(images), strict=True):
            torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize(
    "part", [{}, {"skip": True, "space_to_depth": True, "background": True}, {"upsample": True, "skip": True}]
)
def test_another_skeleton_goes_on_with_the_joints_and_limbs_it_shares(small_training, tmp_path, caplog, part):
    """A limb that runs the other way round says the opposite; what is new says something else."""
    caplog.set_level("INFO")
    head = HeadOptions("plain", {"layers": 1, "width": 8, **part})
    first = build_network(replace(small_training(), head=head), COCO17)
    for parameter in first.head.parameters():  # skips start at zero
        torch.nn.init.normal_(parameter, std=0.5)
    file = str(weights.save(first, tmp_path / "first.safetensors"))
    arm = Skeleton("arm", ("tool", "right_elbow", "left_elbow", "right_wrist", "left_wrist"),
                   (("left_wrist", "left_elbow"), ("right_elbow", "right_wrist"), ("left_elbow", "right_elbow"),
                    ("tool", "left_elbow"), ("tool", "right_elbow")))  # fmt: skip
    second = build_network(replace(small_training(), start=file, head=head), arm)
    assert "the outputs for 4 of 5 joints and 2 of 5 limbs are taken by name" in caplog.text
    with torch.no_grad():
        images = torch.randint(0, 255, (1, 3, 64, 64), dtype=torch.uint8)
        (heat, paf), (new_heat, new_paf) = (net.eval()(images) for net in (first, second))
    for n, joint in enumerate(arm.joints[1:], 1):
        torch.testing.assert_close(new_heat[:, n], heat[:, COCO17.index[joint]])
    was = [COCO17.limb_names.index(f"{side}_elbow-{side}_wrist") for side in ("left", "right")]
    torch.testing.assert_close(new_paf[:, 0], -paf[:, was[0]])
    torch.testing.assert_close(new_paf[:, 1], paf[:, was[1]])
