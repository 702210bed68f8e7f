"""Visible and hidden joints in two heatmaps: written, read, and learned."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from bupose.data import PoseDataset, open_samples
from bupose.data.batch import finish_batch
from bupose.data.dataset import collate
from bupose.maps import Grid
from bupose.methods.single import SingleCodec, SingleLossOptions
from bupose.methods.single.options import SingleTargetOptions
from bupose.nn import NetworkConfig, PoseNet
from bupose.people import Labels
from bupose.skeletons import COCO17

SIZE = (192, 256)
CODEC = SingleCodec(COCO17, Grid(4), SingleTargetOptions(hidden=True))


def person(seed):
    rng = np.random.default_rng(seed)
    return Labels(rng.uniform((20, 20), (170, 230), (1, 17, 2)), rng.integers(1, 3, (1, 17)), COCO17)


def test_a_joint_is_in_one_of_two_maps_and_read_from_it():
    labels = person(0)
    targets = CODEC.encode(labels, SIZE)
    either = SingleCodec(COCO17, Grid(4)).encode(labels, SIZE).arrays["heat"]
    here = targets.arrays["heat"].any((1, 2)).astype(int) + 2 * targets.arrays["hidden"].any((1, 2))
    np.testing.assert_array_equal(here, np.where(labels.visibility[0] == 1, 2, 1))
    np.testing.assert_array_equal(np.maximum(targets.arrays["heat"], targets.arrays["hidden"]), either)
    (found,) = CODEC.decode(targets)
    np.testing.assert_array_equal(found.hidden, labels.visibility == 1)
    assert np.abs(found.xy - labels.xy).max() <= 0.05
    places = targets.arrays["heat_place"] + targets.arrays["hidden_place"]
    np.testing.assert_allclose(CODEC.grid.to_pixels(places[:, :2]), labels.xy[0], rtol=1e-5)


def test_the_higher_branch_counts():
    """The fainter one may be anywhere."""
    labels, other = person(1), person(2)
    maps = CODEC.encode(labels, SIZE).maps
    away = {name: np.float32(0.8) * a[::-1].copy() for name, a in CODEC.encode(other, SIZE).maps.arrays.items()}
    both = maps.replace(**{name: np.maximum(a, away[name]) for name, a in maps.arrays.items()})
    (found,) = CODEC.decode(both)
    np.testing.assert_array_equal(found.hidden, labels.visibility == 1)
    assert np.abs(found.xy - labels.xy).max() <= 0.5
    trace = CODEC.explain(both)
    told = [trace.reason(int(m)) for m in np.flatnonzero(trace.links.used)]
    assert sum("where something hides it" in sentence for sentence in told) == (labels.visibility == 1).sum()


def test_mirrored_maps_are_of_the_mirrored_person():
    labels = person(3)
    mirrored = CODEC.encode(labels.flip(SIZE[0]), SIZE).maps
    for name, array in CODEC.encode(labels, SIZE).maps.flip().arrays.items():
        np.testing.assert_allclose(array, mirrored.arrays[name], atol=1e-5)


def test_a_batch_is_painted_as_single_pictures():
    """With joints delivered, visible and hidden ones reach the same maps."""
    samples = open_samples("synthetic", {"count": 2, "seed": 2, "size": (96, 128), "people": (1, 1)})
    codec, covered = replace(CODEC, grid=Grid(8)), {"occlusions": (3, 3)}
    whole, joints = (
        collate([PoseDataset(samples, codec, covered, (96, 128), deliver=d)[n] for n in range(2)])
        for d in ("targets", "joints")
    )
    painted = finish_batch(joints, codec, (96, 128))
    assert whole["hidden"].max() > 0.5
    for name in ("heat", "hidden", "weight"):
        torch.testing.assert_close(painted[name], whole[name])


@pytest.mark.parametrize("strict", [True, False])
def test_the_loss_is_the_plain_sum(strict):
    """Visible, plus 1.5 times hidden; not strict, of the joints that a branch shows alone (Golda et al. 2019)."""
    targets = CODEC.encode(person(4), SIZE)
    batch = {name: torch.from_numpy(a)[None] for name, a in targets.arrays.items()}
    generator = torch.Generator().manual_seed(0)
    said = {name: torch.rand(batch[name].shape, generator=generator) for name in ("heat", "hidden")}
    loss = SingleCodec.build_loss(COCO17, SingleLossOptions(strict=strict), CODEC.target)
    expected = 0.0
    for name, factor in (("heat", 1.0), ("hidden", 1.5)):
        for k in range(17):
            if strict or batch[name][0, k].any():
                expected += factor * float(((said[name] - batch[name])[0, k].double() ** 2).mean())
    assert float(loss([said], batch)["loss"]) == pytest.approx(expected, rel=1e-5)


def test_four_pictures_are_learned_by_heart_with_what_is_hidden():
    torch.manual_seed(0)
    target = SingleTargetOptions(sigma=6.0, hidden=True)
    samples = open_samples("synthetic", {"count": 4, "seed": 3, "size": (96, 128), "people": (1, 1), "scene": "simple"})
    codec = SingleCodec(COCO17, Grid(8), target)
    data = PoseDataset(samples, codec, {"occlusions": (2, 2)}, (96, 128))
    batch = collate([data[n] for n in range(4)])
    net = PoseNet(
        NetworkConfig(
            COCO17, "mobilenet_v1", "occlusion", {"width": 0.25, "neck": "fpn"},
            {"width": 32, "deconvs": 0, "cross": True}, method="single", target=vars(target),
        )
    )  # fmt: skip
    loss = SingleCodec.build_loss(COCO17, SingleLossOptions(foreground=20), target)
    optimizer = torch.optim.AdamW(net.parameters(), 5e-3)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss(net.forward_stages(batch["image"]), batch)["loss"].backward()
        optimizer.step()
    with torch.no_grad():
        said = net.eval()(batch["image"])
    right = known = 0
    for n in range(4):
        found, truth = (
            codec.decode(codec.maps({spec.name: one[n].numpy() for spec, one in zip(net.specs, arrays)}))
            for arrays in (said, [batch[spec.name] for spec in net.specs])
        )
        assert truth.hidden.sum() >= 3
        near = np.linalg.norm(found.xy - truth.xy, axis=2) < 4
        right += int((near & (found.hidden == truth.hidden)).sum())
        known += int(truth.present.sum())
    assert right >= 0.97 * known


STEPS = 100
