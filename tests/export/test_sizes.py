"""Graphs of one size, compiled while others run: the same fields, at most so many, nothing compiled twice."""

import numpy as np
import pytest

from bupose.runtimes import openvino_network
from bupose.runtimes.openvino_network import OpenVinoNetwork


@pytest.fixture
def network(openvino_file, monkeypatch):
    """As out of the cache, with every compilation on record."""
    monkeypatch.setattr(openvino_network, "OFTEN", 3)
    monkeypatch.setattr(openvino_network, "SIZES", 2)
    made = OpenVinoNetwork(openvino_file[0], threads=1, tried=True)
    made.compiled, compile = [], made._compile
    monkeypatch.setattr(made, "_compile", lambda *key: made.compiled.append(key) or compile(*key))
    return made


def images(height, width, many=1):
    return np.random.default_rng(height).integers(0, 256, (many, height, width, 3), np.uint8)


def test_the_first_size_is_compiled_at_once_and_others_in_the_background(network):
    first, second, third = images(64, 96), images(96, 64), images(96, 96)
    network(first)
    assert network.compiled == [("LATENCY", (64, 96))]
    any_size = network(second)
    assert network.compiled[1:] == [("LATENCY", None)]
    for _ in range(4):
        network(second)
        network.settle()
    assert network.compiled[2:] == [("LATENCY", (96, 64))]
    for one, other in zip(any_size, network(second)):
        np.testing.assert_allclose(one, other, atol=1e-4 * np.abs(one).max())
    for _ in range(5):
        network(third)
        network.settle()
    assert len(network.compiled) == 3  # of two sizes at most


def test_a_batch_waits_for_no_graph(network):
    """Pictures of a batch go one by one through the graph that is there until theirs is compiled."""
    pair = images(64, 96, 2)
    alone = [network(pair[n : n + 1]) for n in range(2)]
    together = network(pair)
    network.settle()
    again = network(pair)
    assert network.compiled == [("LATENCY", (64, 96)), ("THROUGHPUT", (64, 96))]
    for n, maps in enumerate(alone):
        for one, two, three in zip(maps, together, again):
            np.testing.assert_allclose(two[n], one[0], atol=1e-4 * np.abs(one).max())
            np.testing.assert_allclose(three[n], one[0], atol=1e-4 * np.abs(one).max())
