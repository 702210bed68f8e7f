"""MoveNet MultiPose as a network of bupose, against its published graph run node by node."""

import json

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from bupose.methods.centre import CentreCodec
from bupose.weights import import_weights

ROOT = "StatefulPartitionedCall/"
NODES = {
    "centre": "Sigmoid",
    "heat": "Sigmoid_1",
    "offset": "kpt_regress_0/conv2d_8/BiasAdd",
    "local": "kpt_offset_0/conv2d_9/BiasAdd",
    "box_size": "box_scale_0/conv2d_5/BiasAdd",
    "box_offset": "box_offset_0/conv2d_6/BiasAdd",
}
SURE = 0.127  # of a joint, to count for its person
SIDES = (256, 192)


@pytest.fixture(scope="module")
def graph(shared):
    return json.loads((shared / "weights" / "movenet_multipose.graph.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def weights(shared):
    return load_file(shared / "weights" / "movenet_multipose.safetensors")


@pytest.fixture(scope="module")
def network(shared):
    return import_weights(shared / "weights" / "movenet_multipose.safetensors")


def read_photo(shared, name, size=SIDES):
    photo = cv2.imread(str(shared / "data" / "coco" / "val" / f"{name}.jpg"))
    return cv2.resize(cv2.cvtColor(photo, cv2.COLOR_BGR2RGB), size)


def predict(network, photo):
    with torch.no_grad():
        said = network(torch.from_numpy(photo).permute(2, 0, 1)[None])
    return {spec.name: maps[0].numpy() for spec, maps in zip(network.specs, said, strict=True)}


def test_maps_are_those_of_the_graph(shared, network, graph, weights, run_graph):
    """Channels in x, y where the graph has y, x, and lengths from a cell's centre where it has them from its corner."""
    photo = read_photo(shared, "000000343218", (160, 128))
    maps = predict(network, photo)
    said = run_graph(graph, weights, photo, *(ROOT + node for node in NODES.values()))
    for name, expected in zip(NODES, said, strict=True):
        expected = expected[0].transpose(2, 0, 1)
        if name not in ("centre", "heat"):
            expected = expected.reshape(-1, 2, *expected.shape[1:])[:, ::-1]
            expected = expected.reshape(maps[name].shape) - (0.5 if name != "box_size" else 0)
        np.testing.assert_allclose(maps[name], expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max(), err_msg=name)


@pytest.mark.parametrize("name", ["000000001000", "000000002299", "000000004395", "000000005060"])
def test_people_are_those_of_the_graph(shared, network, graph, weights, run_graph, name):
    """Its six people: the same joints to a hundredth of a pixel, the same scores where no other person is nearer.

    The graph scores a joint by its weight for whoever of the six is predicted nearest to its cell; ``mul_9`` holds the
    weight for each.
    """
    photo = read_photo(shared, name)
    answer, weight, (centre, _) = run_graph(graph, weights, photo, "Identity", f"{ROOT}mul_9", f"{ROOT}TopKV2")
    config = network.config
    codec = CentreCodec(config.skeleton, network.grid, CentreCodec.Target(**config.target))
    codec = codec.with_decoder(**config.decoder, min_joint_score=0.0, min_joints=1, min_person_score=0.0)
    trace = codec.explain(codec.maps(predict(network, photo)))
    compared = [(person, row) for person, row in enumerate(trace.rows) if row < 6]  # the graph stops there
    assert len(compared) >= 1
    for person, row in compared:
        joints = answer[0, row, :51].reshape(17, 3)
        expected = joints[:, 1::-1] * SIDES - 0.5  # a pixel's centre is an integer here
        np.testing.assert_allclose(trace.people.xy[person], expected, atol=0.01)
        own = weight[:, :, row].max((0, 1))
        np.testing.assert_allclose(trace.people.score[person], own, rtol=1e-3, atol=1e-5)
        score = centre[0, row] * own[own > SURE].sum() / max((own > SURE).sum(), 1)
        np.testing.assert_allclose(trace.people.person_score[person], score, rtol=1e-3, atol=1e-6)
        if np.allclose(own, joints[:, 2], rtol=1e-6):
            np.testing.assert_allclose(answer[0, row, -1], score, rtol=1e-3, atol=1e-6)
