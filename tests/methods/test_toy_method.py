"""A method declared in this file alone goes the whole way: from training to an exported network."""

import json
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import bupose
from bupose import methods, weights
from bupose.data.augment import AugmentOptions
from bupose.data.datasets import DataOptions
from bupose.evaluate import coco_ap
from bupose.evaluate.sampled import ground_truth_of_samples
from bupose.export import export_network
from bupose.fields_file import read_fields
from bupose.images import Sample
from bupose.maps import MapSpec
from bupose.methods.codec import Codec
from bupose.methods.options import LossOptions
from bupose.methods.peaks import find_peaks
from bupose.methods.targets import Targets, check_shape, in_cells, known_share
from bupose.methods.trace import Links, Trace
from bupose.options import check, option
from bupose.people import People
from bupose.predict import write_image
from bupose.predict.options import GroupOptions, InferOptions
from bupose.predict.predict import infer
from bupose.predict.saved import group_saved
from bupose.synthetic import draw_scene
from bupose.train.optim import OptimOptions
from bupose.train.options import HeadOptions, LoggerOptions, TrainerOptions, TrainOptions, TrunkOptions
from bupose.train.run import train


@dataclass
class ToyTarget:
    sigma: float = option(6.0, 1, 50)

    def __post_init__(self):
        check(self, "target")


@dataclass
class ToyDecoder:
    peak_threshold: float = option(0.1, 0, 1)
    min_person_score: float = option(0.05, 0, 1)

    def __post_init__(self):
        check(self, "decoder")


@dataclass
class ToyLoss(LossOptions):
    heat: float = option(1.0, 0, 10)
    where: float = option(0.5, 0, 10)


@dataclass(frozen=True, repr=False)
class ToyTrace(Trace):
    def kind_name(self, m):
        return f"{self.joint_name(int(self.links.kind[m]))} → somebody"

    def reason(self, m):
        return "the highest of its joint"


@dataclass(frozen=True)
class ToyCodec(Codec):
    """One person a picture: each joint's highest peak. A second map says where in the picture a cell is."""

    name: ClassVar[str] = "toy"
    title: ClassVar[str] = "highest peaks"
    Target: ClassVar[type] = ToyTarget
    Decoder: ClassVar[type] = ToyDecoder
    Loss: ClassVar[type] = ToyLoss

    @classmethod
    def outputs(cls, skeleton, target=None):
        return MapSpec.of_joints("heat", skeleton), MapSpec.of_people("where", vector=True, stored="float16")

    def _encode(self, labels, size, ignore):
        h, w = check_shape(size, self.grid)
        _, xy, present = in_cells(labels, self.grid)
        v, u = np.indices((h, w))
        heat = np.zeros((len(self.skeleton.joints), h, w), np.float32)
        for person, here in zip(xy, present, strict=True):
            for k in np.flatnonzero(here):
                away = (u - person[k, 0]) ** 2 + (v - person[k, 1]) ** 2
                heat[k] = np.maximum(heat[k], np.exp(-away / (2 * (self.target.sigma / self.grid.stride) ** 2)))
        where = np.stack([2 * u / max(w - 1, 1) - 1, 2 * v / max(h - 1, 1) - 1])[None].astype(np.float32)
        return Targets(self.maps({"heat": heat, "where": where}), known_share(ignore, size, self.grid))

    def _explain(self, maps):
        peaks = find_peaks(maps.arrays["heat"], self.decoder.peak_threshold)
        members = np.full((1, len(self.skeleton.joints)), -1, np.int32)
        for row in np.argsort(peaks.score):
            members[0, peaks.joint[row]] = row
        here = members >= 0
        xy = np.where(here[..., None], peaks.xy[members], np.nan)
        score = np.where(here, peaks.score[members], 0)
        someone = score.mean(1) > self.decoder.min_person_score
        people = People(self.grid.to_pixels(xy), score, score.mean(1), self.skeleton)[someone]
        used = np.isin(np.arange(len(peaks)), members)
        links = Links(*(np.arange(len(peaks), dtype=np.int32),) * 2, peaks.joint, peaks.score, peaks.score, used)
        return ToyTrace(maps, self.decoder, peaks, members[someone], people, links)


class Samples(list):
    skeleton = bupose.skeletons.COCO17


@pytest.fixture
def toy(monkeypatch):
    monkeypatch.setitem(methods.METHODS, "toy", ToyCodec)


@pytest.fixture
def scenes(tmp_path):
    """Five pictures of one person each, in a folder."""
    drawn = [draw_scene(n, (96, 96), 1) for n in range(5)]
    for n, scene in enumerate(drawn):
        (tmp_path / "photos").mkdir(exist_ok=True)
        write_image(tmp_path / "photos" / f"{n}.png", scene.image)
    return drawn


def test_the_whole_way(toy, scenes, tmp_path):
    drawn = {"size": [96, 96], "people": [1, 1], "scene": "clean"}
    train(
        TrainOptions(
            method="toy",
            trunk=TrunkOptions("mobilenet_v2", {"width": 0.1, "last": False, "channels": 8}),
            head=HeadOptions("light", {"refinements": 1, "width": 8, "hidden": 8, "blocks": 1}),
            target=ToyTarget(sigma=8.0),
            loss=ToyLoss(where=0.25),
            decoder=ToyDecoder(peak_threshold=0.02, min_person_score=0.0),
            data=DataOptions("synthetic", count=5, **drawn),
            val=DataOptions("synthetic", count=2, seed=9, **drawn),
            augment=AugmentOptions(mirror=0.5),
            optim=OptimOptions(warmup=2),
            trainer=TrainerOptions(steps=4, batch=2, size=(64, 64), workers=0, validate_every=2, accelerator="cpu",
                                   devices=1, validation_height=64),
            logger=LoggerOptions(every=1, progress=False, pictures=1),
            output=str(tmp_path / "run"),
        )
    )  # fmt: skip
    file = tmp_path / "run" / "last.safetensors"
    config = weights.load(file).config
    assert (config.method, config.target) == ("toy", {"sigma": 8.0})
    assert "highest peaks" in weights.load(file).describe()

    estimator = bupose.load(file, height=64, scales=[1.0, 1.5], flip=True, device="cpu")
    assert isinstance(estimator.codec, ToyCodec)
    assert estimator.codec.target.sigma == 8
    trace = estimator.explain(scenes[0].image)
    assert trace.people == estimator.codec.decode(estimator.fields(scenes[0].image))
    used = np.flatnonzero(trace.links.used)
    assert [trace.person_of(int(trace.links.first[m])) for m in used] == [0] * len(used)

    people = {n: estimator.showing_everybody()(scene.image) for n, scene in enumerate(scenes)}
    samples = Samples(Sample(s.image, s.labels, name=str(n), image_id=n) for n, s in enumerate(scenes))
    truth = ground_truth_of_samples(samples, len(samples))
    perfect = {n: scene.labels.to_people() for n, scene in enumerate(scenes)}
    assert coco_ap(people, truth)["AP"] < coco_ap(perfect, truth)["AP"] == pytest.approx(100)

    out = str(tmp_path / "out")
    infer(InferOptions(input=str(tmp_path / "photos"), output=out, weights=str(file), device="cpu", fields=True,
                       fields_pictures=True))  # fmt: skip
    found = json.loads((tmp_path / "out" / "coco_results.json").read_text(encoding="utf-8"))
    for _, maps, info in read_fields(tmp_path / "out" / "fields" / "0.npz"):
        assert (maps.method, set(maps.arrays), info["target"]) == ("toy", {"heat", "where"}, {"sigma": 8.0})
    again = str(tmp_path / "again")
    assert group_saved(GroupOptions(input=str(tmp_path / "out" / "fields" / "0.npz"), output=again)) == 0
    grouped = json.loads((tmp_path / "again" / "coco_results.json").read_text(encoding="utf-8"))
    assert grouped
    first = [result for result in found if result["image_id"] == 0] or found[: len(grouped)]
    for one, two in zip(grouped, first, strict=True):
        np.testing.assert_allclose(one["keypoints"], two["keypoints"], atol=0.2)

    pytest.importorskip("onnxruntime")
    exported = export_network(weights.load(file), tmp_path / "toy.onnx", [np.zeros((1, 64, 64, 3), np.uint8)])
    assert exported.difference.largest < 1e-4
    other = bupose.load(tmp_path / "toy.onnx", height=64, device="cpu")
    alone = bupose.load(file, height=64, device="cpu", scales=[1.0])
    np.testing.assert_allclose(other(scenes[1].image).score, alone(scenes[1].image).score, atol=1e-4)


def test_perfect_maps_give_back_the_person(toy, scenes):
    codec = ToyCodec("coco17", bupose.Grid(4))
    found = codec.decode(codec.encode(scenes[0].labels, (96, 96)))
    labels = scenes[0].labels
    there = labels.present[0] & ((labels.xy[0] > 2) & (labels.xy[0] < 93)).all(1)
    np.testing.assert_allclose(found.xy[0, there], labels.xy[0, there], atol=1.5)


def test_mirroring_twice_changes_nothing(toy, scenes):
    codec = ToyCodec("coco17", bupose.Grid(4))
    maps = codec.encode(scenes[0].labels, (96, 96)).maps
    flipped = maps.flip()
    np.testing.assert_array_equal(flipped.flip().arrays["heat"], maps.arrays["heat"])
    np.testing.assert_allclose(flipped.arrays["where"], maps.arrays["where"], atol=1e-6)  # left to right, mirrored


def test_what_a_method_does_not_have_is_told(toy):
    with pytest.raises(bupose.BuposeError, match="decoder has no option 'limb_threshold'; it has peak_threshold"):
        ToyCodec("coco17").with_decoder(limb_threshold=0.1)
    with pytest.raises(bupose.BuposeError, match=r"target\.limb_width is of method=paf.*which has sigma"):
        TrainOptions(method="toy", target=bupose.TargetOptions(limb_width=2.0))
