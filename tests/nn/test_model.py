"""Whole networks: the declaration, the input, the output, the costs."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from bupose import skeletons
from bupose.errors import BuposeError, InputError, OptionsError
from bupose.maps import Grid
from bupose.nn import NetworkConfig, PoseNet
from bupose.nn.cost import count_macs, count_memory, count_parameters
from bupose.nn.model import shrink

COCO17 = skeletons.get("coco17")
SMALL = {"width": 0.25, "channels": 16}


def make(head="plain", skeleton=COCO17, **changes) -> PoseNet:
    torch.manual_seed(0)
    values = {"trunk": "mobilenet_v2", "trunk_options": SMALL, "head": head} | changes
    return PoseNet(NetworkConfig(skeleton, **values)).eval()


def test_the_declaration_rebuilds_the_network():
    """Through JSON and back: same configuration, same state, same output."""
    net = make("light", normalisation={"order": "bgr", "mean": [1, 2, 3], "std": [4, 5, 6]}, metrics={"AP": 0.5},
               target={"sigma": 7.0}, decoder={"peak_threshold": 0.1}, preprocess={"height": 368})  # fmt: skip
    rebuilt = PoseNet(NetworkConfig.from_dict(json.loads(json.dumps(net.config.to_dict())))).eval()
    assert rebuilt.config == net.config
    rebuilt.load_state_dict(net.state_dict())
    images = torch.randint(0, 256, (1, 3, 64, 96), dtype=torch.uint8)
    with torch.no_grad():
        for one, other in zip(net(images), rebuilt(images), strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_a_built_network_declares_every_option():
    """What a default is may change with a later version; a stored network must not."""
    config = make().config
    assert config.trunk_options["neck"] == "fpn"
    assert config.head_options == {
        "layers": 2,
        "width": 128,
        "blocks": 0,
        "space_to_depth": False,
        "skip": False,
        "context_scale": 0.0,
        "upsample": False,
        "background": False,
    }
    assert config.normalisation["order"] == "rgb"


def test_shapes_and_types():
    net = make("light", skeletons.get("body25"))
    for images in (torch.zeros(2, 3, 64, 96, dtype=torch.uint8), torch.zeros(2, 3, 64, 96)):
        with torch.no_grad():
            heat, paf = net(images)
        assert heat.shape == (2, 25, 8, 12)
        assert paf.shape == (2, 26, 2, 8, 12)
        assert heat.dtype == paf.dtype == torch.float32
    with torch.no_grad():
        stages = net.forward_stages(torch.zeros(1, 3, 64, 64))
    assert len(stages) == 2
    assert stages[0]["heat"].shape[1] == 26  # with the background


def test_half_precision_gives_float32_fields():
    net = make().to(torch.bfloat16)
    with torch.no_grad():
        heat, paf = net(torch.full((1, 3, 64, 64), 200, dtype=torch.uint8))
    assert heat.dtype == paf.dtype == torch.float32


def test_limb_channels_are_x_then_y_of_each_limb():
    net = make()
    with torch.no_grad():
        stages = net.forward_stages(torch.rand(1, 3, 64, 64) * 255)
        _, paf = net(torch.rand(1, 3, 64, 64) * 0)
    assert paf.shape[1:3] == (len(COCO17.limbs), 2)
    with torch.no_grad():
        net.head.paf[0].weight.zero_()
        net.head.paf[0].bias.copy_(torch.arange(2.0 * len(COCO17.limbs)))
        _, paf = net(torch.zeros(1, 3, 64, 64))
    assert stages[-1]["paf"].shape[1] == 2 * len(COCO17.limbs)
    np.testing.assert_array_equal(paf[0, 7, :, 0, 0], [14, 15])


@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_normalisation(order):
    mean, std = [10.0, 20.0, 30.0], [1.0, 2.0, 4.0]
    net = make(normalisation={"order": order, "mean": mean, "std": std})
    images = torch.randint(0, 256, (1, 3, 32, 32), dtype=torch.uint8)
    pixels = images.numpy().astype(np.float32)[:, ::-1] if order == "bgr" else images.numpy().astype(np.float32)
    expected = [(pixels[:, c] - mean[c]) / std[c] for c in range(3)]
    np.testing.assert_allclose(net.normalise(images).numpy(), np.stack(expected, 1), rtol=1e-6)


def test_normalisation_travels_with_the_state_and_is_not_trained():
    net = make()
    assert {"mean", "std"} <= set(net.state_dict())
    assert not {"mean", "std"} & {name for name, _ in net.named_parameters()}


@pytest.mark.parametrize(
    ("shape", "words"),
    [((1, 3, 64, 72), "96x64"), ((1, 3, 33, 64), "64x64"), ((1, 1, 64, 64), "B, 3, H, W"), ((3, 64, 64), "B, 3, H, W"),
     ((1, 3, 0, 64), "multiples")],
)  # fmt: skip
def test_images_of_another_shape_are_refused(shape, words):
    with pytest.raises(InputError, match=words):
        make()(torch.zeros(shape))


@pytest.mark.parametrize(("upsample", "stride"), [(False, 8), (True, 4)])
def test_stride_and_grid(upsample, stride):
    net = make(head_options={"upsample": upsample})
    assert net.stride == stride
    assert net.grid == Grid(stride)
    with torch.no_grad():
        heat, _ = net(torch.zeros(1, 3, 96, 64))
    assert heat.shape[2:] == net.grid.shape(64, 96)


@pytest.mark.parametrize(
    ("trunk", "options"),
    [("mobilenet_v2", SMALL), ("hrnet", {"width": 18}), ("resnet", {"neck": "deconv", "channels": 16}),
     ("mobilenet_v1", {"width": 0.25}), ("movenet", {"width": 0.5})],
)  # fmt: skip
def test_fused_network_gives_the_same_fields(trunk, options):
    torch.manual_seed(0)
    net = PoseNet(NetworkConfig(COCO17, trunk, "light", options, {"width": 16, "hidden": 16, "refinements": 1}))
    net.train()
    with torch.no_grad():
        for _ in range(3):  # statistics that are not the identity
            net(torch.rand(2, 3, 64, 64) * 255)
    fused, images = net.fuse(), torch.rand(1, 3, 64, 64) * 255
    assert not [m for m in fused.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert net.training
    net.eval()
    with torch.no_grad():
        for one, other in zip(net(images), fused(images), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4 * float(one.abs().max()))


@pytest.mark.parametrize(
    ("trunk", "trunk_options", "head", "head_options"),
    [("hourglass", {"channels": 32}, "hourglass", {"depth": 2}),
     ("cpm", {"channels": 8}, "cpm", {"width": 8, "stages": 2}),
     ("resnet", {"neck": "levels"}, "cpn", {"width": 8}), ("resnet", {"channels": 8}, "higher", {"width": 8}),
     ("mobilenet_v3", {"size": "small", "channels": 16}, "plain", {})],
)  # fmt: skip
def test_fused_networks_for_one_person_give_the_same_fields(trunk, trunk_options, head, head_options):
    """A batch norm before a convolution, with a ReLU between, stays."""
    torch.manual_seed(0)
    net = PoseNet(NetworkConfig(COCO17, trunk, head, trunk_options, head_options, method="single"))
    net.train()
    with torch.no_grad():
        for _ in range(3):
            net(torch.rand(2, 3, 64, 64) * 255)
    fused, images = net.fuse(), torch.rand(1, 3, 64, 64) * 255
    many = [sum(isinstance(m, torch.nn.BatchNorm2d) for m in one.modules()) for one in (net, fused)]
    assert many[1] < 0.5 * many[0]
    net.eval()
    with torch.no_grad():
        (one,), (other,) = net(images), fused(images)
    torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4 * float(one.abs().max()))


@pytest.mark.parametrize("overview", [0, 0.4])
@pytest.mark.parametrize("shape", [(64, 64), (32, 96)])
def test_a_folded_head_is_fused_into_a_convolution_with_a_stride(shape, overview):
    """Six by six pixels, two apart, see what three by three folded cells see, borders included."""
    head = {"space_to_depth": True, "width": 8, "context_scale": overview}
    net = make(trunk_options=SMALL | {"out_stride": 4}, head_options=head)
    fused, images = net.eval().fuse(), torch.rand(2, 3, *shape) * 255
    assert not [m for m in fused.modules() if isinstance(m, torch.nn.PixelUnshuffle)]
    assert fused.head.layers[0][0].kernel_size == (6, 6)
    with torch.no_grad():
        for one, other in zip(net(images), fused(images), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4 * float(one.abs().max()))


@pytest.mark.parametrize(
    ("size", "share", "wanted"),
    [((416, 640), 0.4, (192, 256)), ((32, 64), 0.35, (32, 32)), ((96, 160), 0.7, (96, 128))],
)
def test_an_overview_has_the_pictures_borders(size, share, wanted):
    """Two ramps stay ramps from border to border, whatever the sides are rounded up to."""
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float32) + 0.5
    made = shrink(torch.from_numpy(np.stack([rows, columns]))[None], share, 32)[0].numpy()
    assert made.shape[1:] == wanted
    cells = np.mgrid[: wanted[0], : wanted[1]] + 0.5
    inside = (slice(None), slice(1, -1), slice(1, -1))  # the outermost pixels have no neighbour to interpolate with
    expected = cells * (np.array(size) / wanted)[:, None, None]
    np.testing.assert_allclose(made[inside], expected[inside], rtol=1e-5)


def test_describe_says_what_it_costs():
    torch.manual_seed(0)
    net = PoseNet(NetworkConfig(skeletons.get("coco18"), "vgg19", "openpose2017"))
    text = net.describe()
    for words in ("52.31 M", "stride 8", "6 stages", "18 joints, 19 limbs", "vgg19", "368x368", "mean"):
        assert words in text
    # 242.3 GMAC at 656x368 are 46 * 82 cells; 368x368 has 46 * 46.
    assert f"{242.317 * 46 / 82:.2f} GMAC" in text


def test_macs_by_hand():
    """A 3x3 convolution of stride 2 on 8x8, depth-wise and full, and a 1x1."""
    with torch.device("meta"):
        module = torch.nn.Sequential(
            torch.nn.Conv2d(3, 6, 3, 2, 1), torch.nn.Conv2d(6, 6, 3, 1, 1, groups=6), torch.nn.Conv2d(6, 4, 1)
        )
    assert count_macs(module, 8, 8) == 16 * (9 * 3 * 6 + 9 * 6 + 6 * 4)
    assert count_parameters(module) == 9 * 18 + 6 + 54 + 6 + 24 + 4


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"trunk": "vgg16"}, "vgg19"),
        ({"head": "sandglass"}, "plain"),
        ({"trunk_options": {"size": 1}}, "size"),
        ({"normalisation": {"order": "grb", "mean": [0] * 3, "std": [1] * 3}}, "rgb"),
        ({"normalisation": {"order": "rgb", "mean": [0] * 3}}, "std"),
        ({"normalisation": {"order": "rgb", "mean": [0] * 3, "std": [1, 0, 1]}}, "from 0.001"),
        ({"normalisation": {"order": "rgb", "mean": [0] * 2, "std": [1] * 3}}, "three"),
        ({"depth": 3}, "skeleton"),
    ],
)
def test_declarations_that_cannot_be_built(change, word):
    values = make().config.to_dict() | change
    with pytest.raises(OptionsError, match=word):
        PoseNet(NetworkConfig.from_dict(values))


@pytest.mark.parametrize(
    "values", [{}, {"trunk": "vgg19", "head": "plain"}, [], {"skeleton": 3, "trunk": "a", "head": "b"}]
)
def test_declarations_that_are_none(values):
    with pytest.raises(BuposeError):
        NetworkConfig.from_dict(values)


def test_networks_need_torch_alone():
    """``bupose.nn`` imports where OpenCV, numba, scipy and hydra are missing."""
    code = (
        "import sys\nfor m in ('cv2', 'numba', 'hydra', 'scipy', 'matplotlib'): sys.modules[m] = None\nimport bupose.nn"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=120)


def test_memory_is_that_of_what_exists_at_once():
    """Float32: the picture stays with its owner; a ReLU in place needs nothing, another as much as its input."""
    with torch.device("meta"):
        in_place = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 1), torch.nn.ReLU(inplace=True), torch.nn.Conv2d(8, 4, 1))
        copying = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 1), torch.nn.ReLU(), torch.nn.Conv2d(8, 4, 1))
    cells = 16 * 20
    assert count_memory(in_place, 16, 20) == 4 * cells * (3 + 8 + 4)
    assert count_memory(copying, 16, 20) == 4 * cells * (3 + 8 + 8)
