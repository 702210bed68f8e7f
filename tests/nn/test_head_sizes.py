"""Heads on their trunks: published numbers of parameters and multiply-adds."""

import pytest
import torch
from networks import network

from bupose import skeletons
from bupose.nn.cost import count_macs, count_parameters

COCO17, COCO18, BODY25 = skeletons.COCO17, skeletons.COCO18, skeletons.BODY25
SIXTEEN = skeletons.get(
    {"name": "sixteen", "joints": [*map(str, range(16))], "limbs": [["0", str(n)] for n in range(1, 16)]}
)


def test_openpose_2017_has_the_published_size():
    net = network("vgg19", "openpose2017", COCO18)
    assert round(count_parameters(net) / 1e6, 2) == 52.31
    assert round(count_macs(net, 368, 656) / 1e9, 1) == 242.3


def test_body25_has_the_published_size():
    """26.15 M weights and biases of convolutions; the slopes of the PReLUs come on top."""
    net = network("vgg19", "openpose2019", BODY25, activation="prelu")
    slopes = sum(p.numel() for m in net.modules() if isinstance(m, torch.nn.PReLU) for p in m.parameters())
    assert round((count_parameters(net) - slopes) / 1e6, 2) == 26.15
    assert round(count_macs(net, 368, 656) / 1e9, 1) == 143.6


def test_lightweight_openpose_has_the_published_size():
    net = network("mobilenet_v1", "light", COCO18)
    assert round(count_parameters(net) / 1e6, 1) == 4.1


@pytest.mark.parametrize(
    ("stacks", "millions", "gmac"), [(1, 3.43, 5.15), (2, 6.57, 8.33), (4, 12.86, 14.70), (8, 25.43, 27.44)]
)
def test_stacked_hourglass_has_the_published_size(stacks, millions, gmac):
    """At 256x256, for the 16 joints of MPII, multiply-adds of convolutions; counted from the authors' layout."""
    net = network("hourglass", "hourglass", SIXTEEN, method="single", head_options={"stacks": stacks})
    assert round(count_parameters(net) / 1e6, 2) == millions
    assert count_macs(net, 256, 256) / 1e9 == pytest.approx(gmac, abs=0.006)


def test_convolutional_pose_machines_have_the_published_size():
    """mmpose counts 31.3 M and 63.81 GMAC at 256x192, batch norm among them: 0.1 % more than the convolutions."""
    net = network("cpm", "cpm", COCO17, method="single", head_options={"split": True})
    assert round(count_parameters(net) / 1e6, 1) == 31.3
    assert count_macs(net, 256, 192) / 1e9 == pytest.approx(63.81, rel=0.002)


def test_cpn_has_the_published_size():
    """27.0 M with shortcuts as they are. Of 6.20 GMAC at 256x192 the paper's 3.90 for GlobalNet are less than its
    ResNet-50 alone has with the stride in the 3x3, as here, so that only parameters can be compared."""
    net = network("resnet", "cpn", COCO17, method="single", depth=50, neck="levels")
    assert round(count_parameters(net) / 1e6, 2) == 27.01


@pytest.mark.parametrize(("width", "millions", "gmac", "side"), [(32, 28.6, 47.9, 512), (48, 63.8, 154.3, 640)])
def test_higher_hrnet_has_the_published_size(width, millions, gmac, side):
    """The authors' GMAC count batch norm and interpolation, too: of HRNet-W32 alone at 512x512 they give 38.9."""
    net = network("hrnet", "higher", COCO17, method="tags", head_options={"width": width}, width=width)
    assert round(count_parameters(net) / 1e6, 1) == millions
    assert 0.96 < count_macs(net, side, side) / 1e9 / gmac < 1


@pytest.mark.parametrize("cross", [False, True])
def test_occlusion_networks_have_the_size_of_the_published_layout(cross):
    """ResNet-50 without its classifier, transposed 4x4 convolutions to 256 channels with batch norm, 1x1 outputs for
    CrowdPose's 14 joints: one shared, or two, and the others and the outputs in both branches."""
    fourteen = skeletons.CROWDPOSE14
    net = network(
        "resnet", "occlusion", fourteen, method="single", target={"hidden": True},
        head_options={"deconvs": 1 + cross, "cross": cross},
        depth=50, neck="deconv", channels=256, out_stride=16 if cross else 8,
    )  # fmt: skip
    first, other, norm = 2048 * 256 * 16, 256 * 256 * 16, 2 * 256
    shared, each = (first + norm, 2 * (other + norm)) if cross else (first + other + 2 * norm, other + norm)
    output = (256 * (1 + cross) + 1) * 14
    assert count_parameters(net) == 25_557_032 - (2048 + 1) * 1000 + shared + 2 * (each + output)
    assert net.stride == 4


@pytest.mark.parametrize(("depth", "classifier"), [(50, 25_557_032), (152, 60_192_808)])
def test_regression_networks_have_the_size_of_the_published_layout(depth, classifier):
    """torchvision's ResNet with x, y and two spreads of 17 joints in place of 1000 classes (Li et al. 2021, 3.1)."""
    net = network("resnet", "regression", COCO17, method="regression", depth=depth, neck="none")
    assert count_parameters(net) == classifier - (2048 + 1) * 1000 + (2048 + 1) * 17 * 4
