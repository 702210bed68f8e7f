"""Every trunk keeps the contract, and has the published number of parameters."""

import sys
import types
from itertools import pairwise

import pytest
import torch
from torch.nn import functional

from bupose.errors import DependencyError, OptionsError
from bupose.nn.trunk import TRUNKS, Trunk, build_trunk
from bupose.nn.trunk.mobilenet_v2 import layer_plan, round_width

CASES = [
    ("vgg19", {}),
    ("vgg19", {"activation": "prelu", "channels": 64, "middle": 32}),
    ("vgg19", {"width": 0.25}),
    ("hrnet", {"width": 18}),
    ("hrnet", {"width": 8}),
    ("hrnet", {"width": 18, "fuse": "all"}),
    ("mobilenet_v1", {}),
    ("mobilenet_v1", {"neck": "fpn", "width": 0.5}),
    ("mobilenet_v1", {"neck": "fpn", "out_stride": 4, "channels": 32}),
    ("mobilenet_v1", {"neck": "concat", "width": 0.75}),
    ("mobilenet_v2", {}),
    ("mobilenet_v2", {"out_stride": 4, "last": False}),
    ("mobilenet_v2", {"neck": "dilated", "last": False, "channels": 96}),
    ("mobilenet_v3", {"channels": 32}),
    ("mobilenet_v3", {"size": "small", "out_stride": 4}),
    ("movenet", {}),
    ("movenet", {"head_features": True}),
    ("movenet", {"head_features": True, "context": 16}),
    ("movenet", {"width": 0.5, "widths": (32, 32, 16, 48)}),
    ("resnet", {}),
    ("resnet", {"neck": "dilated"}),
    ("resnet", {"depth": 50, "out_stride": 4}),
    ("resnet", {"depth": 50, "neck": "dilated"}),
    ("resnet", {"neck": "deconv", "channels": 64}),
    ("resnet", {"neck": "deconv", "out_stride": 4, "channels": 64}),
    ("resnet", {"depth": 50, "width": 0.5}),
    ("hourglass", {"channels": 64}),
    ("cpm", {"channels": 32}),
    ("timm", {"model": "fake"}),
]
IDS = [f"{name}-{'-'.join(map(str, options.values()))}" for name, options in CASES]


@pytest.fixture(autouse=True)
def fake_timm(monkeypatch):
    """A stand-in for timm with its interface of feature levels, for machines without it."""

    class Levels(torch.nn.Module):
        def __init__(self):
            super().__init__()
            widths = (3, 8, 12, 16, 20, 24)
            self.steps = torch.nn.ModuleList(torch.nn.Conv2d(a, b, 3, 2, 1) for a, b in pairwise(widths))
            self.feature_info = types.SimpleNamespace(
                channels=lambda: list(widths[1:]), reduction=lambda: [2, 4, 8, 16, 32]
            )

        def forward(self, features):
            levels = []
            for step in self.steps:
                features = step(features)
                levels.append(features)
            return levels

    def create_model(name, *, pretrained, features_only):
        if name != "fake":
            raise RuntimeError(f"Unknown model ({name})")
        return Levels()

    module = types.ModuleType("timm")
    module.create_model = create_model
    monkeypatch.setitem(sys.modules, "timm", module)


def published_parameters(trunk: Trunk) -> int:
    """Those of the published network: without what follows in bupose."""
    return sum(p.numel() for name, p in trunk.named_parameters() if not name.startswith(tuple(trunk.ADDED)))


def on_meta(name: str, **options) -> Trunk:
    with torch.device("meta"):
        return build_trunk(name, **options)


def test_every_trunk_has_a_case():
    assert {name for name, _ in CASES} == set(TRUNKS)


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_gradient_reaches_every_parameter(name, options):
    torch.manual_seed(0)
    trunk = build_trunk(name, **options).train()
    features = trunk(torch.randn(2, 3, 64, 64))
    assert features.shape == (2, trunk.channels, 64 // trunk.stride, 64 // trunk.stride)
    (features * torch.randn_like(features)).mean().backward()
    for parameter, values in trunk.named_parameters():
        assert values.grad is not None, parameter
        assert torch.isfinite(values.grad).all(), parameter
    dead = [n for n, p in trunk.named_parameters() if p.ndim > 1 and p.grad.abs().max() == 0]
    assert not dead


@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
def test_moving_the_picture_moves_the_features(name, options, monkeypatch):
    """With borders that wrap around, features are exactly equivariant to shifts by ``multiple``; they have a cell for
    each ``stride``."""
    wrap_borders(monkeypatch)
    torch.manual_seed(1)
    trunk = build_trunk(name, **options).eval().double()
    shift = trunk.multiple
    height, width = (4 * shift, 2 * shift) if shift > 8 else (96, 64)
    images = torch.randn(1, 3, height, width, dtype=torch.float64)
    with torch.no_grad():
        features = trunk(images)
        moved = trunk(images.roll((shift, -shift), (2, 3)))
    assert features.shape == (1, trunk.channels, height // trunk.stride, width // trunk.stride)
    assert shift % trunk.stride == 0
    assert trunk.stride == options.get("out_stride", trunk.stride)
    cells = shift // trunk.stride
    expected = features.roll((cells, -cells), (2, 3))
    assert (moved - expected).abs().max() < 1e-6 * features.abs().max()
    assert (moved - features).abs().max() > 1e-3 * features.abs().max()  # and the test can see a difference


def wrap_borders(monkeypatch) -> None:
    """Make every layer that looks over the border see the other side of the picture."""
    plain = {
        name: getattr(functional, name) for name in ("conv2d", "max_pool2d", "conv_transpose2d", "interpolate", "pad")
    }

    def wrap(features, border):
        return plain["pad"](features, border, mode="circular")

    def conv2d(features, weight, bias, stride, padding, dilation, groups):
        features = wrap(features, (padding[1], padding[1], padding[0], padding[0]))
        return plain["conv2d"](features, weight, bias, stride, 0, dilation, groups)

    def max_pool2d(features, kernel, stride=None, padding=0, *rest, **named):
        return plain["max_pool2d"](wrap(features, (padding,) * 4), kernel, stride, 0, *rest, **named)

    def conv_transpose2d(features, weight, bias, stride, padding, *rest):
        result = plain["conv_transpose2d"](wrap(features, (1,) * 4), weight, bias, stride, padding, *rest)
        return result[..., stride[0] : -stride[0], stride[1] : -stride[1]]

    def interpolate(features, size=None, scale_factor=None, *rest, **named):
        result = plain["interpolate"](wrap(features, (1,) * 4), size, scale_factor, *rest, **named)
        cut = int(scale_factor)
        return result[..., cut:-cut, cut:-cut]

    monkeypatch.setattr(functional, "conv2d", conv2d)
    monkeypatch.setattr(functional, "max_pool2d", max_pool2d)
    monkeypatch.setattr(functional, "conv_transpose2d", conv_transpose2d)
    monkeypatch.setattr(functional, "interpolate", interpolate)
    monkeypatch.setattr(functional, "pad", wrap)


@pytest.mark.parametrize(
    ("name", "options", "count"),
    [
        # torchvision's totals less their classifiers, as its documentation gives them.
        ("resnet", {"depth": 18}, 11_689_512 - 513_000),
        ("resnet", {"depth": 50}, 25_557_032 - 2_049_000),
        ("resnet", {"depth": 101, "neck": "dilated"}, 44_549_160 - 2_049_000),
        ("resnet", {"depth": 152}, 60_192_808 - 2_049_000),
        ("mobilenet_v2", {}, 3_504_872 - 1_281_000),
        ("mobilenet_v3", {"size": "large"}, 5_483_032 - 2_511_080),
        ("mobilenet_v3", {"size": "small"}, 2_542_856 - 1_615_848),
        # VGG-19 up to conv4_2, 3x3 kernels: Simonyan and Zisserman, configuration E.
        (
            "vgg19",
            {},
            sum(
                9 * a * b + b
                for a, b in [(3, 64), (64, 64), (64, 128), (128, 128), (128, 256)]
                + [(256, 256)] * 3
                + [(256, 512), (512, 512)]
            ),
        ),
        # The HRNet authors' pose networks (28.5 M, 63.6 M) less their 1x1 to 17 joints.
        ("hrnet", {"width": 32}, 28_536_113 - (32 * 17 + 17)),
        ("hrnet", {"width": 48}, 63_595_745 - (48 * 17 + 17)),
    ],
)
def test_published_parameter_counts(name, options, count):
    assert published_parameters(on_meta(name, **options)) == count


def test_openpose_trunk_has_the_published_size():
    """VGG and the two convolutions behind it: 7.34 M."""
    trunk = on_meta("vgg19")
    assert round(sum(p.numel() for p in trunk.parameters()) / 1e6, 2) == 7.34


@pytest.mark.parametrize(("depth", "millions"), [(50, 34.0), (101, 53.0), (152, 68.6)])
def test_simple_baselines_has_the_published_size(depth, millions):
    """ResNet with three transposed convolutions of 256 and a 1x1 to 17 joints (Xiao et al. 2018, table 2)."""
    trunk = on_meta("resnet", depth=depth, neck="deconv", out_stride=4, channels=256)
    assert round((sum(p.numel() for p in trunk.parameters()) + 256 * 17 + 17) / 1e6, 1) == millions


def test_dilation_replaces_stride_exactly():
    """Every eighth cell of the dilated network at stride 1 is the strided network's: same weights, wrapped or not."""
    torch.manual_seed(2)
    strided = build_trunk("resnet", depth=18, channels=8).eval().double()
    dilated = build_trunk("resnet", depth=18, neck="dilated", channels=8).eval().double()
    shared = {name: values for name, values in strided.state_dict().items() if not name.startswith("neck.")}
    dilated.load_state_dict(shared, strict=False)
    outputs = {}
    for trunk in (strided, dilated):
        trunk.layer4.register_forward_hook(lambda _, __, output, key=trunk: outputs.update({key: output}))
        with torch.no_grad():
            trunk(torch.randn(1, 3, 64, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0)))
    torch.testing.assert_close(outputs[dilated][..., ::4, ::4], outputs[strided])


def test_mobilenet_v2_dilation_keeps_what_a_layer_sees():
    strides, dilations = {}, {}
    for stride in (8, 32):
        reached, plan = 2, layer_plan(stride)
        for number, (_, step, dilation) in enumerate(plan):
            strides[stride, number], dilations[stride, number] = reached, dilation
            reached *= step
        assert reached == stride
    for number in range(17):  # the spacing of a kernel's taps in pixels does not depend on where the strides are
        assert strides[8, number] * dilations[8, number] == strides[32, number]


@pytest.mark.parametrize(("width", "expected"), [(16 * 1.5, 24), (24 * 1.5, 40), (24 * 0.75, 24), (8 * 0.5, 8)])
def test_round_width(width, expected):
    """MoveNet's file has 40 channels for 24 * 1.5 = 36; MobileNetV2 0.75 of torchvision 24 for 18."""
    assert round_width(width) == expected


@pytest.mark.parametrize(
    ("name", "options", "word"),
    [
        ("vgg", {}, "vgg19"),
        ("vgg19", {"depth": 3}, "depth"),
        ("vgg19", {"activation": "gelu"}, "prelu"),
        ("vgg19", {"normalisation": "imagenette"}, "imagenet"),
        ("vgg19", {"channels": 0}, "channels"),
        ("hrnet", {"width": 31}, "48"),
        ("hrnet", {"fuse": "some"}, "finest"),
        ("mobilenet_v1", {"width": 0}, "width"),
        ("mobilenet_v1", {"out_stride": 4}, "out_stride"),
        ("mobilenet_v2", {"neck": "concat"}, "fpn"),
        ("movenet", {"widths": (1, 2, 3)}, "4 whole numbers"),
        ("resnet", {"depth": 34}, "50"),
        ("resnet", {"neck": "dilated", "out_stride": 4}, "8"),
        ("mobilenet_v3", {"size": "medium"}, "small"),
        ("hourglass", {"channels": 10}, "multiple of 4"),
        ("cpm", {"channels": 9}, "even"),
        ("timm", {"model": "nothing"}, "nothing"),
        ("timm", {"out_stride": 16}, "8"),
    ],
)
def test_refused_options(name, options, word):
    with pytest.raises(OptionsError, match=word):
        build_trunk(name, **options)


def test_timm_is_optional(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(DependencyError, match="pip install timm"):
        build_trunk("timm")
