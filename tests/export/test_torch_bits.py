"""Convolutions in 8 bits by torch: each against the same with rounded numbers, slowly, and what is read of it."""

import logging

import numpy as np
import pytest
import torch
from torch.nn import functional

from bupose.nn.blocks import SameConv2d
from bupose.runtimes import torch_bits
from bupose.runtimes.eight_bits import HALF, fit_range, round_weights
from bupose.runtimes.torch_bits import BytesConv2d, find_steps

ENDS = [-1.3, 4.2]
SHAPES = [
    torch.nn.Conv2d(8, 12, 3, padding=1),
    torch.nn.Conv2d(8, 12, 1, bias=False),
    torch.nn.Conv2d(8, 12, 3, 2, 1, groups=2),
    torch.nn.Conv2d(8, 8, (3, 1), padding=(2, 0), dilation=2, groups=8),
    SameConv2d(8, 8, 3, groups=8),
    SameConv2d(8, 12, 3, 2),
    SameConv2d(8, 8, 5, 2, groups=8),
]


@pytest.fixture(autouse=True)
def steps():
    found = find_steps()
    if not found:
        pytest.skip("torch has no 8 bits on this processor")
    return found


def prepared(conv, steps, order=torch.channels_last):
    """A convolution in 8 bits, an input of its range, and what rounded numbers give, in 64 bits."""
    rng = np.random.default_rng(3)
    conv = conv.requires_grad_(False)
    features = torch.from_numpy(rng.uniform(*ENDS, (2, 8, 12, 16)).astype(np.float32)).contiguous(memory_format=order)
    mean = features.mean((0, 2, 3)).tolist()
    made = BytesConv2d(conv, ENDS, mean, steps)
    least, largest = fit_range(*ENDS)
    step = (largest - least) / 255
    near = torch.round(features.double() / step).clamp(round(least / step), round(largest / step)) * step
    rounded = round_weights(conv.weight.numpy(), steps, np.float32(mean))
    weights = torch.from_numpy(rounded.values * rounded.step[:, None, None, None].astype(np.float64))
    bias = torch.from_numpy(rounded.shift).double() + (0 if conv.bias is None else conv.bias.double())
    near = functional.pad(near, getattr(conv, "border", (0,) * 4))
    return made, features, functional.conv2d(near, weights, bias, conv.stride, conv.padding, conv.dilation, conv.groups)


@pytest.mark.parametrize("order", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("conv", SHAPES, ids=str)
def test_a_convolution_is_that_of_rounded_numbers(conv, order, steps):
    """Also at the border, where 0 is not the byte 0. A value between two steps may go either way, which moves the sum
    by at most one step times a weight."""
    made, features, wanted = prepared(conv, steps, order)
    found = made(features) + 0
    assert type(found) is torch.Tensor
    assert found.shape == wanted.shape
    assert torch.quantile((found - wanted).abs(), 0.98) < 1e-4 * wanted.abs().max()
    assert (found - wanted).abs().max() < 1.01 * conv.weight.abs().max() * (ENDS[1] - ENDS[0]) / 255
    assert made(features).bytes(0.05, 30).sub((wanted / 0.05 + 30).round().clamp(0, 255)).abs().max() <= 1


@pytest.mark.parametrize("inplace", [True, False])
@pytest.mark.parametrize("kind", [torch.nn.ReLU, torch.nn.ReLU6, torch.nn.Hardswish, torch.nn.ELU])
def test_an_activation_is_taken_into_the_convolution(kind, inplace, steps):
    """And is not, where what it reads is read by others, too; ELU is none that oneDNN has here."""
    made, features, plain = prepared(SHAPES[0], steps)
    features, activation = features * 1, kind(inplace=inplace)
    made._bias, plain = made._bias + 3, plain + 3  # beyond 6, too
    wanted, before = kind()(plain), made(features)
    after = activation(before)
    assert isinstance(after, torch_bits.Convolved) == (kind is not torch.nn.ELU)
    allowed = {"atol": 0.02, "rtol": 0}
    torch.testing.assert_close(after * 1.0, wanted.float(), **allowed)
    if not inplace:
        torch.testing.assert_close(before * 1.0, plain.float(), **allowed)
        torch.testing.assert_close(activation(before) + before, (wanted + plain).float(), **allowed)


def test_what_reads_a_convolution_gets_floats_or_bytes(steps):
    """In any order, in lists and by name; the same numbers all the time."""
    made, features, wanted = prepared(SHAPES[0], steps)
    following = BytesConv2d(torch.nn.Conv2d(12, 3, 1).requires_grad_(False), [-20.0, 20.0], [0.0] * 12, steps)
    said = made(features)
    first = following(said).floats()
    joined = torch.cat(tensors=[said, said], dim=1)
    assert type(joined) is torch.Tensor
    torch.testing.assert_close(joined[:, 12:], wanted.float(), atol=0.02, rtol=0)
    assert said.shape[2:] == wanted.shape[2:]
    assert said.mean().item() == pytest.approx(wanted.mean().item(), abs=0.01)
    again = following(said).floats()  # of bytes that are made of the floats now
    assert (again - first).abs().max() <= 1.01 * following._scale * following._step.max() * steps


def test_a_processor_that_adds_wrongly_gets_half_the_steps_or_none(monkeypatch, caplog, steps):
    """``steps`` is what this processor itself can."""
    compute = BytesConv2d.compute

    def overflow(most):
        def saturated(self, given, activation, scale, zero, dtype):
            floats = compute(self, given, activation, 1.0, 0, torch.float32).clamp(max=32 * most)
            return floats if dtype == torch.float32 else floats.div(scale).add(zero).round().to(dtype)

        return saturated

    caplog.set_level(logging.INFO)
    for most, wanted in ((2.0**17, steps), (2.0**15, HALF), (2.0**13, 0)):
        monkeypatch.setattr(BytesConv2d, "compute", overflow(most))
        assert find_steps() == wanted
        assert bool(caplog.messages) == (not wanted)


def test_a_torch_without_the_operation_is_told_in_the_log(monkeypatch, caplog):
    def fail(*_):
        raise AttributeError("no attribute 'qconv2d_pointwise'")

    caplog.set_level(logging.INFO)
    monkeypatch.setattr(BytesConv2d, "compute", fail)
    assert find_steps() == 0
    assert "no attribute 'qconv2d_pointwise'" in caplog.text
