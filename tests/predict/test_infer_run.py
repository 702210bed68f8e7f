"""Whole runs: folders with broken files, interruptions, videos; and scripts/infer.py from a shell."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from bupose import weights
from bupose.errors import BuposeError, InputError
from bupose.estimate.estimator import Estimator
from bupose.fields_file import FieldsFile, write_fields
from bupose.images import read_image
from bupose.maps import Grid
from bupose.media.sources import open_media
from bupose.methods import DecoderOverrides
from bupose.methods.paf.fields import Fields
from bupose.nn.config import NetworkConfig
from bupose.nn.model import PoseNet
from bupose.predict.options import GroupOptions, InferOptions
from bupose.predict.predict import infer
from bupose.predict.saved import group_saved
from bupose.skeletons import COCO18
from bupose.viz import OverlayOptions, draw_overlay

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "infer.py"


@pytest.fixture
def photos(tmp_path, face, lab):
    """Faces under many names, and what is no picture."""
    image, _ = face
    folder = tmp_path / "in"
    for name in ("000000000042.png", "IMG (1).png", "a,b.png", "sub/x=1.png", "sub/Straße 日本.png", "x.png"):
        lab.save(folder / name, image)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    (folder / "empty.png").write_bytes(b"")
    return folder


def run(photos, out, **values):
    return infer(InferOptions(input=str(photos), output=str(out), height=160, **values))


def test_folder(net, photos, face, tmp_path, lab, capsys):
    out = tmp_path / "out"
    summary = run(photos, out, csv=True, fields=True, fields_pictures=True)
    assert (summary.pictures, summary.people, summary.failed) == (6, 6, 2)
    images = lab.read_json(out / "images.json")
    assert [i["file_name"] for i in images if "problem" in i] == ["broken.jpg", "empty.png"]
    assert len({i["id"] for i in images}) == 8
    assert images[0] == {"id": 42, "file_name": "000000000042.png", "name": "000000000042", "width": 200, "height": 150}
    results = lab.read_json(out / "coco_results.json")
    for result in results:
        np.testing.assert_allclose(np.reshape(result["keypoints"], (3, 3))[:, :2], face[1], atol=0.2)
    assert [r["image_id"] for r in results] == [i["id"] for i in images if "problem" not in i]
    assert len((out / "people.csv").read_text(encoding="utf-8").splitlines()) == 7
    for image in (i for i in images if "problem" not in i):
        assert read_image(out / "overlays" / f"{image['name']}.jpg").shape == (150, 200, 3)
        assert (out / "fields_pictures" / f"{image['name']}.jpg").is_file()
        assert (out / "openpose" / f"{image['name']}_keypoints.json").is_file()
        with FieldsFile(out / "fields" / f"{image['name']}.npz") as file:
            assert file[image["name"]][1]["image_width"] == 200
    assert not (out / "unfinished.jsonl").exists()
    assert not list(out.rglob(".*"))
    assert capsys.readouterr().err.count("broken.jpg") >= 1


def test_results_are_of_the_category_that_the_network_learned(net, photos, tmp_path, lab):
    net.category = {"id": 9, "name": "sprite", "keypoints": ["right_ear", "nose", "left_ear"]}
    run(photos, tmp_path / "turned")
    net.category = {}
    run(photos, tmp_path / "plain")
    turned, plain = (lab.read_json(tmp_path / name / "coco_results.json") for name in ("turned", "plain"))
    assert {result["category_id"] for result in turned} == {9}
    for a, b in zip(turned, plain, strict=True):
        assert np.reshape(a["keypoints"], (3, 3)).tolist() == np.reshape(b["keypoints"], (3, 3))[[2, 0, 1]].tolist()


def test_saved_fields_are_grouped_to_the_people_of_the_run(net, photos, tmp_path, lab):
    """With the network's decode options, those of the run, and its category; others may be given."""
    net.decoder = {"smooth": 1.5}
    net.category = {"id": 9, "name": "sprite", "keypoints": ["right_ear", "nose", "left_ear"]}
    out = tmp_path / "out"
    run(photos, out, fields=True, scales=[1, 0.5], flip=True, decoder=DecoderOverrides(localization_sigma=3.0))
    name = "000000000042"
    wanted = [result for result in lab.read_json(out / "coco_results.json") if result["image_id"] == 42]

    def group(name, **decoder):
        options = {"input": str(out / "fields" / f"{name}.npz"), "output": str(tmp_path / "again"), "overwrite": True}
        failed = group_saved(GroupOptions(**options, decoder=DecoderOverrides(**decoder)))
        return failed or lab.read_json(tmp_path / "again" / "coco_results.json")

    assert len(wanted) == 1
    assert group(name) == group(name, smooth=1.5) == wanted
    for other in ({"smooth": 0.0}, {"localization_sigma": 0.0}):
        assert group(name, **other) != wanted


def test_decode_options_that_a_fields_file_cannot_mean_are_told(tmp_path, caplog):
    fields = Fields(np.zeros((18, 4, 4)), np.zeros((19, 2, 4, 4)), Grid(8), COCO18)
    info = {"old": {"decoder": {"crowd": 64}}, "odd": {"decoder": 3}, "mad": {"category": {"id": []}}, "good": {}}
    write_fields(tmp_path / "f.npz", dict.fromkeys(info, fields), info=info)
    assert group_saved(GroupOptions(input=str(tmp_path / "f.npz"), output=str(tmp_path / "out"))) == 3
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [line.partition(" is of another version of bupose, or damaged: ")[0] for line in told] == [
        "old: its meta", "odd: its meta", "mad: its meta",
    ]  # fmt: skip


def test_pictures_without_people_are_listed(net, tmp_path, lab):
    lab.save(tmp_path / "in" / "night.png", np.zeros((90, 120, 3), np.uint8))
    summary = run(tmp_path / "in", tmp_path / "out", csv=True)
    assert (summary.pictures, summary.people, summary.failed) == (1, 0, 0)
    assert lab.read_json(tmp_path / "out" / "coco_results.json") == []
    assert [i["name"] for i in lab.read_json(tmp_path / "out" / "images.json")] == ["night"]


def test_overlays_are_drawn_as_asked(net, photos, tmp_path, lab):
    """And they are settings of the run: other overlays do not replace these unasked."""
    style = OverlayOptions(colors="person", labels=["score"], boxes=True)
    run(photos / "sub", tmp_path / "out", overlay=style, overlay_format="png")
    people = Estimator(net, height=160)(photos / "sub" / "x=1.png")
    wanted = draw_overlay(read_image(photos / "sub" / "x=1.png"), people, style)
    np.testing.assert_array_equal(read_image(tmp_path / "out" / "overlays" / "x=1.png"), wanted)
    assert lab.read_json(tmp_path / "out" / "run.json")["overlay.labels"] == ["score"]
    with pytest.raises(InputError, match=r"overlay.boxes=True, now False"):
        run(photos / "sub", tmp_path / "out", overlay_format="png", overlay=OverlayOptions("person", ["score"]))


def test_what_is_not_asked_for_is_not_written(net, photos, tmp_path):
    run(photos, tmp_path / "out", json=False, openpose=False, overlays=False)
    assert sorted(f.name for f in (tmp_path / "out").iterdir()) == ["images.json", "run.json"]


def test_results_inside_the_input_are_not_read_again(net, photos):
    for _ in range(2):
        assert run(photos, photos / "out").pictures == 6


def test_video_in_and_out(net, face, tmp_path, lab):
    image, joints = face
    writer = cv2.VideoWriter(str(tmp_path / "face.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 12, (200, 150))
    if not writer.isOpened():
        pytest.skip("this OpenCV writes no video")
    for n in range(5):
        writer.write(np.roll(image, 4 * n, 1)[..., ::-1].copy())
    writer.release()
    out = tmp_path / "out"
    assert run(tmp_path / "face.avi", out).pictures == 5
    for n, result in enumerate(lab.read_json(out / "coco_results.json")):
        got = np.reshape(result["keypoints"], (3, 3))[:, :2]
        np.testing.assert_allclose(got, joints + [4 * n, 0], atol=0.6)
    with pytest.raises(InputError, match="would be overwritten"):
        run(out / "overlays" / "face.mp4", out, overwrite=True)
    overlay = open_media(out / "overlays" / "face.mp4")
    frames = list(overlay)
    assert len(frames) == 5
    assert frames[0].rate == pytest.approx(12)
    assert frames[0].image.shape == (150, 200, 3)


def test_scores_and_joints_of_a_picture_survive_the_list(net, photos, tmp_path):
    """One picture alone gives what it gives among others."""
    run(photos, tmp_path / "all")
    run(photos / "x.png", tmp_path / "one")
    of = {
        folder: json.loads((tmp_path / folder / "coco_results.json").read_text(encoding="utf-8"))
        for folder in ("all", "one")
    }
    assert of["one"][0]["keypoints"] == of["all"][-1]["keypoints"]
    assert of["one"][0]["score"] == of["all"][-1]["score"]


@pytest.mark.parametrize(
    "values",
    [
        {"input": None},
        {"input": ["x"], "precision": "int3"},
        {"input": "x", "device": "abacus"},
        {"input": "x", "overlay_format": "gif"},
    ],
)
def test_options(values):
    with pytest.raises(BuposeError):
        InferOptions(**values)


def shell(folder, *arguments):
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    environment.pop("BUPOSE_DEBUG", None)
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", env=environment)


def test_the_script_from_another_folder_with_awkward_names(photos, tmp_path):
    torch.manual_seed(0)
    network = PoseNet(NetworkConfig(COCO18, "mobilenet_v2", "plain", {"width": 0.25}, preprocess={"height": 64}))
    for values in network.parameters():
        values.data.zero_()  # it sees nobody: quickly grouped
    path = weights.save(network, tmp_path / "my net (1),x=2.safetensors")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    out = tmp_path / "o'ut ${HOME} [1]"
    done = shell(elsewhere, f"weights={path}", f"input={photos}", f"output={out}", "device=cpu", "decoder=sure")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "6 pictures" in done.stdout
    assert "2 failed" in done.stdout
    assert len(json.loads((out / "images.json").read_text(encoding="utf-8"))) == 8
    assert list(elsewhere.iterdir()) == []  # hydra leaves nothing


def test_an_interrupted_video_leaves_what_was_found(net, face, tmp_path, lab, monkeypatch):
    writer = cv2.VideoWriter(str(tmp_path / "face.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 12, (200, 150))
    if not writer.isOpened():
        pytest.skip("this OpenCV writes no video")
    for _ in range(12):
        writer.write(face[0][..., ::-1].copy())
    writer.release()
    call = type(net).__call__

    def interrupted(self, images):
        if len(self.batches) == 5:
            raise KeyboardInterrupt
        return call(self, images)

    monkeypatch.setattr(type(net), "__call__", interrupted)
    with pytest.raises(KeyboardInterrupt, match="written"):
        run(tmp_path / "face.avi", tmp_path / "out", batch=1)
    found = len(lab.read_json(tmp_path / "out" / "coco_results.json"))
    assert 1 <= found <= 5
    assert len(list(open_media(tmp_path / "out" / "overlays" / "face.mp4"))) == found
    assert not list((tmp_path / "out").rglob(".*"))
