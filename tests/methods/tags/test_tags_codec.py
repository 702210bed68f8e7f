"""What the method declares is what its networks, files and losses are made of."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bupose import skeletons, weights
from bupose.errors import OptionsError
from bupose.estimate.estimator import Estimator
from bupose.methods.loss import DenseLoss
from bupose.methods.tags import TagCodec, TagLossOptions
from bupose.nn import PoseNet
from bupose.nn.model import NetworkConfig
from bupose.people import Labels

COCO17 = skeletons.COCO17


@given(st.integers(0, 2**32 - 1), st.integers(0, 4))
def test_cells_are_those_in_which_joints_lie(codec, seed, people):
    rng = np.random.default_rng(seed)
    xy = rng.uniform(-40, 200, (people, 17, 2)).astype(np.float32)
    labels = Labels(xy, rng.integers(0, 3, (people, 17)), COCO17)
    targets = codec.encode(labels, (160, 120))
    expected = []
    for p in range(people):
        row = [0] * 17
        for k in np.flatnonzero(labels.present[p]):
            u, v = (int((value + 0.5) // 4) for value in xy[p, k])  # pixels are centred on whole numbers
            if 0 <= u < 40 and 0 <= v < 30:
                row[k] = 1 + 40 * v + u
        expected.append(row)
    assert sorted(targets.extra["cells"].tolist()) == sorted(expected)
    assert targets.extra["cells"].dtype == np.int32
    assert [*targets.maps.arrays] == ["heat"]  # tags have no target


def test_a_batch_is_painted_like_its_pictures(codec, crowd):
    several = [crowd(n, n) for n in (3, 1)]
    nobody = torch.zeros(2, 3, 17, dtype=torch.bool)
    batch = {"xy": torch.zeros(2, 3, 17, 2), "present": nobody, "visible": nobody.clone()}
    for row, labels in enumerate(several):
        batch["xy"][row, : len(labels)] = torch.from_numpy(labels.xy)
        batch["present"][row, : len(labels)] = torch.from_numpy(labels.present)
    painted = codec.paint_batch(batch | {"ignore": torch.zeros(2, 368, 640, dtype=torch.bool)}, (640, 368))
    for row, labels in enumerate(several):
        targets = codec.encode(labels, (640, 368))
        for name, array in targets.arrays.items():
            got = painted[name][row].numpy()
            np.testing.assert_array_equal(got[: len(array)] if name == "cells" else got, array, err_msg=name)
    assert not painted["cells"][1, 1:].any()


def test_the_loss_of_all_stages(codec, crowd):
    rng = np.random.default_rng(0)
    targets = codec.encode(crowd(3, 0), (160, 120))
    batch = {name: torch.from_numpy(array)[None] for name, array in targets.arrays.items()}
    stages = [
        {name: torch.from_numpy(rng.normal(0, 1, (1, 17, 30, 40)).astype(np.float32)) for name in names}
        for names in (("heat", "tags"), ("heat",), ("heat", "tags"))
    ]
    options = TagLossOptions(heat=3.0, pull=0.25, push=0.75, stages=[1.0, 2.0, 0.5])
    losses = TagCodec.build_loss(COCO17, options)(stages, batch)
    assert sorted(losses) == ["heat_1", "heat_2", "heat_3", "loss", "pull_1", "pull_3", "push_1", "push_3"]
    dense = DenseLoss(codec.specs[:1], TagLossOptions(heat=3.0, stages=[1.0, 2.0, 0.5]))(stages, batch)
    expected = dense["loss"]
    for number, factor in ((1, 1.0), (3, 0.5)):
        expected = expected + factor * (0.25 * losses[f"pull_{number}"] + 0.75 * losses[f"push_{number}"])
    assert losses["loss"].item() == pytest.approx(expected.item(), rel=1e-6)


def test_the_mirrored_maps_have_the_mirror_joints_tags(codec, crowd, paint):
    maps = paint(codec, crowd(2, 0), (640, 368), [[1.0, 2.0], [3.0, 4.0]])
    flipped = maps.flip()
    left, right = COCO17.index["left_wrist"], COCO17.index["right_wrist"]
    np.testing.assert_array_equal(flipped.arrays["tags"][left], maps.arrays["tags"][right, :, :, ::-1])


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A file of a small untrained network that says heatmaps and tags."""
    torch.manual_seed(0)
    trunk = {"width": 0.35, "last": False, "channels": 16}
    config = NetworkConfig(COCO17, "mobilenet_v2", "plain", trunk, {"width": 16}, method="tags")
    return weights.save(PoseNet(config).eval(), tmp_path_factory.mktemp("tags") / "tags.safetensors")


def test_a_network_file_says_how_it_is_read(network):
    estimator = Estimator(network, height=96)
    assert isinstance(estimator.codec, TagCodec)
    image = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    trace = estimator.explain(image)
    assert trace.maps.arrays["tags"].shape == (17, 1, 12, 16)
    several = Estimator(network, height=96, flip=True, scales=[1.0, 0.5]).explain(image).maps.arrays
    assert several["tags"].shape == (17, 4, 12, 16)  # each view has tags of its own
    np.testing.assert_allclose(several["tags"][:, 0], trace.maps.arrays["tags"][:, 0], atol=1e-5)


def test_saved_maps_give_the_same_people(codec, crowd, paint):
    maps = paint(codec, crowd(5, 0), (640, 368), np.arange(5) * 2.0)
    packed = {spec.name: spec.pack(maps.arrays[spec.name]) for spec in maps.specs}
    assert {name: array.dtype for name, array in packed.items()} == {"heat": np.uint8, "tags": np.float16}
    saved = maps.replace(**{spec.name: spec.unpack(packed[spec.name]) for spec in maps.specs})
    one, other = codec.decode(maps), codec.decode(saved)
    np.testing.assert_allclose(one.xy, other.xy, atol=0.2)


def test_floors_of_other_methods_are_left_out():
    floors = {"limb_threshold": 0.1, "min_joints": 5}
    assert TagCodec(COCO17).with_decoder(at_least=floors).decoder.min_joints == 5
    with pytest.raises(OptionsError, match="limb_threshold"):
        TagCodec(COCO17).with_decoder(limb_threshold=0.1)
