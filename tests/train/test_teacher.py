"""Distillation: parts found by name, mirrored and resampled in place, joined with labels."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from bupose import skeletons
from bupose.errors import OptionsError
from bupose.export import export_network
from bupose.maps import Grid
from bupose.methods.paf.fields import Fields, field_specs
from bupose.nn import NetworkConfig, PoseNet
from bupose.skeleton import Skeleton
from bupose.train.teacher import Teacher, TeacherOptions

SPECS = field_specs(skeletons.COCO17)
SMALL = {"width": 0.1, "last": False, "channels": 8}
# Folded batch norms and other kernels add up the same products in another order: some fifty layers, each to a few
# roundings (6e-8) of its largest sum, come to some 1e-5 of the largest output, here about 5.
REORDERED = 1e-4


class Painter(nn.Module):
    """A "network" that says what is painted into its picture: every heatmap is red, every PAF is (green, blue)."""

    def __init__(self, skeleton: Skeleton, stride: int):
        super().__init__()
        self.skeleton, self.specs, self.stride, self.multiple = skeleton, field_specs(skeleton), stride, 32

    def fuse(self):
        return self

    def forward(self, images):
        cells = nn.functional.avg_pool2d(images.float() / 255, self.stride)
        heat = cells[:, :1].expand(-1, len(self.skeleton.joints), -1, -1)
        return heat, cells[:, None, 1:].expand(-1, len(self.skeleton.limbs), -1, -1, -1)


class Lopsided(Painter):
    """Sees less on the left."""

    def forward(self, images):
        heat, paf = super().forward(images)
        return heat * torch.linspace(0, 1, heat.shape[-1]), paf


def ramp(height: int, width: int) -> torch.Tensor:
    """Red grows to the right by 1 a pixel, green and blue are constant."""
    picture = torch.zeros((1, 3, height, width), dtype=torch.uint8)
    picture[:, 0], picture[:, 1], picture[:, 2] = torch.arange(width, dtype=torch.uint8), 51, 102
    return picture


@pytest.mark.parametrize("stride", [4, 8])
@pytest.mark.parametrize("scale", [1.0, 1.5])
@pytest.mark.parametrize("size", [(64, 64), (72, 40)])
def test_cells_say_what_is_in_their_place(stride, scale, size):
    """A picture that grows steadily: each of the student's cells must see the value at its own centre."""
    teacher = Teacher([Painter(skeletons.COCO17, 8)], SPECS, TeacherOptions(scales=(scale,)))
    grid = Grid(stride)
    heat, paf = teacher.maps(ramp(*size), grid.shape(size[1], size[0])).values()
    seen = heat[0, 0, 1] * 255
    expected = torch.arange(len(seen)) * grid.stride + grid.offset
    inside = slice(2, -2)  # beyond the outer cells there is nothing to interpolate with
    torch.testing.assert_close(seen[inside], expected[inside], atol=0.3, rtol=0)
    torch.testing.assert_close(paf[0, 0, :, 1, 2], torch.tensor([0.2, 0.4]), atol=1e-3, rtol=0)


@pytest.mark.parametrize("mirror", [False, True])
def test_a_shift_moves_what_is_said(mirror):
    """Two pixels to the right: each cell says what was two pixels to its left, mirrored or not."""
    still, moved = (
        Teacher([Painter(skeletons.COCO17, 8)], SPECS, TeacherOptions(mirror=mirror, shift=shift))
        for shift in ((0, 0), (2, 0))
    )
    heat = [teacher.maps(ramp(64, 64), (8, 8))["heat"][0, 0, 1] * 255 for teacher in (still, moved)]
    torch.testing.assert_close((heat[1] - heat[0])[2:-2], torch.full((4,), -2.0), atol=0.05, rtol=0)


def test_each_teacher_has_a_shift_of_its_own():
    painters = [Painter(skeletons.COCO17, 8), Painter(skeletons.COCO17, 8)]
    heat = [
        Teacher(painters, SPECS, TeacherOptions(["a", "b"], shift=shift)).maps(ramp(64, 64), (8, 8))["heat"]
        for shift in ((0, 0, 2, 0), (1, 0))
    ]
    torch.testing.assert_close(heat[0][..., 2:-2], heat[1][..., 2:-2], atol=1e-3, rtol=0)  # a ramp: means of offsets
    with pytest.raises(OptionsError, match="x and y of each of the 2 teachers"):
        TeacherOptions(["a", "b"], shift=(0, 0, 2))


def test_ways_drawn_have_the_mean_of_all_ways():
    """One way a batch: over all draws that can be made, the mean is what is said without drawing."""
    torch.manual_seed(0)
    pictures = torch.randint(0, 255, (1, 3, 64, 64), dtype=torch.uint8)

    def said(**ways):
        return Teacher([Lopsided(skeletons.COCO17, 8)], SPECS, TeacherOptions(**ways)).maps(pictures, (16, 16))["heat"]

    ways = {"scales": (1.0, 1.5), "mirror": True}
    drawn = torch.unique(torch.stack([said(**ways, draw=True) for _ in range(40)]), dim=0)
    assert len(drawn) == 4  # missing one in 40 draws: 4 * 0.75^40 = 4e-5, and the seed is fixed
    torch.testing.assert_close(drawn.mean(0), said(**ways), atol=1e-6, rtol=0)  # sums of four values below 1
    single = said(scales=(1.5,))
    assert min(float((one - single).abs().max()) for one in drawn) < 1e-6
    with pytest.raises(OptionsError, match="at least one factor"):
        TeacherOptions(scales=())


def test_an_exported_teacher_says_what_it_says_in_torch(tmp_path):
    pytest.importorskip("onnxruntime")
    torch.manual_seed(0)
    net = PoseNet(NetworkConfig(skeletons.COCO17, "mobilenet_v2", "plain", SMALL)).eval()
    export_network(net, tmp_path / "teacher.onnx", [np.zeros((1, 64, 64, 3), np.uint8)])
    pictures = torch.randint(0, 255, (2, 3, 72, 64), dtype=torch.uint8)
    options = TeacherOptions(weights=[str(tmp_path / "teacher.onnx")], mirror=True)
    exported, in_torch = Teacher.load(SPECS, options), Teacher([net], SPECS, options)
    views = [teacher.maps(pictures, (18, 16)).values() for teacher in (exported, in_torch)]
    for ours, theirs in zip(*views, strict=True):
        torch.testing.assert_close(ours, theirs, atol=REORDERED, rtol=0)


def test_joints_and_limbs_are_found_by_name():
    """COCO-18 teaches COCO-17 and itself; what it lacks is unknown."""
    torch.manual_seed(0)
    net = PoseNet(NetworkConfig(skeletons.COCO18, "mobilenet_v2", "plain", SMALL)).eval()
    pictures = torch.randint(0, 255, (1, 3, 64, 64), dtype=torch.uint8)
    with torch.no_grad():
        heat, paf = net(pictures)
    teacher = Teacher([net], SPECS, TeacherOptions())
    seen_heat, seen_paf = teacher.maps(pictures, (8, 8)).values()
    for k, joint in enumerate(skeletons.COCO17.joints):
        there = heat[:, skeletons.COCO18.joints.index(joint)].clamp(0, 1)
        torch.testing.assert_close(seen_heat[:, k], there, atol=REORDERED, rtol=0)
    known = 0
    for n, (a, b) in enumerate(skeletons.COCO17.limbs):
        same = [m for m, limb in enumerate(skeletons.COCO18.limbs) if set(limb) == {a, b}]
        assert bool(teacher.known["paf"][n]) == bool(same)
        if same:
            known += 1
            sign = 1 if skeletons.COCO18.limbs[same[0]] == (a, b) else -1
            there = paf[:, same[0]] * sign
            there = there / there.norm(dim=1, keepdim=True).clamp(min=1)
            torch.testing.assert_close(seen_paf[:, n], there, atol=REORDERED, rtol=0)
    assert known > 5


def test_a_mirrored_teacher_is_the_mean_of_both_views():
    torch.manual_seed(0)
    net = PoseNet(NetworkConfig(skeletons.COCO17, "mobilenet_v2", "plain", SMALL)).eval()
    pictures = torch.randint(0, 255, (1, 3, 64, 96), dtype=torch.uint8)
    with torch.no_grad():
        views = [net(pictures), net(pictures.flip(3))]
    views = [Fields(h[0].numpy(), p[0].numpy(), Grid(8), skeletons.COCO17) for h, p in views]
    mean = Fields.average([views[0], views[1].flip()])
    teacher = Teacher([net], SPECS, TeacherOptions(mirror=True))
    heat, paf = teacher.maps(pictures, (8, 12)).values()
    np.testing.assert_allclose(heat[0], mean.heat.clip(0, 1), atol=REORDERED)
    length = np.maximum(np.linalg.norm(mean.paf, axis=1, keepdims=True), 1)
    np.testing.assert_allclose(paf[0], mean.paf / length, atol=REORDERED)


def joined(options: TeacherOptions, weight: float) -> SimpleNamespace:
    """Labels of 0.9 beside a teacher that says 0.4 for joints, and (0.2, 0.4) for limbs where labels say (0.6, 0)."""
    skeleton = Skeleton("two", ("nose", "neck", "hat"), (("nose", "neck"), ("neck", "hat")))
    knows = Skeleton("less", ("nose", "neck"), (("nose", "neck"),))
    picture = ramp(32, 32)
    picture[:, 0] = 102
    heat, paf = torch.full((1, 3, 4, 4), 0.9), torch.tensor([0.6, 0.0]).view(1, 1, 2, 1, 1).expand(1, 2, 2, 4, 4)
    labels = {"heat": heat, "paf": paf, "weight": torch.full((1, 4, 4), weight)}
    return SimpleNamespace(**Teacher([Painter(knows, 8)], field_specs(skeleton), options).join(labels, picture))


def test_mixing_equals_two_losses():
    """The gradient of the mixed target's squared error is that of the labels' and the teacher's, weighted."""
    for weight in (0.0, 0.5, 1.0):
        mixed = joined(TeacherOptions(share=0.25), weight)
        output = 0.3
        two = 0.75 * weight * (output - 0.9) + 0.25 * (output - 0.4)
        one = mixed.heat_weight[0, 0, 0, 0] * (output - mixed.heat[0, 0, 0, 0])
        assert float(one) == pytest.approx(two, abs=1e-6)
        unknown = mixed.heat_weight[0, 2, 0, 0] * (output - mixed.heat[0, 2, 0, 0])
        assert float(unknown) == pytest.approx(weight * (output - 0.9), abs=1e-6)


def test_max_keeps_the_stronger_and_asks_the_teacher_where_nobody_knows():
    targets = joined(TeacherOptions(combine="max"), 1.0)
    assert float(targets.heat[0, 0, 0, 0]) == pytest.approx(0.9)
    torch.testing.assert_close(targets.paf[0, 0, :, 0, 0], torch.tensor([0.6, 0.0]))
    ignored = joined(TeacherOptions(combine="max"), 0.0)
    assert float(ignored.heat[0, 0, 0, 0]) == pytest.approx(0.4, abs=1e-6)
    torch.testing.assert_close(ignored.paf[0, 0, :, 0, 0], torch.tensor([0.2, 0.4]), atol=1e-6, rtol=0)
    assert float(ignored.heat_weight[0, 0, 0, 0]) == 1
    assert float(ignored.heat_weight[0, 2, 0, 0]) == 0


def test_a_stranger_cannot_teach():
    hand = Skeleton("hand", ("wrist", "tip"), (("wrist", "tip"),))
    with pytest.raises(OptionsError, match="none of the student's joints"):
        Teacher([Painter(hand, 8)], SPECS, TeacherOptions())
