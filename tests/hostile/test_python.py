"""Calls from Python with what is nearly right: one sentence of bupose's, never an error from within."""

import io

import numpy as np
import pytest

import bupose
from bupose import FieldCodec, Fields, Grid, Labels, People, Skeleton, skeletons, synthetic, viz, weights
from bupose.skeletons import COCO17, COCO18

PICTURE = np.zeros((64, 96, 3), np.uint8)
RAGGED = [[1], [2, 3]]


def zeros(*shape):
    return np.zeros(shape, np.float32)


def some_fields(heat=(17, 4, 6), paf=(19, 2, 4, 6), skeleton=COCO17):
    return Fields(zeros(*heat), zeros(*paf), Grid(8), skeleton)


def labels(xy=0.0):
    return Labels(np.full((2, 17, 2), xy), np.full((2, 17), 2), COCO17)


def people(xy=0.0):
    return People(np.full((2, 17, 2), xy), zeros(2, 17), zeros(2), COCO17)


CODEC = FieldCodec(COCO17)

REFUSED = {
    "a network that is a number": lambda: bupose.load(5),
    "a network that is bytes": lambda: bupose.load(b"net"),
    "a network that is a list": lambda: bupose.load([]),
    "a network that is NaN": lambda: bupose.load(float("nan")),
    "a network with an empty name": lambda: bupose.load(""),
    "a network that is a folder": lambda: bupose.load("/"),
    "a network's name with NUL": lambda: bupose.load("a\0b"),
    "a network's name of 5000 letters": lambda: bupose.load("x" * 5000),
    "a network's name that is no UTF-8": lambda: bupose.load("\udcff"),
    "a height that is text": lambda: bupose.load(height="64"),
    "a height that is half a pixel": lambda: bupose.load(height=64.5),
    "a height that is true": lambda: bupose.load(height=True),
    "scales that are a number": lambda: bupose.load(scales=5),
    "scales that are text": lambda: bupose.load(scales=["a"]),
    "a decoder option that is none": lambda: bupose.load(decoder={"foo": 1}),
    "a decoder option of text": lambda: bupose.load(decoder={"samples": "x"}),
    "a decoder option of a list": lambda: bupose.load(decoder={"samples": [1]}),
    "threads that are text": lambda: bupose.load(threads="2"),
    "an average of no networks": lambda: weights.average([]),
    "a stride that is text": lambda: Grid("8"),
    "a stride that is nothing": lambda: Grid(None),
    "a stride of 0": lambda: Grid(0),
    "a stride that is NaN": lambda: Grid(float("nan")),
    "a stride that is infinite": lambda: Grid(float("inf")),
    "a stride that is complex": lambda: Grid(1j),
    "a stride of 10^9": lambda: Grid(10**9),
    "a stride that is an array": lambda: Grid(zeros(3)),
    "fields of nothing": lambda: Fields(None, None, Grid(), COCO17),
    "fields of text": lambda: Fields("a", "b", Grid(), COCO17),
    "fields on a number": lambda: Fields(zeros(17, 4, 4), zeros(19, 2, 4, 4), 8, COCO17),
    "fields of an unknown skeleton": lambda: some_fields(skeleton="coco99"),
    "fields of no skeleton": lambda: some_fields(skeleton=None),
    "fields of another skeleton's joints": lambda: some_fields(heat=(18, 4, 6)),
    "fields that are ragged": lambda: Fields(RAGGED, zeros(19, 2, 4, 4), Grid(), COCO17),
    "fields that are complex": lambda: Fields(zeros(17, 4, 4) * 1j, zeros(19, 2, 4, 4), Grid(), COCO17),
    "fields of objects": lambda: Fields(np.full((17, 4, 4), None), zeros(19, 2, 4, 4), Grid(), COCO17),
    "an average of no fields": lambda: Fields.average([]),
    "an average of nothings": lambda: Fields.average([None]),
    "OpenPose's fields of two sizes": lambda: Fields.from_openpose(zeros(19, 4, 4), zeros(38, 4, 5)),
    "OpenPose's fields at stride 10**400": lambda: Fields.from_openpose(
        zeros(19, 4, 4), zeros(38, 4, 4), stride=10**400
    ),
    "trt_pose's fields without a topology": lambda: Fields.from_trt_pose(zeros(18, 4, 4), zeros(42, 4, 4), None),
    "trt_pose's topology of NaN": lambda: Fields.from_trt_pose(zeros(18, 4, 4), zeros(42, 4, 4), zeros(21, 4) * np.nan),
    "trt_pose's topology from -1": lambda: Fields.from_trt_pose(zeros(18, 4, 4), zeros(42, 4, 4), zeros(21, 4) - 1),
    "people that are nothing": lambda: People(None, None, None, COCO17),
    "people that are a number": lambda: People(5, 5, 5, COCO17),
    "people that are text": lambda: People([["a"]], [["b"]], ["c"], COCO17),
    "people that are ragged": lambda: People(RAGGED, zeros(2, 17), zeros(2), COCO17),
    "people with too many scores": lambda: People(zeros(2, 17, 2), zeros(3, 17), zeros(2), COCO17),
    "people of no skeleton": lambda: People(zeros(2, 17, 2), zeros(2, 17), zeros(2), None),
    "people from an empty result": lambda: People.from_coco([{}], COCO17),
    "people from a nothing": lambda: People.from_coco([None], COCO17),
    "people from text": lambda: People.from_coco([{"keypoints": ["a"] * 51}], COCO17),
    "people from three numbers": lambda: People.from_coco([{"keypoints": [1, 2, 3]}], COCO17),
    "labels of three coordinates": lambda: Labels(zeros(2, 17, 3), zeros(2, 17), COCO17),
    "labels whose visibility is text": lambda: Labels(zeros(2, 17, 2), [["a"] * 17] * 2, COCO17),
    "labels with too few areas": lambda: Labels(zeros(2, 17, 2), zeros(2, 17), COCO17, area=[1]),
    "labels from a number": lambda: Labels.from_coco([5], COCO17),
    "a codec of no skeleton": lambda: FieldCodec(None),
    "a codec on a number": lambda: FieldCodec(COCO17, 8),
    "a codec with a dict of options": lambda: FieldCodec(COCO17, decoder={}),
    "a codec without targets": lambda: FieldCodec(COCO17, target={}),
    "a decode option that is none": lambda: CODEC.with_decoder(foo=1),
    "nothing to encode": lambda: CODEC.encode(None, (64, 64)),
    "encoding into no size": lambda: CODEC.encode(labels(), None),
    "encoding into a negative size": lambda: CODEC.encode(labels(), (-5, 4)),
    "encoding into NaN": lambda: CODEC.encode(labels(), (float("nan"), 5)),
    "encoding into one side": lambda: CODEC.encode(labels(), (64,)),
    "encoding into text": lambda: CODEC.encode(labels(), "ab"),
    "encoding into half pixels": lambda: CODEC.encode(labels(), (64.5, 64)),
    "encoding into 10^18 pixels": lambda: CODEC.encode(labels(), (10**9, 10**9)),
    "a mask of another size": lambda: CODEC.encode(labels(), (64, 64), ignore=zeros(3, 3)),
    "a mask of text": lambda: CODEC.encode(labels(), (64, 64), ignore="mask"),
    "nothing to decode": lambda: CODEC.decode(None),
    "a number to decode": lambda: CODEC.decode(5),
    "text to decode": lambda: CODEC.decode("ab"),
    "nothings to decode": lambda: CODEC.decode([None, None]),
    "nothing to explain": lambda: CODEC.explain(None),
    "another skeleton's fields to decode": lambda: CODEC.decode(some_fields((18, 4, 6), skeleton=COCO18)),
    "a skeleton that is a number": lambda: skeletons.get(5),
    "a skeleton that is a folder": lambda: skeletons.get("/tmp"),
    "a skeleton's name with NUL": lambda: skeletons.get("a\0.yaml"),
    "a skeleton's joints that are a number": lambda: Skeleton("a", 5, 5),
    "a skeleton with one joint twice": lambda: Skeleton("a", ["a", "a"], []),
    "a skeleton whose limb leads nowhere": lambda: Skeleton("a", ["a", "b"], [["a", "c"]]),
    "a skeleton whose limb is one joint": lambda: Skeleton("a", ["a", "b"], [["a", "a"]]),
    "a skeleton whose sigma is NaN": lambda: Skeleton("a", ["a", "b"], [["a", "b"]], [float("nan"), 1]),
    "a skeleton from nothing": lambda: Skeleton.from_dict(None),
    "drawing on nothing": lambda: viz.draw_people(None, people()),
    "drawing nothing": lambda: viz.draw_people(PICTURE, None),
    "drawing on an empty picture": lambda: viz.draw_people(PICTURE[:0], people()),
    "drawing on a path": lambda: viz.draw_people("a.png", people()),
    "a scene of seed -1": lambda: synthetic.draw_scene(seed=-1),
    "a scene of a seed in letters": lambda: synthetic.draw_scene(seed="a"),
    "a scene of size 0": lambda: synthetic.draw_scene(seed=1, size=(0, 0)),
    "a scene of no size": lambda: synthetic.draw_scene(seed=1, size=None),
    "a scene of 10^12 pixels": lambda: synthetic.draw_scene(seed=1, size=(10**6, 10**6)),
    "a scene of -1 people": lambda: synthetic.draw_scene(seed=1, people=-1),
    "a scene of people in letters": lambda: synthetic.draw_scene(seed=1, people="many"),
    "a scene of a skeleton's number": lambda: synthetic.draw_scene(seed=1, skeleton=5),
}
PICTURES = {
    "nothing": None,
    "a number": 5,
    "NaN": float("nan"),
    "an empty name": "",
    "a name with NUL": "a\0b",
    "a folder": "/",
    "a device": "/dev/zero",
    "bytes that are no picture": b"abc",
    "a dict": {},
    "floats up to 255": PICTURE + 255.0,
    "floats made ready for a network": PICTURE - 2.1,
    "floats that are NaN": PICTURE * np.nan,
    "two channels": PICTURE[..., :2],
    "five dimensions": PICTURE[None, None],
    "a batch": PICTURE[None],
    "a ragged list": (RAGGED,),
    "an open file": io.BytesIO(b"abc"),
    "a set": {"a.png"},
    "no rows": PICTURE[:0],
    "objects": np.array([None]),
    "text in an array": np.array("abc"),
    "complex numbers": np.zeros((4, 4, 3), np.complex64),
    "64 bits": PICTURE.astype(np.int64),
}
ACCEPTED = {
    "a skeleton by its name": lambda: FieldCodec("coco17").decode(some_fields(skeleton="coco17")),
    "fields without cells": lambda: CODEC.decode(some_fields((17, 0, 0), (19, 2, 0, 0))),
    "fields of one cell": lambda: CODEC.decode(some_fields((17, 1, 1), (19, 2, 1, 1))),
    "fields of NaN": lambda: CODEC.decode(
        Fields(zeros(17, 4, 4) * np.nan, zeros(19, 2, 4, 4) + np.inf, Grid(), COCO17)
    ),
    "labels at infinity": lambda: CODEC.encode(labels(np.inf), (64, 64)),
    "labels far away": lambda: CODEC.encode(labels(1e30), (64, 64)),
    "labels of NaN": lambda: CODEC.encode(labels(np.nan), (64, 64)),
    "people drawn at infinity": lambda: viz.draw_people(PICTURE, people(np.inf)),
    "people drawn far away": lambda: viz.draw_people(PICTURE, people(1e30)),
    "people drawn on one pixel": lambda: viz.draw_people(PICTURE[:1, :1], people()),
    "nothing to decode": lambda: CODEC.decode([]),
    "encoding into size 0": lambda: CODEC.encode(labels(), (0, 0)),
}


@pytest.fixture(scope="module")
def estimator(hostile_network):
    return bupose.load(hostile_network)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(hostile, name):
    hostile.refused(REFUSED[name])


@pytest.mark.parametrize("name", PICTURES)
def test_no_picture(hostile, estimator, name):
    hostile.refused(estimator, PICTURES[name])


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(hostile, name):
    ACCEPTED[name]()
    hostile.passed()


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (20000, 2), (3, 3)])
def test_pictures_of_odd_shapes(hostile, estimator, shape):
    found = estimator(np.zeros((*shape, 3), np.uint8))
    assert found.xy.shape[1:] == (17, 2)
    hostile.passed()


@pytest.mark.parametrize("name", ["a.png", b"abc", PICTURE, 5, None])
def test_no_stream(hostile, estimator, name):
    hostile.refused(estimator.stream, name)


def test_one_bad_picture_does_not_end_a_stream(hostile, estimator):
    problems = [getattr(estimate, "problem", None) for estimate in estimator.stream(["/nope", PICTURE, None, PICTURE])]
    assert [problem is None for problem in problems] == [False, True, False, True]
    hostile.passed(2)
