"""The command from its command line, with predictions and with a network."""

import json
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from bupose import estimate
from bupose.cli import evaluate, hydra_app
from bupose.errors import InputError
from bupose.estimate import Failure
from bupose.methods.paf import FieldCodec
from bupose.people import Labels, People
from bupose.skeletons import COCO17, COCO18


@pytest.fixture
def folder(make, tmp_path):
    """A folder of an awkward name with annotations, photos and predictions: one of two people is right."""
    folder = tmp_path / "a,b (1)=x"
    folder.mkdir()
    a, b = make.person(100, 100), make.person(200, 100)
    data = make.coco({1: [a], 2: [b]})
    for image in data["images"]:
        cv2.imwrite(str(folder / image["file_name"]), np.full((480, 640, 3), 200, np.uint8))
    (folder / "val.json").write_text(json.dumps(data))
    (folder / "found.json").write_text(json.dumps([make.result(a, 1)]))
    return folder


def run(**options):
    return hydra_app.run(evaluate.main, "evaluate", [f"{key}={value}" for key, value in options.items()])


def test_predictions(folder, capsys):
    out = folder / "out"
    assert run(annotations=folder / "val.json", predictions=folder / "found.json", output=out, images=folder) == 0
    assert "2 annotated, 1 found, 1 missed" in capsys.readouterr().out
    assert json.loads((out / "metrics.json").read_text(encoding="utf-8"))["metrics"]["AR"] == 50
    assert [p.name for p in (out / "worst").iterdir()] == ["01_2.jpg"]
    assert run(annotations=folder / "val.json", predictions=folder / "found.json", output=out, limit=1) == 0
    assert json.loads((out / "metrics.json").read_text(encoding="utf-8"))["metrics"]["AR"] == 100


def fake(stream, codec):
    """Stands for an estimator, whose looks are their maps."""
    pipeline = SimpleNamespace(people=codec.showing_everybody().decode)
    return SimpleNamespace(stream=stream, showing_everybody=lambda: SimpleNamespace(pipeline=pipeline))


def test_a_network(folder, make, monkeypatch, capsys):
    """A network that finds the first picture's person; its joints are in another order than the file's."""
    person = Labels.from_coco(make.coco({1: [make.person(100, 100)]})["annotations"], COCO17).to(COCO18)

    codec = FieldCodec(COCO18)
    fields = [codec.encode(person[:n], (640, 480)) for n in (1, 0)]

    def stream(paths, keep_fields):
        assert [p.name for p in paths] == ["1.png", "2.png"]
        assert keep_fields
        for one in fields:
            yield SimpleNamespace(people=codec.decode(one), look=one)

    asked = {}
    net = fake(stream, codec)
    monkeypatch.setattr(estimate, "load", lambda name, **options: asked.update(options) or net)
    options = {"annotations": folder / "val.json", "images": folder, "output": folder / "out"}
    assert run(**options, flip="true", scales="[1,1.5]") == 0
    assert (asked["flip"], asked["scales"]) == (True, [1, 1.5])
    assert asked["decoder"] == {}  # its own options say who is shown
    first = capsys.readouterr().out
    assert "2 annotated, 1 found, 1 missed" in first
    assert "1 person, 1 of them annotated; 17 of 17 joints right (100.0 %); 0 people with an impossible limb" in first
    assert run(**options, predictions=folder / "out" / "coco_results.json") == 0
    assert capsys.readouterr().out == first


@pytest.mark.parametrize("stage", ["evaluate", "Report.write"])
def test_what_an_interrupted_run_has_written_may_be_replaced(folder, make, monkeypatch, stage):
    """After the network's people were written, and among the pictures of the worst."""
    from bupose.evaluate.report import Report

    def stop(*_, **__):
        (folder / "out" / "metrics.json").write_text("{}")
        raise KeyboardInterrupt

    fields = FieldCodec(COCO17).encode(Labels.nobody(COCO17), (640, 480))
    nobody = SimpleNamespace(people=People.nobody(COCO17), look=fields)
    net = fake(lambda paths, keep_fields: iter([nobody] * 2), FieldCodec(COCO17))
    monkeypatch.setattr(estimate, "load", lambda name, **options: net)
    options = {"annotations": folder / "val.json", "images": folder, "output": folder / "out", "gains": "false"}
    with monkeypatch.context() as patch:
        patch.setattr(*((evaluate, "evaluate") if stage == "evaluate" else (Report, "write")), stop)
        assert run(**options) == hydra_app.INTERRUPTED
    assert run(**options) == 0


def test_a_photo_that_cannot_be_read(folder, monkeypatch, capsys):
    broken = [Failure("1.png", InputError("cannot read 1.png"))] * 2
    net = fake(lambda paths, keep_fields: iter(broken), FieldCodec(COCO17))
    monkeypatch.setattr(estimate, "load", lambda name, **options: net)
    assert run(annotations=folder / "val.json", images=folder, output=folder / "out") == 2
    assert capsys.readouterr().err.splitlines()[-1] == "error: cannot read 1.png"


def test_one_photo_that_cannot_be_read_costs_the_others_nothing(folder, make, monkeypatch, capsys):
    person = Labels.from_coco(make.coco({1: [make.person(100, 100)]})["annotations"], COCO17)
    codec = FieldCodec(COCO17)
    seen = [
        SimpleNamespace(people=person.to_people(), look=codec.encode(person, (640, 480)), problem=None),
        Failure("1.png", InputError("cannot read 2.png: it is cut short")),
    ]
    net = fake(lambda paths, keep_fields: iter(seen), codec)
    monkeypatch.setattr(estimate, "load", lambda name, **options: net)
    out = folder / "out"
    assert run(annotations=folder / "val.json", images=folder, output=out) == 1
    told = capsys.readouterr()
    assert "1 picture, 1 person" in told.out
    assert "Pictures that cannot be read, left out: 1 of 2." in told.out
    assert told.err.splitlines()[-1] == "cannot read 2.png: it is cut short"
    assert json.loads((out / "metrics.json").read_text(encoding="utf-8"))["metrics"]["AP"] == 100
    assert len(json.loads((out / "coco_results.json").read_text(encoding="utf-8"))) == 1


@pytest.mark.parametrize(
    ("limbs", "drawn"),
    [([[1, 2], [1, 3]], True), ([[1, 2]], True), ([[0, 1], [0, 2]], True), ([], False), ([[1, 9]], False)],
)
def test_limbs_that_make_no_skeleton_cost_no_results(folder, make, capsys, limbs, drawn):
    """A limb's mirror image is added for drawing; what cannot be drawn is told."""
    joints = ("nose", "left_eye", "right_eye")
    data = make.coco({1: [make.person(100, 100, joints=joints)]}, joints)
    data["categories"][0]["skeleton"] = limbs
    (folder / "val.json").write_text(json.dumps(data))
    (folder / "found.json").write_text("[]")
    out = folder / "out"
    assert run(annotations=folder / "val.json", predictions=folder / "found.json", output=out, images=folder) == 0
    assert json.loads((out / "metrics.json").read_text(encoding="utf-8"))["metrics"]["AP"] == 0
    assert (out / "worst" / "01_1.jpg").is_file() == drawn
    assert ("no pictures of errors are drawn: " in capsys.readouterr().err) == (not drawn)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "there are no annotations"),
        ({"annotations": "a.json"}, "there is nothing to measure"),
        ({"annotations": "a.json", "predictions": "b.json", "weights": "w"}, "predictions and weights are both given"),
        ({"annotations": "a.json", "predictions": "b.json"}, "cannot read 'a.json'"),
        ({"annotations": "a.json", "predictions": "b.json", "protocol": "voc"}, "choose one of auto, coco"),
        ({"annotations": "a.json", "predictions": "b.json", "limit": 0}, "limit is 0"),
        ({"anotations": "a.json"}, "did you mean 'annotations'"),
    ],
)
def test_mistakes_are_one_sentence(options, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(**options) == 2
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
