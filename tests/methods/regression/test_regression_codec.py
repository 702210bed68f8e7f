"""A person's joints as numbers: written, read, learned, and trained with the loss's own weights."""

import numpy as np
import pytest
import torch

from bupose.data import PoseDataset, open_samples
from bupose.data.dataset import collate
from bupose.errors import OptionsError
from bupose.estimate import Estimator
from bupose.images import Photo
from bupose.maps import Grid
from bupose.methods.regression import RegressionCodec, RegressionLossOptions, RegressionTargetOptions
from bupose.methods.regression.loss import errors
from bupose.nn import NetworkConfig, PoseNet
from bupose.people import Labels
from bupose.skeletons import COCO17
from bupose.train.optim import OptimOptions, build_optimizer

SIZE = (192, 256)
CODEC = RegressionCodec(COCO17, Grid(32))


def person(seed, absent=()):
    xy = np.random.default_rng(seed).uniform((0, 0), (190, 250), (1, 17, 2))
    visibility = np.full((1, 17), 2)
    visibility[0, list(absent)] = 0
    return Labels(xy, visibility, COCO17)


def test_a_person_is_read_again():
    labels = person(0, absent=[3, 9])
    (found,) = CODEC.decode(CODEC.encode(labels, SIZE))
    np.testing.assert_array_equal(found.present, labels.present)
    np.testing.assert_allclose(found.xy[labels.present], labels.xy[labels.present], atol=1e-3)
    np.testing.assert_array_equal(found.score, labels.present)


def test_maps_are_flipped_cropped_and_merged_like_any_others():
    labels = person(1)
    maps, mirrored = CODEC.encode(labels, SIZE).maps, CODEC.encode(labels.flip(SIZE[0]), SIZE).maps
    for name, array in maps.flip().arrays.items():
        np.testing.assert_allclose(array, mirrored.arrays[name], atol=1e-5)
    part = CODEC.decode(maps.crop(96, 128))
    np.testing.assert_allclose(part.xy, labels.xy, atol=1e-3)
    other = CODEC.encode(person(2), SIZE).maps
    mean = CODEC.decode(type(maps).average([maps, other]))
    np.testing.assert_allclose(mean.xy, (labels.xy + person(2).xy) / 2, atol=1e-3)


def test_scores_are_the_mean_sureness_and_thresholds_hold():
    maps = CODEC.encode(person(3), SIZE).maps
    sure = np.full(maps.arrays["sure"].shape, 0.9, np.float32)
    sure[4], sure[5, 0], sure[5, 1] = 0.03, 0.5, 0.7
    (found,) = CODEC.decode(maps.replace(sure=sure))
    assert not found.present[0, 4]
    assert found.score[0, 5] == pytest.approx(0.6)
    assert found.person_score[0] == pytest.approx((0.9 * 15 + 0.6) / 17)
    trace = CODEC.explain(maps.replace(sure=sure))
    assert len(trace.links) == 16
    assert trace.reason(4) == "the only right shoulder that the network says, score 0.90" or trace.links.kind[4] != 6
    assert len(CODEC.decode(maps.replace(sure=0 * sure))) == 0
    assert len(CODEC.with_decoder(min_joints=17).decode(maps.replace(sure=sure))) == 0


def test_errors_are_shares_of_the_sides():
    labels, target = person(4, absent=[0]), person(5)
    offset = torch.from_numpy(CODEC.encode(target, SIZE).maps.arrays["offset"])[None].flatten(1, 2)
    place = torch.from_numpy(CODEC.encode(labels, SIZE).arrays["place"])[None]
    error, known = errors(offset, place)
    np.testing.assert_array_equal(known[0], labels.present[0])
    expected = (target.xy - labels.xy) / SIZE
    np.testing.assert_allclose(error[0, 1:], expected[0, 1:], atol=1e-5)


@pytest.mark.parametrize("likelihood", [True, False])
def test_a_few_pictures_are_learned_by_heart(likelihood):
    """The loss's own weights learn beside the network's, and whoever runs it shows it pictures as in training: fitted
    into the same shape."""
    torch.manual_seed(0)
    target = RegressionTargetOptions(likelihood)
    samples = open_samples("synthetic", {"count": 2, "seed": 3, "size": (96, 128), "people": (1, 1), "scene": "simple"})
    codec = RegressionCodec(COCO17, Grid(8), target)
    data = PoseDataset(samples, codec, "none", (128, 128))
    batch = collate([data[n] for n in range(2)])
    net = PoseNet(
        NetworkConfig(
            COCO17, "mobilenet_v1", "regression", {"width": 0.25, "neck": "fpn"}, method="regression",
            target=vars(target), preprocess={"height": 128, "width": 128},
        )
    )  # fmt: skip
    loss = RegressionCodec.build_loss(COCO17, RegressionLossOptions(), target)
    optimizer, _ = build_optimizer(net, OptimOptions(lr=5e-3, warmup=1, schedule="constant"), 100, loss)
    weights = [p.clone() for p in loss.parameters()]
    assert bool(weights) == likelihood
    for _ in range(60):
        optimizer.zero_grad()
        loss(net.forward_stages(batch["image"]), batch)["loss"].backward()
        optimizer.step()
    assert all((a != b).any() for a, b in zip(weights, loss.parameters(), strict=True) if a.ndim == 2)
    with torch.no_grad():
        learned, known = errors(net.train()(batch["image"])[0].flatten(1, 2), batch["place"])
        shown, _ = errors(net.eval()(batch["image"])[0].flatten(1, 2), batch["place"])
    assert float((128 * learned).norm(dim=2)[known > 0].median()) < 8  # pixels
    estimator = Estimator(net, device="cpu", runtime="torch").showing_everybody()
    for n in range(2):
        (view,) = estimator.pipeline.plan(Photo.whole(samples[n].image))
        np.testing.assert_allclose(view.matrix, data[n]["matrix"], atol=1e-4)
        people, labels = estimator(samples[n].image), samples[n].labels
        off = (people.xy - labels.xy) * view.matrix[0, 0] - 128 * shown[n].numpy()
        assert np.linalg.norm(off, axis=2)[labels.present].max() < 0.1  # in 32 bits, and where a pixel rounds elsewhere
    with pytest.raises(OptionsError, match="128x128 px alone; leave out"):
        Estimator(net, scales=[1, 0.5])
