"""Networks in other forms: exported graphs that lie, and files to take over that are none."""

import json
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import bupose
from bupose import weights
from bupose.export import export_network
from bupose.nn.pretrained import load_trunk


@pytest.fixture(scope="module")
def exported(hostile_network, tmp_path_factory):
    """``exported(".onnx", folder)``: the network as such a file, in a folder of the test's own."""
    made, needed = tmp_path_factory.mktemp("exported"), {".onnx": ("onnx", "onnxruntime"), ".xml": ("openvino",)}

    def copy(suffix: str, folder: Path) -> Path:
        for package in needed[suffix]:
            pytest.importorskip(package)
        if not (made / f"net{suffix}").exists():
            export_network(weights.load(hostile_network), made / f"net{suffix}", [np.zeros((1, 64, 64, 3), np.uint8)])
        for file in made.iterdir():
            shutil.copy(file, folder)
        return folder / f"net{suffix}"

    return copy


def lying_graphs() -> dict:
    def rename(model, onnx):
        model.graph.output[0].name = "else"
        model.graph.node[-1].output[0] = "else"

    def header(part="network", **values):
        def change(model, onnx):
            told = json.loads(model.metadata_props[0].value)
            told[part].update(values)
            onnx.helper.set_model_props(model, {"bupose": json.dumps(told)})

        return change

    def text(value):
        return lambda model, onnx: onnx.helper.set_model_props(model, {"bupose": value})

    def fill(value):
        def change(model, onnx):
            for tensor in model.graph.initializer:
                if tensor.data_type == 1:
                    numbers = np.full(tuple(tensor.dims), value, np.float32)
                    tensor.CopyFrom(onnx.numpy_helper.from_array(numbers, tensor.name))

        return change

    def outside(model, onnx):
        tensor = max(model.graph.initializer, key=lambda t: len(t.raw_data))
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, value in (("location", "../../../../../../etc/passwd"), ("offset", "0"), ("length", "16")):
            tensor.external_data.add(key=key, value=value)

    def foreign(model, onnx):
        model.graph.node[0].domain, model.graph.node[0].op_type = "evil", "Run"
        model.opset_import.add(domain="evil", version=1)

    return {
        "other names": rename,
        "another stride": header("graph", stride=4),
        "another skeleton": header(skeleton=bupose.skeletons.get("coco18").to_dict()),
        "no stride": header("graph", stride=None),
        "sides of half a cell": header("graph", multiple=3),
        "absurd sides": header("graph", multiple=10**9),
        "5000 scales": header(preprocess={"scales": [1.0] * 5000}),
        "no JSON": text("{"),
        "deep": text("[" * 100_000),
        "empty": text(""),
        "NaN weights": fill(np.nan),
        "infinite weights": fill(np.inf),
        "numbers in /etc/passwd": outside,
        "operators of its own": foreign,
        "no nodes": lambda model, onnx: model.graph.ClearField("node"),
        "no graph": lambda model, onnx: model.ClearField("graph"),
        "no input": lambda model, onnx: model.graph.ClearField("input"),
    }


@pytest.mark.parametrize("lie", lying_graphs())
def test_lying_onnx(hostile, exported, lie):
    path, onnx = exported(".onnx", hostile.folder), pytest.importorskip("onnx")
    model = onnx.load(path)
    lying_graphs()[lie](model, onnx)
    path.write_bytes(model.SerializeToString())
    hostile.refused(bupose.load, path)


@pytest.mark.parametrize("kind", ["cut", "noise", "a folder", "a FIFO", "/dev/zero"])
def test_no_onnx(hostile, exported, kind):
    path = exported(".onnx", hostile.folder)
    whole = path.read_bytes()
    path.unlink()
    write = {
        "cut": lambda: path.write_bytes(whole[:3000]),
        "noise": lambda: path.write_bytes(np.random.default_rng(0).bytes(5000)),
        "a folder": path.mkdir,
        "a FIFO": lambda: os.mkfifo(path),
        "/dev/zero": lambda: path.symlink_to("/dev/zero"),
    }
    write[kind]()
    hostile.refused(bupose.load, path)


WRONG_IR = {
    "no bin": lambda xml: xml.with_suffix(".bin").unlink(),
    "an empty bin": lambda xml: xml.with_suffix(".bin").write_bytes(b""),
    "half a bin": lambda xml: os.truncate(xml.with_suffix(".bin"), os.path.getsize(xml.with_suffix(".bin")) // 2),
    "NaN": lambda xml: xml.with_suffix(".bin").write_bytes(b"\xff" * os.path.getsize(xml.with_suffix(".bin"))),
    "half an xml": lambda xml: os.truncate(xml, os.path.getsize(xml) // 2),
    "offsets beyond the bin": lambda xml: change(xml, 'offset="0"', 'offset="99999999999"'),
    "sizes without end": lambda xml: change(xml, 'size="', 'size="9999999999999'),
    "other shapes": lambda xml: change(xml, 'shape="', 'shape="7, '),
    "other names": lambda xml: change(xml, 'names="heat"', 'names="else"'),
    "no layers": lambda xml: xml.write_text('<?xml version="1.0"?><net name="x" version="11"><layers/><edges/></net>'),
    "another version": lambda xml: change(xml, 'version="11"', 'version="99"'),
    "ten thousand laughs": lambda xml: xml.write_text(laughs(5)),
    "a file of this machine": lambda xml: xml.write_text(
        '<?xml version="1.0"?><!DOCTYPE net [<!ENTITY x SYSTEM "file:///etc/passwd">]><net name="&x;" version="11"/>'
    ),
}


def change(path, old, new) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(old, new))


def laughs(levels: int) -> str:
    """A text whose entities stand for ten to the power of ``levels`` others."""
    names = [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, levels + 1)]
    return f'<?xml version="1.0"?><!DOCTYPE net [<!ENTITY a0 "ha">{"".join(names)}]><net name="&a{levels};"/>'


@pytest.mark.parametrize("kind", WRONG_IR)
def test_wrong_openvino(hostile, exported, kind):
    path = exported(".xml", hostile.folder)
    WRONG_IR[kind](path)
    hostile.refused(bupose.load, path)


class Trap:
    """Makes a folder when unpickled."""

    def __init__(self, where):
        self.where = where

    def __reduce__(self):
        return os.mkdir, (str(self.where),)


FOREIGN = {
    "a pickle": lambda path, trap: path.write_bytes(pickle.dumps({"state_dict": trap})),
    "torch's": lambda path, trap: torch.save({"state_dict": {"a": trap}}, path),
    "torch's before 1.6": lambda path, trap: torch.save({"a": trap}, path, _use_new_zipfile_serialization=False),
    "a whole module": lambda path, trap: torch.save(torch.nn.Linear(1, 1), path),
    "no tensors": lambda path, trap: torch.save({"state_dict": {"a": 1}}, path),
    "a zip of nothing": lambda path, trap: path.write_bytes(b"PK\x05\x06" + bytes(18)),
    "an xml of laughs": lambda path, trap: path.write_text(laughs(9)),
    "caffe's, cut": lambda path, trap: path.write_bytes(b"\x0a\x04name" + b"\xa2\x06\xff\xff\xff\xff\x0f"),
    "caffe's, deep": lambda path, trap: path.write_bytes(b"\xa2\x06\x7f" * 2000),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_files_to_take_over(hostile, kind):
    path, sprung = hostile.folder / "foreign.pth", hostile.folder / "sprung"
    FOREIGN[kind](path, Trap(sprung))
    hostile.refused(weights.import_weights, path)
    hostile.refused(load_trunk, weights.load(hostile.network).trunk, path)
    assert not sprung.exists()
