"""OpenPose's caffemodels: files by an encoder of our own, against a forward pass written from the prototxt."""

import struct

import numpy as np
import pytest
import torch
from torch.nn import functional

from bupose import skeletons
from bupose.errors import WeightsError
from bupose.weights.importers import caffe, caffemodel

# (part, part): first PAF channel; poseParameters.cpp by part numbers, independent of bupose's own tables.
COCO_PAFS = {
    (1, 2): 12, (1, 5): 20, (2, 3): 14, (3, 4): 16, (5, 6): 22, (6, 7): 24, (1, 8): 0, (8, 9): 2, (9, 10): 4,
    (1, 11): 6, (11, 12): 8, (12, 13): 10, (1, 0): 28, (0, 14): 30, (14, 16): 34, (0, 15): 32, (15, 17): 36,
    (2, 16): 18, (5, 17): 26,
}  # fmt: skip
BODY25_PAFS = {
    (1, 8): 0, (1, 2): 14, (1, 5): 22, (2, 3): 16, (3, 4): 18, (5, 6): 24, (6, 7): 26, (8, 9): 6, (9, 10): 2,
    (10, 11): 4, (8, 12): 8, (12, 13): 10, (13, 14): 12, (1, 0): 30, (0, 15): 32, (15, 17): 36, (0, 16): 34,
    (16, 18): 38, (2, 17): 20, (5, 18): 28, (14, 19): 40, (19, 20): 42, (14, 21): 44, (11, 22): 46, (22, 23): 48,
    (11, 24): 50,
}  # fmt: skip


# --- the wire format, written ---


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def chunk(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def blob(array: np.ndarray) -> bytes:
    shape = chunk(7, chunk(1, b"".join(map(varint, array.shape))))
    return chunk(5, array.astype("<f4").tobytes()) + shape


def old_blob(array: np.ndarray) -> bytes:
    """Before BlobShape: always four dimensions, in fields 1 to 4; numbers not packed; a diff behind them."""
    shape = (1,) * (4 - array.ndim) + array.shape
    dims = b"".join(varint(n << 3) + varint(size) for n, size in enumerate(shape, start=1))
    return dims + b"".join(varint(5 << 3 | 5) + struct.pack("<f", x) for x in array.ravel()) + chunk(6, b"\0" * 8)


def write_caffemodel(path, layers: dict[str, list[np.ndarray]], encode=blob) -> None:
    with path.open("wb") as file:
        file.write(chunk(1, b"OpenPose"))
        file.write(chunk(100, chunk(1, b"image") + chunk(2, b"Input")))  # a layer without weights
        for name, arrays in layers.items():
            body = chunk(1, name.encode()) + chunk(2, b"Convolution") + b"".join(chunk(7, encode(a)) for a in arrays)
            file.write(chunk(100, body + varint(10 << 3) + varint(1)))  # and a field nobody asks for


# --- the networks, as the prototxt files describe them ---

VGG = {
    "conv1_1": (3, 64), "conv1_2": (64, 64), "conv2_1": (64, 128), "conv2_2": (128, 128), "conv3_1": (128, 256),
    "conv3_2": (256, 256), "conv3_3": (256, 256), "conv3_4": (256, 256), "conv4_1": (256, 512),
    "conv4_2": (512, 512), "conv4_3_CPM": (512, 256), "conv4_4_CPM": (256, 128),
}  # fmt: skip


class Caffe:
    """Layers by name, made when ``shapes`` first sees them, computed by ``conv`` and ``prelu``."""

    def __init__(self, seed: int):
        self.rng, self.layers = np.random.default_rng(seed), {}

    def make(self, name: str, channels_in: int, channels: int, kernel: int) -> None:
        scale = np.float32(1.3 / np.sqrt(channels_in * kernel**2))
        weight = self.rng.standard_normal((channels, channels_in, kernel, kernel), np.float32) * scale
        self.layers[name] = [weight, self.rng.standard_normal(channels, np.float32) * np.float32(0.1)]

    def conv(self, name: str, x: torch.Tensor, channels: int, kernel: int) -> torch.Tensor:
        if name not in self.layers:
            self.make(name, x.shape[1], channels, kernel)
        weight, bias = map(torch.from_numpy, self.layers[name])
        return functional.conv2d(x, weight, bias, padding=kernel // 2)

    def prelu(self, name: str, x: torch.Tensor) -> torch.Tensor:
        if name not in self.layers:
            self.layers[name] = [self.rng.uniform(-0.3, 0.5, x.shape[1]).astype(np.float32)]
        slope = torch.from_numpy(self.layers[name][0])[None, :, None, None]
        return torch.where(x > 0, x, slope * x)

    def features(self, rgb: torch.Tensor, last_activation) -> torch.Tensor:
        x = (rgb.float().flip(1) - 128) / 256
        for name, (_, channels) in VGG.items():
            if name in ("conv2_1", "conv3_1", "conv4_1"):
                x = functional.max_pool2d(x, 2)
            x = self.conv(name, x, channels, 3)
            x = torch.relu(x) if name <= "conv4_1" else last_activation(name.replace("conv", "prelu"), x)
        return x

    def coco(self, rgb: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.features(rgb, lambda _, x: torch.relu(x))
        seen, outputs = features, {}
        for stage in range(1, 7):
            for branch, channels in (("L1", 38), ("L2", 19)):
                x = seen
                steps = [(128, 3)] * 3 + [(512, 1)] if stage == 1 else [(128, 7)] * 5 + [(128, 1)]
                for n, (width, kernel) in enumerate([*steps, (channels, 1)], start=1):
                    name = f"conv5_{n}_CPM_{branch}" if stage == 1 else f"Mconv{n}_stage{stage}_{branch}"
                    x = self.conv(name, x, width, kernel)
                    x = torch.relu(x) if n <= len(steps) else x
                outputs[branch] = x
            seen = torch.cat([outputs["L1"], outputs["L2"], features], 1)
        return outputs["L2"], outputs["L1"]

    def body25(self, rgb: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.features(rgb, self.prelu)
        seen = features
        for stage in range(4):
            paf = self.body25_stage(seen, f"stage{stage}_L2", stage == 0, 52)
            seen = torch.cat([features, paf], 1)
        heat = self.body25_stage(seen, "stage0_L1", True, 26)
        return self.body25_stage(torch.cat([features, heat, paf], 1), "stage1_L1", False, 26), paf

    def body25_stage(self, x: torch.Tensor, end: str, first: bool, channels: int) -> torch.Tensor:
        width, hidden = (96, 256) if first else (128, 512)
        for block in range(1, 6):
            parts = []
            for n in range(3):
                x = self.prelu(f"Mprelu{block}_{end}_{n}", self.conv(f"Mconv{block}_{end}_{n}", x, width, 3))
                parts.append(x)
            x = torch.cat(parts, 1)
        x = self.prelu(f"Mprelu6_{end}", self.conv(f"Mconv6_{end}", x, hidden, 1))
        return self.conv(f"Mconv7_{end}", x, channels, 1)


@pytest.fixture(scope="module")
def image() -> torch.Tensor:
    return torch.randint(0, 256, (1, 3, 32, 40), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("kind", "skeleton", "pafs", "millions"),
    [("coco", skeletons.COCO18, COCO_PAFS, 52.31), ("body25", skeletons.BODY25, BODY25_PAFS, 26.15)],
)
def test_imported_network_computes_the_prototxt(kind, skeleton, pafs, millions, image, tmp_path):
    published = Caffe(seed=3)
    with torch.no_grad():
        heat, paf = getattr(published, kind)(image)
    write_caffemodel(tmp_path / "net", published.layers)
    net = caffe.read_network(tmp_path / "net")
    (tmp_path / "net").unlink()  # 200 MB
    assert net.skeleton == skeleton
    convolutions = [part for part in net.modules() if isinstance(part, torch.nn.Conv2d)]
    counted = sum(p.numel() for part in convolutions for p in part.parameters())
    assert round(counted / 1e6, 2) == millions  # as counted from the published files
    assert "non-commercial" in net.config.origin["licence"]
    with torch.no_grad():
        got_heat, got_paf = net(image)
    assert heat.abs().mean() > 0.01  # the comparison below is not one of zeros
    torch.testing.assert_close(got_heat, heat[:, : len(skeleton.joints)], rtol=1e-4, atol=1e-4)
    for limb, (a, b) in enumerate(skeleton.limb_joints.tolist()):
        first = pafs[a, b]
        torch.testing.assert_close(got_paf[:, limb], paf[:, first : first + 2], rtol=1e-4, atol=1e-4)


# --- the reader ---

SMALL = {"one": [np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2), np.float32([1, -2.5])], "two": [np.ones(40)]}


@pytest.mark.parametrize("encode", [blob, old_blob])
def test_reader(tmp_path, encode):
    write_caffemodel(tmp_path / "net", SMALL, encode)
    layers = caffemodel.read_layers(tmp_path / "net")
    assert list(layers) == ["one", "two"]
    for name, arrays in SMALL.items():
        for got, want in zip(layers[name], arrays, strict=True):
            assert got.dtype == np.float32
            assert got.ndim == (4 if encode is old_blob else want.ndim)
            np.testing.assert_array_equal(got.reshape(want.shape), want)


def test_reader_reads_what_the_protobuf_library_writes(tmp_path):
    pytest.importorskip("google.protobuf")
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="c.proto", package="c", syntax="proto2")

    def message(name, *fields):
        made = file.message_type.add(name=name)
        for field, number, kind, repeated, of in fields:
            label = kinds.LABEL_REPEATED if repeated else kinds.LABEL_OPTIONAL
            added = made.field.add(name=field, number=number, type=kind, label=label, type_name=of)
            added.options.packed = repeated and kind in (kinds.TYPE_FLOAT, kinds.TYPE_INT64)

    message("Shape", ("dim", 1, kinds.TYPE_INT64, True, None))
    message("Blob", ("data", 5, kinds.TYPE_FLOAT, True, None), ("shape", 7, kinds.TYPE_MESSAGE, False, ".c.Shape"))
    message("Layer", ("name", 1, kinds.TYPE_STRING, False, None), ("blobs", 7, kinds.TYPE_MESSAGE, True, ".c.Blob"))
    message("Net", ("name", 1, kinds.TYPE_STRING, False, None), ("layer", 100, kinds.TYPE_MESSAGE, True, ".c.Layer"))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    net = message_factory.GetMessageClass(pool.FindMessageTypeByName("c.Net"))(name="net")
    for name, arrays in SMALL.items():
        layer = net.layer.add(name=name)
        for array in arrays:
            layer.blobs.add(data=array.ravel().tolist(), shape={"dim": array.shape})
    (tmp_path / "net").write_bytes(net.SerializeToString())
    layers = caffemodel.read_layers(tmp_path / "net")
    for name, arrays in SMALL.items():
        for got, want in zip(layers[name], arrays, strict=True):
            np.testing.assert_array_equal(got, want)


def test_damaged_files(tmp_path):
    write_caffemodel(tmp_path / "net", SMALL)
    whole, found = (tmp_path / "net").read_bytes(), []
    for end in range(len(whole)):
        (tmp_path / "cut").write_bytes(whole[:end])
        try:
            found.append(list(caffemodel.read_layers(tmp_path / "cut")))
        except WeightsError as problem:
            found.append(str(problem))
    assert found.count(["one"]) == 1  # cut exactly between two layers
    assert sum("is damaged" in text or "no Caffe layers" in text for text in found) == len(whole) - 1


def test_other_networks(tmp_path):
    write_caffemodel(tmp_path / "net", SMALL)
    with pytest.raises(WeightsError, match=r"neither .* nor .* \(its 2 layers begin one, two\)"):
        caffe.read_network(tmp_path / "net")
    write_caffemodel(tmp_path / "net", {"Mconv7_stage6_L2": SMALL["one"]})
    with pytest.raises(WeightsError, match="lacks 91 layers of openpose2017: conv1_1"):
        caffe.read_network(tmp_path / "net")
    with pytest.raises(WeightsError, match="No such file"):
        caffe.read_network(tmp_path / "nowhere")
