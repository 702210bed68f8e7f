"""One person is written into heatmaps and read again; the loss counts what is known."""

import numpy as np
import pytest
import torch

from bupose.data import PoseDataset, open_samples
from bupose.estimate import Estimator
from bupose.images import Photo
from bupose.maps import Grid
from bupose.methods.single import SingleCodec, SingleLossOptions
from bupose.methods.single.loss import integral_error
from bupose.nn import NetworkConfig, PoseNet
from bupose.people import Labels
from bupose.skeletons import COCO17

SIZE = (192, 256)
CODEC = SingleCodec(COCO17, Grid(4))


def person(seed, low=(20, 20), high=(170, 230)):
    return Labels(np.random.default_rng(seed).uniform(low, high, (1, 17, 2)), np.full((1, 17), 2), COCO17)


@pytest.mark.parametrize("read", ["parabola", "dark", "quarter", "cell"])
def test_a_person_is_read_again(read):
    for seed in range(5):
        labels = person(seed)
        (found,) = CODEC.with_decoder(read=read).decode(CODEC.encode(labels, SIZE))
        assert found.present.all()
        off = np.abs(found.xy - labels.xy).max()
        assert off <= {"parabola": 0.05, "dark": 0.2, "quarter": 1.01, "cell": 2.01}[read]  # pixels, 4 to a cell


def test_absent_joints_stay_absent_and_a_fainter_person_is_left_alone():
    labels = person(0)
    labels.visibility[0, [3, 9]] = 0
    maps = CODEC.encode(labels, SIZE).maps
    other = CODEC.encode(person(1), SIZE).maps
    both = maps.replace(heat=np.maximum(maps.arrays["heat"], np.float32(0.5) * other.arrays["heat"]))
    found = CODEC.decode(maps)
    np.testing.assert_array_equal(found.present, labels.present)
    assert not found.completed.any()
    again = CODEC.decode(both)
    near = labels.present[0]
    np.testing.assert_allclose(again.xy[0, near], labels.xy[0, near], atol=0.5)
    assert len(again) == 1


def test_a_joint_without_a_candidate_is_completed_where_its_map_is_highest():
    labels = person(4)
    maps = CODEC.encode(labels, SIZE).maps
    heat = maps.arrays["heat"].copy()
    heat[5] *= 0.09 / heat[5].max()  # the threshold is 0.1
    found = CODEC.decode(maps.replace(heat=heat))
    np.testing.assert_array_equal(np.flatnonzero(found.completed[0]), [])  # too faint to be listed
    found = CODEC.with_decoder(min_joint_score=0.0).decode(maps.replace(heat=heat))
    np.testing.assert_array_equal(np.flatnonzero(found.completed[0]), [5])
    np.testing.assert_allclose(found.xy[0, 5], labels.xy[0, 5], atol=0.05)
    assert found.score[0, 5] == pytest.approx(0.045, rel=0.05)
    left = CODEC.with_decoder(min_joint_score=0.0, completion=False).decode(maps.replace(heat=heat))
    assert not left.present[0, 5]


def test_nobody_is_found_in_empty_maps():
    empty = CODEC.maps({"heat": np.zeros((17, 64, 48), np.float32)})
    assert len(CODEC.decode(empty)) == 0
    assert len(CODEC.explain(empty).links) == 0


def test_the_trace_names_the_chosen_and_the_others():
    maps = CODEC.encode(person(0), SIZE).maps
    rival = np.float32(0.4) * CODEC.encode(person(1), SIZE).maps.arrays["heat"]
    trace = CODEC.explain(maps.replace(heat=np.maximum(maps.arrays["heat"], rival)))
    assert trace.links.used.sum() == 17 < len(trace.links)
    rejected = int(np.flatnonzero(~trace.links.used)[0])
    assert trace.fate(rejected) == "rejected"
    assert trace.reason(rejected).startswith("rejected: heat 0.")


def test_the_integral_loss_is_the_plain_sum():
    rng = np.random.default_rng(0)
    heat = rng.normal(0, 3, (2, 3, 5, 7))
    place = rng.uniform(0, 5, (2, 3, 3))
    place[..., 2] = [[1, 0, 1], [1, 1, 0]]
    total = 0.0
    for b, k in zip(*np.nonzero(place[..., 2])):
        share = np.exp(2 * heat[b, k])
        share /= share.sum()
        x = sum(share[v, u] * u for v in range(5) for u in range(7))
        y = sum(share[v, u] * v for v in range(5) for u in range(7))
        total += abs(x - place[b, k, 0]) / 7 + abs(y - place[b, k, 1]) / 5
    got = integral_error(torch.from_numpy(heat), torch.from_numpy(place), 2.0)
    assert float(got) == pytest.approx(total / 4, rel=1e-9)


def test_training_by_positions_alone_moves_the_mean_there():
    """Gradient descent on the maps themselves: the softmax's mean reaches the labels."""
    labels = person(2)
    targets = CODEC.encode(labels, SIZE)
    batch = {name: torch.from_numpy(array)[None] for name, array in targets.arrays.items()}
    heat = torch.zeros(1, 17, 64, 48, requires_grad=True)
    loss = SingleCodec.build_loss(COCO17, SingleLossOptions(heat=0.0, integral=1.0))
    optimizer = torch.optim.Adam([heat], 0.5)
    for _ in range(150):
        optimizer.zero_grad()
        value = loss([{"heat": heat}], batch)["loss"]
        value.backward()
        optimizer.step()
    assert float(value.detach()) < 0.01
    sharp = CODEC.with_decoder(read="integral", peak_threshold=0.0, min_person_score=0.0, min_joint_score=0.0)
    found = sharp.decode(CODEC.maps({"heat": heat.detach().numpy()[0]}))
    assert np.abs(found.xy - labels.xy).max() < 0.02 * max(SIZE)


@pytest.mark.parametrize("unlabelled", [0.0, 0.5])
def test_joints_without_a_label_are_left_out(unlabelled):
    """A joint that was not labelled, one outside the crop, and a picture of nobody: the plain sum of what is known."""
    labels = person(3)
    labels.visibility[0, 2] = 0
    labels.xy[0, 4] = 500, 500
    batch, expected = {}, []
    said = torch.rand(2, 17, 64, 48)
    for n, one in enumerate((labels, labels[:0])):
        arrays = CODEC.encode(one, SIZE).arrays
        parts = ((said[n].numpy() - arrays["heat"]) ** 2).mean((1, 2), dtype=np.float64)
        parts[2] *= 1 if n else unlabelled
        expected.append(parts.sum())
        batch = {name: np.stack([*batch.get(name, ()), array]) for name, array in arrays.items()}
    loss = SingleCodec.build_loss(COCO17, SingleLossOptions(unlabelled=unlabelled))
    got = loss([{"heat": said}], {name: torch.from_numpy(array) for name, array in batch.items()})["loss"]
    assert float(got) == pytest.approx(np.mean(expected), rel=1e-5)


def test_pictures_are_seen_as_in_training():
    """Narrow ones in the middle of the shape of its crops; wide ones by height, which leaves people larger, and so are
    all where several views are asked for."""
    options = {"width": 0.1, "last": False, "channels": 8}
    config = NetworkConfig(
        COCO17, "mobilenet_v2", "plain", options, {"layers": 1, "width": 8}, method="single",
        preprocess={"height": 128, "width": 96},
    )  # fmt: skip
    net = PoseNet(config)
    samples = open_samples("synthetic", {"count": 6, "size": (128, 128), "people": (1, 2), "each_person": 1.25})
    data = PoseDataset(samples, CODEC, "none", (96, 128))
    estimator, narrow = Estimator(net, device="cpu", runtime="torch"), 0
    for n, image in enumerate(sample.image for sample in samples):
        (view,) = estimator.pipeline.plan(Photo.whole(image))
        if image.shape[1] / image.shape[0] > 96 / 128:
            assert view.matrix[1, 1] == pytest.approx(128 / image.shape[0])
            continue
        narrow += 1
        assert view.pixels.shape == (128, 96, 3)
        np.testing.assert_allclose(view.matrix, data[n]["matrix"], atol=1e-4)
    assert 0 < narrow < 6
    assert len(Estimator(net, scales=[1, 0.5], device="cpu", runtime="torch").pipeline.plan(Photo.whole(image))) == 2
