"""Published weights fit, and give the numbers their own graphs give."""

import json

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from bupose.errors import WeightsError
from bupose.nn.pretrained import load_trunk
from bupose.nn.trunk import build_trunk

# --- files of known layout, made here ---


@pytest.fixture
def small():
    """A small trunk to fill."""
    torch.manual_seed(0)
    return build_trunk("mobilenet_v2", width=0.25, channels=16)


def save(path, state):
    torch.save(state, path)
    return path


def test_counts_what_matched(small, tmp_path):
    state = {name: torch.rand_like(t) if t.is_floating_point() else t for name, t in small.state_dict().items()}
    published = {name: t for name, t in state.items() if not name.startswith("neck.")}
    neck = {name: t.clone() for name, t in small.state_dict().items() if name.startswith("neck.")}
    path = save(tmp_path / "net.pth", published | {"classifier.1.weight": torch.ones(10, 1280)})
    said = load_trunk(small, path)
    assert f"{len(published)} tensors matched" in said
    assert "1 of the file left out (classifier)" in said
    assert "stay as initialised (neck)" in said
    for name, tensor in (published | neck).items():
        torch.testing.assert_close(small.state_dict()[name], tensor)


def test_wrapped_and_prefixed_names(small, tmp_path):
    """A training checkpoint of DataParallel, a file without step counters, and a bupose network."""
    state = {n: t for n, t in small.state_dict().items() if not n.endswith("num_batches_tracked")}
    wrapped = {"state_dict": {f"module.{n}": t for n, t in state.items()}, "epoch": 3}
    assert f"{len(state)} tensors matched" in load_trunk(small, save(tmp_path / "a.pth.tar", wrapped))
    whole = {f"trunk.{n}": t for n, t in state.items()} | {"head.heat.0.weight": torch.ones(1), "mean": torch.ones(3)}
    save_file(whole, tmp_path / "b.safetensors")
    assert f"{len(state)} tensors matched, none missing; 2 of the file left out" in load_trunk(
        small, tmp_path / "b.safetensors"
    )


@pytest.mark.parametrize("neck", ["dilated", "fpn"])
def test_mobilenet_v1_takes_an_imagenet_file_and_a_pose_file(tmp_path, neck):
    """Layers 12 and 13 are of no use at stride 8; the stages of lightweight OpenPose are no part of the trunk."""
    torch.manual_seed(0)
    whole = build_trunk("mobilenet_v1", neck="fpn", width=0.25).state_dict()
    imagenet = {f"module.{n}": t for n, t in whole.items() if n.startswith("model.")} | {
        "module.fc.bias": torch.ones(9)
    }
    trunk = build_trunk("mobilenet_v1", neck=neck, width=0.25)
    load_trunk(trunk, save(tmp_path / "imagenet.pth.tar", {"state_dict": imagenet}))
    for name in ("model.0.0.weight", "model.7.3.weight", "model.11.4.running_var"):
        torch.testing.assert_close(trunk.state_dict()[name], whole[name])
    pose = build_trunk("mobilenet_v1", width=0.25).state_dict() | {"initial_stage.trunk.0.0.weight": torch.ones(1)}
    if neck == "dilated":
        assert "; 0 of the trunk stay as initialised" in load_trunk(trunk, save(tmp_path / "pose.pth", pose))


def test_every_misfit_is_named(small, tmp_path):
    state = dict(small.state_dict())
    del state["features.0.0.weight"]
    state["features.5.conv.2.weight"] = torch.ones(1, 2, 3, 4)
    state["features.99.weight"] = torch.ones(1)
    before = {name: tensor.clone() for name, tensor in small.state_dict().items()}
    with pytest.raises(WeightsError) as caught:
        load_trunk(small, save(tmp_path / "net.pth", state))
    for words in ("net.pth", "1 missing (features.0.0.weight)", "1 unexpected (features.99.weight)",
                  "1 of another shape (features.5.conv.2.weight)"):  # fmt: skip
        assert words in str(caught.value)
    for name, tensor in small.state_dict().items():  # a refused file changes nothing
        torch.testing.assert_close(tensor, before[name])


class Payload:
    """What no weights file should hold."""


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("gone.pth", lambda path: None),
        ("gone.safetensors", lambda path: None),
        ("text.pth", lambda path: path.write_text("{}")),
        ("empty.pth", lambda path: path.write_bytes(b"")),
        ("broken.safetensors", lambda path: path.write_bytes(b"\x10\0\0\0\0\0\0\0{}")),
        ("object.pth", lambda path: torch.save({"a": Payload()}, path)),
        ("list.pth", lambda path: torch.save([torch.ones(1)], path)),
        ("none.pth", lambda path: torch.save({}, path)),
    ],
)
def test_what_is_no_weights_file(small, tmp_path, name, make):
    make(tmp_path / name)
    with pytest.raises(WeightsError, match=name) as caught:
        load_trunk(small, tmp_path / name)
    assert "weights_only" not in str(caught.value)


# --- the files of ../shared ---


def read_rgb(path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_COLOR)[:, :, ::-1].copy()


def normalised(trunk, photo: np.ndarray) -> torch.Tensor:
    order, mean, std = trunk.normalisation.order, trunk.normalisation.mean, trunk.normalisation.std
    photo = photo if order == "rgb" else photo[:, :, ::-1].copy()
    values = (torch.from_numpy(photo).float() - torch.tensor(mean)) / torch.tensor(std)
    return values.permute(2, 0, 1)[None].contiguous()


@pytest.mark.parametrize(
    ("photo", "label"),
    [("000000000785", 795), ("000000261097", 752), ("000000247917", 981)],
    ids=["ski", "racket", "ballplayer"],
)
def test_mobilenet_v2_knows_what_it_sees(shared, photo, label):
    """With torchvision's classifier on top, it names ski, racket (lost when red and blue swap) and ballplayer."""
    path = shared / "weights" / "mobilenet_v2-b0353104.pth"
    trunk = build_trunk("mobilenet_v2").eval()
    assert "312 tensors matched" in load_trunk(trunk, path)
    classifier = torch.load(path, weights_only=True)
    image = read_rgb(shared / "data" / "coco" / "val" / f"{photo}.jpg")
    scale = 256 / min(image.shape[:2])
    image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    top, left = (image.shape[0] - 224) // 2, (image.shape[1] - 224) // 2
    with torch.no_grad():
        features = trunk.features(normalised(trunk, image[top : top + 224, left : left + 224])).mean((2, 3))
    score = (features @ classifier["classifier.1.weight"].T + classifier["classifier.1.bias"]).softmax(1)[0]
    assert score.argmax() == label
    assert score.max() > 0.8


def test_vgg19_activations_are_normalised(shared):
    """The file is scaled so that the mean activation of every layer on natural pictures is 1."""
    trunk = build_trunk("vgg19", normalisation="caffe")
    said = load_trunk(trunk, shared / "weights" / "vgg19_normalised_conv1_1-conv4_2.safetensors")
    assert "20 tensors matched" in said
    photos = [read_rgb(path) for path in sorted((shared / "data" / "coco" / "val").glob("*.jpg"))[:12]]
    features = torch.cat([normalised(trunk, photo[:192, :192]) for photo in photos if min(photo.shape[:2]) >= 192])
    means = []
    with torch.no_grad():
        for layer in trunk.features:
            features = layer(features)
            if isinstance(layer, torch.nn.ReLU):
                means.append(features.mean().item())
    assert len(means) == 10
    assert min(means) > 0.75
    assert max(means) < 1.25


def test_files_that_want_another_input_are_refused(shared):
    with pytest.raises(WeightsError, match="normalisation='caffe'"):
        load_trunk(build_trunk("vgg19"), shared / "weights" / "vgg19_normalised_conv1_1-conv4_2.safetensors")


@pytest.mark.parametrize(
    ("file", "trunk", "options", "target", "count"),
    [
        (
            "movenet_multipose",
            "movenet",
            {},
            "StatefulPartitionedCall/center_net_mobile_net_v2fpn_feature_extractor/model_1/re_lu_2/Relu",
            121,
        ),
        (
            "tfpose_mobilenet_thin",
            "mobilenet_v1",
            {"neck": "concat", "width": 0.75, "normalisation": "none"},
            "feat_concat",
            35,
        ),
    ],
)
def test_same_numbers_as_the_published_graph(shared, run_graph, file, trunk, options, target, count):
    """The file's own graph, run node by node as TensorFlow defines them, and our trunk agree on a photo."""
    network = build_trunk(trunk, **options).eval()
    assert f"{count} tensors matched" in load_trunk(network, shared / "weights" / f"{file}.safetensors")
    photo = cv2.resize(read_rgb(shared / "data" / "coco" / "val" / "000000343218.jpg"), (160, 128))
    graph = json.loads((shared / "weights" / f"{file}.graph.json").read_text(encoding="utf-8"))
    weights = load_file(shared / "weights" / f"{file}.safetensors")
    (expected,) = run_graph(graph, weights, photo, target)
    with torch.no_grad():
        features = network(normalised(network, photo))[0].permute(1, 2, 0).numpy()
    assert features.shape == expected.shape[1:]
    assert np.abs(features).max() > 1
    np.testing.assert_allclose(features, expected[0], rtol=1e-4, atol=1e-4)


def test_movenets_answers_are_those_of_its_graph(shared, run_graph):
    """Centre, heatmaps and regression: after the pyramid's 24 channels come 1, 17 and 34."""
    network = build_trunk("movenet", head_features=True).eval()
    load_trunk(network, shared / "weights" / "movenet_multipose.safetensors")
    photo = cv2.resize(read_rgb(shared / "data" / "coco" / "val" / "000000343218.jpg"), (160, 128))
    graph = json.loads((shared / "weights" / "movenet_multipose.graph.json").read_text(encoding="utf-8"))
    weights = load_file(shared / "weights" / "movenet_multipose.safetensors")
    with torch.no_grad():
        features = network(normalised(network, photo))[0].permute(1, 2, 0).numpy()
    names = ("center_0/conv2d_4", "kpt_heatmap_0/conv2d_7", "kpt_regress_0/conv2d_8")
    said = run_graph(graph, weights, photo, *(f"StatefulPartitionedCall/{name}/BiasAdd" for name in names))
    center, heat, regress = (one[0] for one in said)
    likely = 1 / (1 + np.exp(-np.concatenate([center, heat], -1)))
    assert likely.max() > 0.3  # there is somebody
    np.testing.assert_allclose(features[..., 24:42], likely, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(features[..., 42:], regress / 16, rtol=1e-3, atol=1e-3)
