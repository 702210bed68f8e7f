"""Detectors in ONNX files of every usual kind find a red rectangle where it was drawn."""

import numpy as np
import pytest
from atlas import OnePerson

from bupose.errors import BuposeError
from bupose.estimate import Estimator
from bupose.estimate.crops.detector import Detector
from bupose.estimate.crops.options import CropsOptions
from bupose.images import Photo
from bupose.runtimes.onnx_network import open_session

onnx = pytest.importorskip("onnx", reason="needs onnx")
pytest.importorskip("onnxruntime", reason="needs onnxruntime")
helper = onnx.helper
FLOAT, WHOLE = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64


class Graph:
    """Says where red begins and ends, and writes that down in some form."""

    def __init__(self, channel=0, threshold=0.8, sides=(96, 128), sized=False):
        self.nodes, self.constants, self.sides = [], [], sides
        self.inputs = [helper.make_tensor_value_info("images", FLOAT, [1, 3, *sides])]
        if sized:
            self.inputs.append(helper.make_tensor_value_info("orig_target_sizes", WHOLE, [1, 2]))
        red = self("Gather", "images", self.constant([channel], WHOLE), axis=1)
        here = self("Cast", self("Greater", red, self.constant([threshold])), to=FLOAT)
        ends = []
        for axis in (3, 2):
            line = self("Reshape", self("ReduceMax", here, axes=[5 - axis], keepdims=0), self.constant([-1], WHOLE))
            first = self("Cast", self("ArgMax", line, axis=0), to=FLOAT)
            last = self("Cast", self("ArgMax", line, axis=0, select_last_index=1), to=FLOAT)
            ends.append((first, self("Add", last, self.constant([1.0]))))
        self.corners = self("Concat", ends[0][0], ends[1][0], ends[0][1], ends[1][1], axis=0)
        low, high = (self("Concat", ends[0][n], ends[1][n], axis=0) for n in (0, 1))
        middle = self("Mul", self("Add", low, high), self.constant([0.5]))
        self.centred = self("Concat", middle, self("Sub", high, low), axis=0)

    def __call__(self, kind, *inputs, **attributes):
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, values, kind=FLOAT):
        name = f"c{len(self.constants)}"
        self.constants.append(helper.make_tensor(name, kind, np.shape(values), np.ravel(values)))
        return name

    def table(self, first, *rows):
        """(1, n, columns): the four numbers of ``first`` and those of each row."""
        made = [self("Concat", first, self.constant(list(map(float, row))), axis=0) for row in rows]
        width = 4 + len(rows[0])
        flat = self("Concat", *made, axis=0) if len(made) > 1 else made[0]
        return self("Reshape", flat, self.constant([1, len(rows), width], WHOLE))

    def save(self, path, **outputs):
        nodes = [helper.make_node("Identity", [inside], [name]) for name, (inside, _, _) in outputs.items()]
        infos = [helper.make_tensor_value_info(name, kind, shape) for name, (_, kind, shape) in outputs.items()]
        graph = helper.make_graph([*self.nodes, *nodes], "g", self.inputs, infos, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.checker.check_model(model)
        onnx.save(model, path)
        return path


def finished(path):
    g = Graph()
    return g.save(path, output0=(g.table(g.corners, (0.9, 0), (0.8, 7)), FLOAT, [1, 2, 6]))


def columns(path):
    g = Graph()
    rows = g.table(g.centred, *[(0.9, 0.3)] * 8)
    return g.save(path, output0=(g("Transpose", rows, perm=[0, 2, 1]), FLOAT, [1, 6, 8]))


def rows(path):
    g = Graph()
    return g.save(path, output=(g.table(g.centred, *[(1.0, 0.9, 0.2)] * 8), FLOAT, [1, 8, 7]))


def torchvision(path):
    g = Graph()
    boxes = g("Reshape", g.table(g.corners, (), ()), g.constant([2, 4], WHOLE))
    labels, scores = g.constant([1, 3], WHOLE), g.constant([0.9, 0.99])
    return g.save(path, boxes=(boxes, FLOAT, [2, 4]), labels=(labels, WHOLE, [2]), scores=(scores, FLOAT, [2]))


def mmdeploy(path):
    g = Graph(channel=2, threshold=200.0)  # bytes in BGR
    dets, labels = g.table(g.corners, (0.9,), (0.99,)), g.constant([[0, 1]], WHOLE)
    return g.save(path, dets=(dets, FLOAT, [1, 2, 5]), labels=(labels, WHOLE, [1, 2]))


def rt_detr(path):
    g = Graph(sized=True)
    sides = g.constant([1 / g.sides[1], 1 / g.sides[0]])
    share = g("Mul", g("Cast", g("Reshape", "orig_target_sizes", g.constant([2], WHOLE)), to=FLOAT), sides)
    g.corners = g("Mul", g.corners, g("Concat", share, share, axis=0))
    boxes, labels, scores = g.table(g.corners, (), ()), g.constant([[0, 1]], WHOLE), g.constant([[0.9, 0.99]])
    return g.save(path, labels=(labels, WHOLE, [1, 2]), boxes=(boxes, FLOAT, [1, 2, 4]), scores=(scores, FLOAT, [1, 2]))


def detr(path):
    g = Graph()
    h, w = g.sides
    g.centred = g("Mul", g.centred, g.constant([1 / w, 1 / h, 1 / w, 1 / h]))
    logits = g.constant([[[np.log(9), -9.0, -9], [-9, -9, 9]]])
    return g.save(path, logits=(logits, FLOAT, [1, 2, 3]), pred_boxes=(g.table(g.centred, (), ()), FLOAT, [1, 2, 4]))


KINDS = [finished, columns, rows, torchvision, mmdeploy, rt_detr, detr]


def photo(width, height, box):
    image = np.full((height, width, 3), (30, 60, 90), np.uint8)
    x, y, w, h = box
    image[y : y + h, x : x + w] = (255, 40, 20)
    return image


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(("size", "box"), [((256, 192), (40, 30, 60, 90)), ((100, 300), (20, 150, 50, 120))])
def test_a_box_is_found_in_the_photos_pixels(tmp_path, kind, size, box):
    path = kind(tmp_path / "detector.onnx")
    detector = Detector(open_session(path), path, CropsOptions())
    picture = Photo.whole(photo(*size, box))
    (boxes,) = detector.find([detector.plan(picture, None)], [picture], [None], map)
    assert len(boxes) == 1
    assert boxes.score[0] == pytest.approx(0.9, abs=1e-6)
    cell = max(size[0] / 128, size[1] / 96) + 0.5  # photo pixels of one of the input, whose half may be red
    np.testing.assert_allclose(boxes.xywh[0], box, atol=2 * cell)
    assert np.abs(boxes.xywh[0, :2] + boxes.xywh[0, 2:] / 2 - np.array(box[:2]) - np.array(box[2:]) / 2).max() < cell


def test_it_is_taken_by_its_file(tmp_path):
    path = columns(tmp_path / "detector.onnx")
    estimator = Estimator(OnePerson([]), mode="crops", boxes=path)
    assert isinstance(estimator.pipeline.finder, Detector)
    assert estimator.pipeline.finder.label == 0
    assert Estimator(OnePerson([]), mode="crops", boxes=path, crops=CropsOptions(label=1)).pipeline.finder.label == 1


def wrong_output(path):
    g = Graph()
    return g.save(path, out=(g.corners, FLOAT, [4]))


def wrong_input(path):
    g = Graph()
    g.inputs.append(helper.make_tensor_value_info("mask", FLOAT, [1, 96, 128]))
    return g.save(path, out=(g.table(g.corners, (0.9, 0)), FLOAT, [1, 1, 6]))


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        (wrong_output, {}, r"no detector that bupose reads: for a picture it gives \(4,\); understood are"),
        (wrong_input, {}, r"no detector that bupose can run: it takes .*mask"),
        (columns, {"label": 7}, "crops.label is 7"),
        (lambda path: path.write_bytes(b"nothing"), {}, "damaged or no ONNX network"),
    ],
)
def test_what_is_no_detector_says_so(tmp_path, kind, options, told):
    kind(tmp_path / "d.onnx")
    with pytest.raises(BuposeError, match=told):
        Estimator(OnePerson([]), mode="crops", boxes=tmp_path / "d.onnx", crops=CropsOptions(**options))
