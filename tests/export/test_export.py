"""Exported networks compute what torch does, carry their header, and refuse with one sentence."""

import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

import bupose
from bupose import skeletons
from bupose.cli import export as command
from bupose.cli import hydra_app
from bupose.errors import BuposeError, DependencyError, InputError, OptionsError, WeightsError
from bupose.export import calibration_pictures, export_network
from bupose.export.compare import Difference, compare
from bupose.nn.config import NetworkConfig
from bupose.nn.model import PoseNet
from bupose.runtimes.start import RUNTIMES, start
from bupose.weights import save
from bupose.weights.header import FORMATS, NEWEST, read_header

DOCS = Path(__file__).resolve().parents[2] / "docs"
FILES = ["onnx_file", "openvino_file"]


@pytest.fixture(params=FILES)
def exported(request):
    return request.getfixturevalue(request.param)


def random_images(shape, seed=3):
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), np.uint8)


def assert_same(fields, true):
    np.testing.assert_allclose(fields, true, atol=1e-4 * np.abs(true).max())


def test_the_exports_difference_from_torch_is_rounding(exported):
    assert exported[1].difference.largest < 1e-4 * exported[1].difference.range
    assert exported[1].difference.pictures == 2
    assert all(file.stat().st_size > 1000 for file in exported[1].files)
    left = sorted(f.name for f in exported[0].parent.iterdir())
    assert left == sorted(f.name for f in exported[1].files)  # no temporary files


@pytest.mark.parametrize("cells", [(1, 2, 3), (3, 3, 1), (5, 1, 1)])
def test_any_batch_and_size_gives_what_torch_gives(exported, net, cells):
    """Against the network as it is in torch: batch norms not folded, no preprocessing of ours in between."""
    images = random_images((cells[0], cells[1] * net.multiple, cells[2] * net.multiple))
    with torch.inference_mode():
        wanted = net(torch.from_numpy(images).permute(0, 3, 1, 2))
    network = start(exported[0], "cpu", threads=2)
    for _ in range(2):  # nothing stays behind from a run
        for ours, theirs in zip(network(images), wanted, strict=True):
            assert ours.dtype == np.float32
            assert_same(ours, theirs.numpy())


@pytest.mark.parametrize("suffix", [".onnx", ".xml"])
def test_the_size_of_an_overview_follows_the_pictures(suffix, pictures, tmp_path):
    pytest.importorskip("onnx")
    pytest.importorskip("openvino" if suffix == ".xml" else "onnxruntime")
    torch.manual_seed(0)
    trunk, head = {"width": 0.25, "channels": 16}, {"width": 16, "context_scale": 0.4}
    net = PoseNet(NetworkConfig(skeletons.get("coco18"), "mobilenet_v2", "plain", trunk, head)).eval()
    export_network(net, tmp_path / f"net{suffix}", pictures)
    network = start(tmp_path / f"net{suffix}", "cpu", threads=1)
    for size in ((64, 96), (256, 32), (192, 224)):
        images = random_images((1, *size))
        with torch.inference_mode():
            wanted = net(torch.from_numpy(images).permute(0, 3, 1, 2))
        for ours, theirs in zip(network(images), wanted, strict=True):
            assert_same(ours, theirs.numpy())


def test_the_header_is_the_checkpoints(exported, net, tmp_path):
    network = start(exported[0])
    stored = read_header(save(net, tmp_path / "net.safetensors"))["network"]
    assert json.loads(json.dumps(network.config.to_dict())) == stored
    assert (network.skeleton, network.multiple, network.grid) == (net.skeleton, net.multiple, net.grid)
    assert network.pad == (120, 110, 100)


def test_threads_that_share_a_network_get_their_own_pictures(exported, net):
    """Batches of every size, many at the same time."""
    batches = [random_images((n % 3 + 1, net.multiple, 2 * net.multiple), n) for n in range(24)]
    network = start(exported[0], "cpu", threads=2)
    alone = [network(images) for images in batches]
    with ThreadPoolExecutor(6) as pool:
        for together, wanted in zip(pool.map(network, batches), alone, strict=True):
            for ours, theirs in zip(together, wanted, strict=True):
                assert_same(ours, theirs)


def test_an_estimator_runs_from_it(exported, net):
    est, image = bupose.load(exported[0], threads=1), random_images((150, 200))
    twin = bupose.Estimator(net, threads=1)
    assert (est.pipeline.height, est.decoder) == (128, twin.decoder)
    assert_same(est.fields(image).heat, twin.fields(image).heat)
    assert_same(est.fields(image).paf, twin.fields(image).paf)
    many = [people.xy for people in est([image, image[:, ::-1]])]
    np.testing.assert_allclose(many[0], est(image).xy, atol=1e-2)


def test_onnxruntime_alone_needs_nothing_of_ours(onnx_file, net):
    """The file as others see it: names, types, shapes and metadata."""
    session = pytest.importorskip("onnxruntime").InferenceSession(onnx_file[0].read_bytes())
    (given,), outputs = session.get_inputs(), session.get_outputs()
    assert (given.name, given.type, given.shape) == ("images", "tensor(uint8)", ["batch", 3, "height", "width"])
    assert [o.name for o in outputs] == ["heat", "paf"]
    assert [o.shape[1] for o in outputs] == [18, 19]
    assert json.loads(session.get_modelmeta().custom_metadata_map["bupose"])["format"] == FORMATS[None]


@pytest.mark.parametrize(("policy", "spins"), [("PASSIVE", "0"), ("active", "1")])
def test_threads_of_onnxruntime_wait_as_those_of_torch(onnx_file, monkeypatch, policy, spins):
    monkeypatch.setenv("OMP_WAIT_POLICY", policy)
    options = start(onnx_file[0])._session.get_session_options()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == spins


def test_half_precision_is_near_and_half_the_size(net, pictures, onnx_file, tmp_path):
    made = export_network(net, tmp_path / "half.onnx", pictures, precision="fp16")
    assert 1e-5 < made.difference.largest / made.difference.range < 0.05
    assert made.files[0].stat().st_size < 0.7 * onnx_file[0].stat().st_size


def test_a_file_says_how_it_is_run(net, tmp_path):
    """height, scales, decoder and note of the command go into the file; what they do not name stays."""
    save(net, tmp_path / "net.safetensors")
    changed = ["height=96", "scales=[1,0.5]", "decoder.min_joints=4", "note.licence=Apache-2.0"]
    paths = [f"weights={tmp_path / 'net.safetensors'}", f"output={tmp_path / 'out.safetensors'}"]
    assert hydra_app.run(command.main, "export", [*paths, *changed]) == 0
    est, before = bupose.load(tmp_path / "out.safetensors"), bupose.load(tmp_path / "net.safetensors")
    assert (est.pipeline.height, est.pipeline.scales, est.decoder.min_joints) == (96, [1, 0.5], 4)
    assert est.decoder.peak_threshold == before.decoder.peak_threshold == 0.3
    assert bupose.weights.load(tmp_path / "out.safetensors").config.origin == {"licence": "Apache-2.0"}
    assert bupose.load(tmp_path / "out.safetensors", scales=[1]).pipeline.scales == [1]
    image = random_images((60, 80))
    by_hand = bupose.load(tmp_path / "net.safetensors", height=96, scales=[1, 0.5])
    assert_same(est.fields(image).heat, by_hand.fields(image).heat)


def test_a_wrong_export_is_not_written(net, pictures, tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    other = PoseNet(NetworkConfig.from_dict(net.config.to_dict())).eval()
    from bupose.runtimes import onnx_file

    graph = onnx_file.write_graph
    monkeypatch.setattr(onnx_file, "write_graph", lambda net, path, **how: graph(other, path, **how))
    with pytest.raises(WeightsError, match="nothing was written"):
        export_network(net, tmp_path / "m.onnx", pictures)
    assert not list(tmp_path.iterdir())


def test_a_difference_of_not_a_number_is_none():
    nan = lambda images: (np.full((1, 1, 2, 2), np.nan, np.float32),) * 2  # noqa: E731
    found = compare(nan, lambda images: (np.zeros((1, 1, 2, 2), np.float32),) * 2, [np.zeros((1, 8, 8, 3), np.uint8)])
    assert not found.largest < 1


def test_the_difference_is_of_all_pictures():
    def constant(value):
        return lambda images: (np.full((1, 2), value, np.float32), np.zeros((1, 6), np.float32))

    images = [np.zeros((1, 8, 8, 3), np.uint8)] * 3
    assert compare(constant(1), constant(1.5), images) == Difference(0.5, 0.125, 1, 3)


@pytest.mark.parametrize(
    ("output", "options", "message"),
    [
        ("m.pt", {}, "ends in .onnx or .xml"),
        ("m.xml", {"format": "onnx"}, "ends in .onnx"),
        ("m.onnx", {"format": "tflite"}, "choose one of onnx, openvino"),
        ("m.onnx", {"precision": "int4"}, "choose one of fp32, fp16, int12, int8"),
        ("m.onnx", {"precision": "int12"}, "is for format=bupose; onnx takes fp32 or fp16 or int8$"),
        ("m.xml", {"precision": "int12"}, "is for format=bupose; openvino takes fp32 or fp16 or int8$"),
    ],
)
def test_wrong_choices(net, pictures, tmp_path, output, options, message):
    with pytest.raises(OptionsError, match=message):
        export_network(net, tmp_path / output, pictures, **options)


def test_an_output_that_cannot_be(net, pictures, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="choose another output"):
        export_network(net, tmp_path / "file" / "m.onnx", pictures)


@pytest.mark.parametrize(("suffix", "content"), [(".onnx", b"nonsense"), (".xml", b"<net"), (".onnx", b"")])
def test_a_damaged_file(tmp_path, suffix, content):
    pytest.importorskip("openvino" if suffix == ".xml" else "onnxruntime")
    path = tmp_path / f"m{suffix}"
    path.write_bytes(content)
    path.with_suffix(".bin").write_bytes(b"")
    with pytest.raises(WeightsError, match="damaged") as found:
        bupose.load(path)
    assert "\n" not in str(found.value)


def test_half_an_openvino_network(openvino_file, tmp_path):
    path = tmp_path / "m.xml"
    path.write_bytes(openvino_file[0].read_bytes())
    with pytest.raises(WeightsError, match="side by side"):
        bupose.load(path)


def test_a_foreign_network_is_told_to_be_imported(onnx_file, tmp_path):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(onnx_file[0])
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "m.onnx")
    with pytest.raises(WeightsError, match="did not export"):
        bupose.load(tmp_path / "m.onnx")


def test_a_newer_format_is_refused(onnx_file, tmp_path):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(onnx_file[0])
    header = json.loads(model.metadata_props[0].value) | {"format": NEWEST + 1}
    onnx.helper.set_model_props(model, {"bupose": json.dumps(header)})
    onnx.save(model, tmp_path / "m.onnx")
    with pytest.raises(WeightsError, match="upgrade bupose"):
        bupose.load(tmp_path / "m.onnx")


@pytest.mark.parametrize("options", [{"device": "tpu"}, {"precision": "bits"}])
def test_options_a_runtime_does_not_have(exported, options):
    with pytest.raises(OptionsError):
        bupose.load(exported[0], **options)


@pytest.mark.parametrize(("suffix", "package"), [(".onnx", "onnxruntime"), (".xml", "openvino")])
def test_a_missing_runtime_is_named(tmp_path, monkeypatch, suffix, package):
    monkeypatch.setitem(sys.modules, package, None)
    (tmp_path / f"m{suffix}").touch()
    with pytest.raises(DependencyError, match=f"pip install {package}"):
        RUNTIMES[suffix](tmp_path / f"m{suffix}")


def test_calibration_pictures_come_from_a_folder_or_are_drawn(net, tmp_path):
    import cv2

    for n in range(5):
        cv2.imwrite(str(tmp_path / f"{n}.png"), np.full((64, 96, 3), 40 * n, np.uint8))
    (tmp_path / "notes.txt").touch()
    read = calibration_pictures(net, tmp_path, 3)
    assert [images.shape for images in read] == [(1, 128, 192, 3)] * 3
    assert [int(images.mean()) for images in read] == [0, 40, 120]
    drawn = calibration_pictures(net, count=2)
    assert drawn[0].std() > 5
    assert (drawn[0] != drawn[1]).any()
    with pytest.raises(InputError, match="nothing' is no folder"):
        calibration_pictures(net, tmp_path / "nothing")
    with pytest.raises(OptionsError, match="above 0"):
        calibration_pictures(net, tmp_path, 0)
    (tmp_path / "0.png").write_bytes(b"broken")
    assert len(calibration_pictures(net, tmp_path)) == 4
    for path in tmp_path.glob("*.png"):
        path.write_bytes(b"broken")
    with pytest.raises(InputError, match="can be read"):
        calibration_pictures(net, tmp_path)


def test_the_command(net, tmp_path, capsys):
    pytest.importorskip("onnxruntime")
    source, target = save(net, tmp_path / "a (1), b=2.safetensors"), tmp_path / "out é" / "IMG (1), x=1.onnx"
    assert hydra_app.run(command.main, "export", [f"weights={source}", f"output={target}", "pictures=1"]) == 0
    assert "differ from torch by" in capsys.readouterr().out
    assert target.is_file()
    assert (
        hydra_app.run(command.main, "export", [f"weights={source}", f"output={tmp_path / 'm.pt'}"]) == hydra_app.USAGE
    )
    assert capsys.readouterr().err.startswith("error: output is ")
    assert hydra_app.run(command.main, "export", [f"weights={tmp_path / 'none'}", "output=m.onnx"]) == hydra_app.USAGE
    assert capsys.readouterr().err.count("\n") == 1


def test_every_refusal_is_ours():
    assert issubclass(DependencyError, BuposeError)


def test_the_documented_examples_run(onnx_file, tmp_path, monkeypatch):
    import cv2

    monkeypatch.chdir(tmp_path)
    Path("model.onnx").write_bytes(onnx_file[0].read_bytes())
    cv2.imwrite("photo.jpg", random_images((150, 200)))
    page = (DOCS / "export.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.S)
    assert len(blocks) == 2
    for block in blocks:
        found = {}
        exec(block, found)
        assert isinstance(found["people"], bupose.People)
