"""bupose's own files of fewer bits: their sizes, and how far weights are off."""

import re

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import bupose
from bupose.errors import WeightsError
from bupose.export import export_network
from bupose.weights import checkpoint, packing, save


def test_a_network_file_of_half_the_size(net, pictures, tmp_path):
    """Weights of convolutions round to 11 bits; all else stays, and it loads as any other."""
    made = export_network(net, tmp_path / "half.safetensors", pictures, precision="fp16")
    assert 0 < made.difference.largest / made.difference.range < 0.02
    whole = save(net, tmp_path / "whole.safetensors")
    assert made.files[0].stat().st_size < 0.7 * whole.stat().st_size
    small = bupose.weights.load(made.files[0])
    for name, tensor in net.state_dict().items():
        loaded = small.state_dict()[name]
        assert loaded.dtype == tensor.dtype
        torch.testing.assert_close(loaded, tensor, rtol=2**-11, atol=1e-7)
    assert next(net.parameters()).dtype == torch.float32  # the original is as it was


@pytest.mark.parametrize(
    ("precision", "version", "steps", "share", "off"), [("int8", 2, 127, 0.45, 0.25), ("int12", 3, 2047, 0.55, 0.02)]
)
def test_a_network_file_of_fewer_bits(net, pictures, tmp_path, monkeypatch, precision, version, steps, share, off):
    """Each weight of a large convolution is off by half a step at most, so many of them its channel's largest."""
    monkeypatch.setattr(packing, "LARGE", 300)
    made = export_network(net, tmp_path / "small.safetensors", pictures, precision=precision)
    assert 0 < made.difference.largest / made.difference.range < off
    whole = save(net, tmp_path / "whole.safetensors")
    assert made.files[0].stat().st_size < share * whole.stat().st_size
    assert checkpoint.read_header(made.files[0])["format"] == version
    numbers = [re.search(r"([\d.]+) million numbers", checkpoint.describe(p))[1] for p in (made.files[0], whole)]
    assert numbers[0] == numbers[1]
    packed = bupose.weights.load(made.files[0]).state_dict()
    for name, tensor in net.state_dict().items():
        assert packed[name].dtype == tensor.dtype
        if tensor.ndim == 4 and tensor.numel() >= 300:
            step = tensor.abs().amax((1, 2, 3), keepdim=True) / steps
            assert ((packed[name] - tensor).abs() <= 0.501 * step).all()
        else:
            torch.testing.assert_close(packed[name], tensor, rtol=2**-11, atol=1e-7)


def test_an_odd_count_of_numbers_in_12_bits(monkeypatch):
    """Bytes by hand: 2047 is 7f|f, −2047 is 80|1, 0 is 00|0; two lower halves share a byte, the last has its own."""
    monkeypatch.setattr(packing, "LARGE", 1)
    packed = packing.pack({"w": torch.tensor([1.0, -1.0, 0.0]).reshape(1, 3, 1, 1)}, 12)
    assert packed["w"].flatten().tolist() == [0x7F, 0x80 - 256, 0]
    assert packed["w.low"].tolist() == [0x1F, 0x00]
    torch.testing.assert_close(packing.unpack(packed)["w"].flatten(), torch.tensor([1.0, -1.0, 0.0]))


def test_a_packed_file_whose_parts_do_not_fit(net, tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "LARGE", 300)
    path = save(net, tmp_path / "net.safetensors", bits=12)
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    tensors = load_file(path)
    name = next(name for name in tensors if name.endswith(".low"))
    save_file({**tensors, name: tensors[name][1:].clone()}, path, metadata)
    with pytest.raises(WeightsError, match=r"is damaged: .*get a fresh copy"):
        bupose.weights.load(path)
