"""Padding as TensorFlow has it, and how weights start."""

import numpy as np
import pytest
import torch

from bupose.nn.blocks import SameConv2d, init_kaiming, init_normal, init_xavier


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation"), [(3, 1, 1), (3, 2, 1), (5, 2, 1), (3, 1, 2), (1, 2, 1), (2, 2, 1)]
)
def test_same_padding_keeps_the_odd_cell_for_the_end(kernel, stride, dilation):
    """A brute-force sum at every position, by TensorFlow's definition of SAME."""
    torch.manual_seed(0)
    layer = SameConv2d(1, 1, kernel, stride, dilation=dilation, bias=False)
    picture = np.random.default_rng(0).normal(size=(8, 12)).astype(np.float32)
    weight = layer.weight.detach().numpy()[0, 0]
    expected = np.zeros((8 // stride, 12 // stride))
    begin = max(dilation * (kernel - 1) + 1 - stride, 0) // 2
    for (v, u), _ in np.ndenumerate(expected):
        for (j, i), w in np.ndenumerate(weight):
            y, x = v * stride - begin + j * dilation, u * stride - begin + i * dilation
            if 0 <= y < 8 and 0 <= x < 12:
                expected[v, u] += w * picture[y, x]
    with torch.no_grad():
        result = layer(torch.from_numpy(picture)[None, None])[0, 0].numpy()
    np.testing.assert_allclose(result, expected, atol=1e-5)


def test_kaiming_keeps_the_size_of_the_signal():
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        *(
            m
            for _ in range(8)
            for m in (torch.nn.Conv2d(64, 64, 3, padding=1, padding_mode="circular"), torch.nn.ReLU())
        )
    )
    init_kaiming(net)
    with torch.no_grad():
        ratio = net(torch.randn(2, 64, 16, 16).relu()).square().mean() / 0.5
    assert 0.3 < ratio < 3


@pytest.mark.parametrize(("init", "std"), [(init_normal, 0.01), (init_xavier, (32 * 9) ** -0.5)])
def test_published_starts(init, std):
    torch.manual_seed(0)
    layer = torch.nn.Conv2d(32, 64, 3)
    init(layer)
    assert layer.weight.std().item() == pytest.approx(std, rel=0.03)
    assert abs(layer.weight.mean().item()) < 0.05 * std
    assert layer.bias.abs().max() == 0
