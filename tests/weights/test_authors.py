"""Files of Simple Baselines, HRNet, HigherHRNet and Stacked Hourglass: published names in, the published output out."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from bupose.errors import WeightsError
from bupose.skeletons import COCO17
from bupose.weights.importers import import_weights, recognise

WIDTH = 8  # of HRNet; published 32 and 48


class Published:
    """The published networks as functions of a normalised picture; ``tensors`` are made as they are asked for."""

    def __init__(self):
        self.tensors, self.generator = {}, torch.Generator().manual_seed(0)

    def get(self, name, *shape, scale=1.0, shift=0.0):
        if name not in self.tensors:
            self.tensors[name] = torch.randn(shape, generator=self.generator) * scale + shift
        return self.tensors[name]

    def conv(self, name, x, channels, kernel=3, stride=1, bias=False):
        scale = (2 / x.shape[1] / kernel**2) ** 0.5
        weight = self.get(f"{name}.weight", channels, x.shape[1], kernel, kernel, scale=scale)
        shift = self.get(f"{name}.bias", channels, scale=0.1) if bias else None
        return functional.conv2d(x, weight, shift, stride, kernel // 2)

    def deconv(self, name, x, channels):
        weight = self.get(f"{name}.weight", x.shape[1], channels, 4, 4, scale=(0.5 / x.shape[1]) ** 0.5)
        return functional.conv_transpose2d(x, weight, None, 2, 1)

    def norm(self, name, x):
        c = x.shape[1]
        self.tensors.setdefault(f"{name}.running_var", torch.rand(c, generator=self.generator) + 0.5)
        mean, var = self.get(f"{name}.running_mean", c, scale=0.1), self.tensors[f"{name}.running_var"]
        weight, bias = self.get(f"{name}.weight", c, scale=0.1, shift=1), self.get(f"{name}.bias", c, scale=0.1)
        return functional.batch_norm(x, mean, var, weight, bias)

    def basic(self, name, x, channels, stride=1):
        y = self.norm(f"{name}.bn1", self.conv(f"{name}.conv1", x, channels, 3, stride)).relu()
        y = self.norm(f"{name}.bn2", self.conv(f"{name}.conv2", y, channels))
        return (y + self.shortcut(name, x, channels, stride)).relu()

    def bottleneck(self, name, x, width):
        y = self.norm(f"{name}.bn1", self.conv(f"{name}.conv1", x, width, 1)).relu()
        y = self.norm(f"{name}.bn2", self.conv(f"{name}.conv2", y, width)).relu()
        y = self.norm(f"{name}.bn3", self.conv(f"{name}.conv3", y, 4 * width, 1))
        return (y + self.shortcut(name, x, 4 * width, 1)).relu()

    def shortcut(self, name, x, channels, stride):
        if stride == 1 and x.shape[1] == channels:
            return x
        return self.norm(f"{name}.downsample.1", self.conv(f"{name}.downsample.0", x, channels, 1, stride))

    def simple_baselines(self, x):
        """Of ResNet-18."""
        x = self.norm("bn1", self.conv("conv1", x, 64, 7, 2)).relu()
        x = functional.max_pool2d(x, 3, 2, 1)
        for n in range(4):
            for k in range(2):
                x = self.basic(f"layer{n + 1}.{k}", x, 64 * 2**n, 2 if n and not k else 1)
        for n in (0, 3, 6):
            x = self.norm(f"deconv_layers.{n + 1}", self.deconv(f"deconv_layers.{n}", x, 256)).relu()
        return [{"heat": self.conv("final_layer", x, 17, 1, bias=True)}]

    def exchange(self, name, xs, outputs):
        xs = list(xs)
        for b, x in enumerate(xs):
            for k in range(4):
                xs[b] = x = self.basic(f"{name}.branches.{b}.{k}", x, x.shape[1])
        sums = []
        for i in range(outputs):
            total = 0
            for j, y in enumerate(xs):
                part = f"{name}.fuse_layers.{i}.{j}"
                if j > i:
                    y = self.norm(f"{part}.1", self.conv(f"{part}.0", y, xs[i].shape[1], 1))
                    y = functional.interpolate(y, scale_factor=2 ** (j - i), mode="nearest")
                for k in range(i - j):
                    last = k == i - j - 1
                    y = self.conv(f"{part}.{k}.0", y, xs[i].shape[1] if last else y.shape[1], 3, 2)
                    y = self.norm(f"{part}.{k}.1", y)
                    y = y if last else y.relu()
                total = total + y
            sums.append(total.relu())
        return sums

    def high_resolution(self, x):
        x = self.norm("bn1", self.conv("conv1", x, 64, 3, 2)).relu()
        x = self.norm("bn2", self.conv("conv2", x, 64, 3, 2)).relu()
        for k in range(4):
            x = self.bottleneck(f"layer1.{k}", x, 64)
        xs = [
            self.norm("transition1.0.1", self.conv("transition1.0.0", x, WIDTH)).relu(),
            self.norm("transition1.1.0.1", self.conv("transition1.1.0.0", x, 2 * WIDTH, 3, 2)).relu(),
        ]
        xs = self.exchange("stage2.0", xs, 2)
        for stage, modules in ((3, 4), (4, 3)):
            new, coarsest = f"transition{stage - 1}.{stage - 1}.0", xs[-1]
            more = self.conv(f"{new}.0", coarsest, 2 * coarsest.shape[1], 3, 2)
            xs = [*xs, self.norm(f"{new}.1", more).relu()]
            for m in range(modules):
                xs = self.exchange(f"stage{stage}.{m}", xs, 1 if (stage, m) == (4, 2) else stage)
        return xs[0]

    def hrnet(self, x):
        return [{"heat": self.conv("final_layer", self.high_resolution(x), 17, 1, bias=True)}]

    def higher_hrnet(self, x):
        x = self.high_resolution(x)
        said = self.conv("final_layers.0", x, 34, 1, bias=True)
        x = self.deconv("deconv_layers.0.0.0", torch.cat([x, said], 1), WIDTH)
        x = self.norm("deconv_layers.0.0.1", x).relu()
        for k in range(1, 5):
            x = self.basic(f"deconv_layers.0.{k}.0", x, WIDTH)
        said = functional.interpolate(said, scale_factor=2, mode="bilinear", align_corners=False)
        fine = self.conv("final_layers.1", x, 17, 1, bias=True)
        return [{"heat": said[:, :17], "tags": said[:, 17:]}, {"heat": fine}]

    def residual(self, name, x, channels):
        y = self.conv(f"{name}.conv1.conv", self.norm(f"{name}.bn1", x).relu(), channels // 2, 1, bias=True)
        y = self.conv(f"{name}.conv2.conv", self.norm(f"{name}.bn2", y).relu(), channels // 2, bias=True)
        y = self.conv(f"{name}.conv3.conv", self.norm(f"{name}.bn3", y).relu(), channels, 1, bias=True)
        skip = self.conv(f"{name}.skip_layer.conv", x, channels, 1, bias=True)  # made, but for equal widths not used
        return y + (x if x.shape[1] == channels else skip)

    def hollow(self, name, x, depth):
        low = self.residual(f"{name}.low1", functional.max_pool2d(x, 2), 256)
        inner = f"{name}.low2"
        low = self.hollow(inner, low, depth - 1) if depth > 1 else self.residual(inner, low, 256)
        low = self.residual(f"{name}.low3", low, 256)
        return self.residual(f"{name}.up1", x, 256) + functional.interpolate(low, scale_factor=2, mode="nearest")

    def hourglass(self, x):
        """Of two stacks, for MPII."""
        x = self.norm("pre.0.bn", self.conv("pre.0.conv", x, 64, 7, 2, bias=True)).relu()
        x = functional.max_pool2d(self.residual("pre.1", x, 128), 2)
        x = self.residual("pre.4", self.residual("pre.3", x, 128), 256)
        stages = []
        for n in range(2):
            y = self.residual(f"features.{n}.0", self.hollow(f"hgs.{n}.0", x, 4), 256)
            y = self.norm(f"features.{n}.1.bn", self.conv(f"features.{n}.1.conv", y, 256, 1, bias=True)).relu()
            said = self.conv(f"outs.{n}.conv", y, 16, 1, bias=True)
            stages.append({"heat": said})
            if n == 0:
                merged = self.conv("merge_preds.0.conv.conv", said, 256, 1, bias=True)
                x = x + merged + self.conv("merge_features.0.conv.conv", y, 256, 1, bias=True)
        return stages


MEAN, STD = torch.tensor([0.485, 0.456, 0.406])[:, None, None], torch.tensor([0.229, 0.224, 0.225])[:, None, None]
INPUT = {
    "simple_baselines": lambda rgb: (rgb.flip(1) - MEAN) / STD,  # OpenCV's order of colours
    "hrnet": lambda rgb: (rgb - MEAN) / STD,
    "higher_hrnet": lambda rgb: (rgb - MEAN) / STD,
    "hourglass": lambda rgb: rgb,
}


@torch.no_grad()
def publish(kind, side=64):
    """A picture, the network's tensors, and what it says of the picture, stage by stage."""
    image = torch.randint(0, 256, (1, 3, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    published = Published()
    stages = getattr(published, kind)(INPUT[kind](image / 255))
    return image, published.tensors, stages


@pytest.mark.parametrize(("kind", "prefix"), list(zip(INPUT, ["", "module.", "module.", "model.module."], strict=True)))
def test_imported_network_computes_the_published_one(kind, prefix, tmp_path):
    image, tensors, want = publish(kind)
    path = tmp_path / "pose_256x192.pth.tar"
    torch.save({"state_dict": {prefix + name: tensor for name, tensor in tensors.items()}, "epoch": 210}, path)
    assert recognise(path) == kind
    net = import_weights(path)
    with torch.no_grad():
        got = net.forward_stages(image)
    for mine, theirs in zip(got, want, strict=True):
        assert set(mine) == set(theirs)
        for name, tensor in theirs.items():
            assert tensor.std() > 0.01
            torch.testing.assert_close(mine[name], tensor, rtol=0, atol=1e-4 * float(tensor.abs().max()))
    assert net.config.method == ("tags" if kind == "higher_hrnet" else "single")
    assert net.config.origin["licence"] in ("MIT", "BSD-3-Clause")
    x = np.arange(0, 64, 1 / 64)  # px, and the cells in which the authors draw joints that are there
    cell = np.floor(x / net.stride + (0.5 if kind in ("simple_baselines", "hrnet") else 0))
    assert net.config.preprocess["first_cell"] + 5 * net.stride == pytest.approx(x[cell == 5].mean(), abs=1 / 64)
    joints = net.skeleton.joints
    assert joints == COCO17.joints if kind != "hourglass" else joints[0] == "right_ankle" and joints[9] == "top_head"


@pytest.fixture(scope="module")
def hrnet():
    """The tensors of an HRNet."""
    return publish("hrnet")[1]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.pop("stage3.2.branches.1.0.bn1.weight"), r"1 missing \(trunk.stage3.2.branches.1.0.bn1.weight\)"),
        (lambda t: t.update({"final_layer.bias": torch.zeros(15)}), "has 15 heatmaps"),
        (lambda t: t.update({"final_layer.weight": torch.zeros(17, 8, 3, 3)}), "of another shape"),
        (lambda t: t.pop("stage2.0.branches.0.0.conv1.weight"), "lacks tensors of HRNet"),
        (lambda t: t.update({"stage2.0.branches.0.0.conv1.weight": torch.zeros(9, 9, 3, 3)}), "width is 9"),
        (lambda t: t.clear() or t.update({"x": torch.zeros(1)}), "no lightweight OpenPose"),
    ],
)
def test_other_files_are_told(hrnet, change, says, tmp_path):
    tensors = dict(hrnet)
    change(tensors)
    torch.save(tensors, tmp_path / "net.pth")
    with pytest.raises(WeightsError, match=says) as problem:
        import_weights(tmp_path / "net.pth")
    assert "\n" not in str(problem.value)


def test_a_kind_that_the_file_is_not(hrnet, tmp_path):
    torch.save(hrnet, tmp_path / "net.pth")
    with pytest.raises(WeightsError, match=r"is no Stacked Hourglass: it lacks pre.0.conv.weight"):
        import_weights(tmp_path / "net.pth", "hourglass")
