"""MOTChallenge's boxes: files, distractors, results of other kinds, and the command."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from bupose import estimate
from bupose.cli import evaluate, hydra_app
from bupose.errors import LabelsError
from bupose.evaluate.tracking import evaluate_tracks, read_truth
from bupose.people import People
from bupose.skeletons import COCO17
from bupose.track import body_boxes


@pytest.fixture
def folder(tmp_path):
    """Four frames of two people, 1 and 2; the second frame holds nobody."""
    lines = [f"{t},{who},{100 * who + 5 * t},{50},{40},{90},1,-1,-1,-1" for t in (1, 3, 4) for who in (1, 2)]
    (tmp_path / "gt.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


def write(folder, *lines):
    (folder / "found.txt").write_text("\n".join(lines))
    return folder / "found.txt"


def test_boxes_counted_by_hand(folder):
    """Person 1 is called 8 first and then 9, person 2 is found once, and a box lies where nobody is."""
    found = write(folder, "1,8,105,50,40,90", "1.0 5.0 205.0 50.0 40.0 90.0", "2,7,10,10,9,9", "3,8,115,50,40,90", "",
                  "4,9,120,50,40,45.1", "7,9,0,0,5,5")  # fmt: skip
    report = evaluate_tracks(found, folder / "gt.txt")
    counts = [report.metrics[name] for name in ("objects", "missed", "false", "switches")]
    assert counts == [6, 2, 1, 1]
    assert report.metrics["MOTA"] == pytest.approx(100 * (1 - 4 / 6))
    assert report.metrics["IDF1"] == pytest.approx(100 * 2 * 3 / (6 + 5))
    assert report.metrics["MOTP"] == pytest.approx(100 * (3 + 45.1 / 90) / 4)
    assert report.notes == ("Of frames that are not annotated, left out: 1 of 6 results.",)
    assert "6 people annotated: 2 missed, 1 false, 1 under a new id" in report.table()


def test_distractors_are_neither_right_nor_wrong(folder):
    """MOT17's columns: a static person (class 7), a car (3), and a pedestrian who is not to be counted."""
    gt = folder / "gt.txt"
    gt.write_text("1,1,0,0,40,90,1,1,1\n1,2,100,0,40,90,0,7,1\n1,3,200,0,40,90,0,3,1\n1,4,300,0,40,90,0,1,0.2\n")
    found = write(folder, "1,1,0,0,40,90", "1,2,100,0,40,90", "1,3,200,0,40,90", "1,4,300,0,40,90")
    report = evaluate_tracks(found, gt)
    assert [report.metrics[name] for name in ("objects", "missed", "false")] == [1, 0, 2]
    assert report.notes == ("Boxes that do not count, of confidence 0 or other classes, left out: 2 of 4.",)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("1,1,0,0,nan,90,1", "line 1 of .* write frame, id, left, top, width, height, confidence"),
        ("1,1,0,0,40", "write frame, id, left, top, width, height, confidence"),
        ("0,1,0,0,40,90,1", "frames count from 1, and ids are whole"),
        ("1,1.5,0,0,40,90,1", "frames count from 1, and ids are whole"),
        ("1,1,0,0,40,90,1\n1,1,0,0,40,90,1", "2 people of frame 1 have the id 1"),
        ("1,1,0,0,40,90,0", "has no box that counts"),
        ("", "holds no boxes"),
    ],
)
def test_other_files_are_refused(folder, line, problem):
    (folder / "gt.txt").write_text(line)
    with pytest.raises(LabelsError, match=problem):
        read_truth(folder / "gt.txt")


def standing(x, y, size=80.0):
    """One COCO person, upright, with the box that joints give."""
    xy = np.array([[x + (9 * k) % 20, y + size * k / 16] for k in range(17)])
    people = People(xy[None], np.ones((1, 17)), np.ones(1), COCO17, ids=[4])
    return people, body_boxes(people, upright=True)[0]


def test_coco_results_with_ids_against_boxes(folder):
    """Frames are numbered from 1, or as images.json beside the results says."""
    people, box = standing(100, 50)
    (folder / "gt.txt").write_text("".join(f"{t},1,{','.join(map(str, box))},1\n" for t in (1, 2, 3)))
    results = [people.to_coco(image_id)[0] for image_id in (1, 2, 3)]
    (folder / "coco_results.json").write_text(json.dumps(results))
    assert evaluate_tracks(folder / "coco_results.json", folder / "gt.txt").metrics["MOTA"] == 100
    images = [
        {"id": 3, "file_name": "a.mp4#0"},
        {"id": 2, "file_name": "a.mp4#7"},
        {"id": 1, "file_name": "x/0002.jpg"},
    ]
    (folder / "images.json").write_text(json.dumps(images))
    report = evaluate_tracks(folder / "coco_results.json", folder / "gt.txt")
    assert [report.metrics[name] for name in ("missed", "false")] == [1, 0]
    by_frame = {1: people, 3: people, 9: people}
    assert evaluate_tracks(by_frame, folder / "gt.txt").metrics["missed"] == 1


def test_keypoints_with_ids(make):
    """A set of one's own with track_id, without heads: whole people, by object keypoint similarity."""
    data = make.coco({t: [make.person(100 + 9 * t, 100), make.person(400, 100)] for t in range(1, 5)})
    for one in data["annotations"]:
        one["track_id"] = one["id"] % 2
    swapped = [{**r, "track_id": t < 3} for t in range(1, 5) for r in [make.result(make.person(100 + 9 * t, 100), t)]]
    report = evaluate_tracks([{**r, "track_id": int(r["track_id"])} for r in swapped], data)
    assert report.protocol == "mot"
    assert [report.metrics[name] for name in ("objects", "missed", "false", "switches")] == [8, 4, 0, 1]


def run(**options):
    return hydra_app.run(evaluate.main, "evaluate", [f"{key}={value}" for key, value in options.items()])


def test_the_command(folder, capsys):
    out = folder / "out"
    assert run(annotations=folder / "gt.txt", predictions=folder / "gt.txt", output=out, limit=3) == 0
    assert "4 people annotated: 0 missed" in capsys.readouterr().out
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert (metrics["protocol"], metrics["metrics"]["HOTA"], metrics["videos"]["gt"]["objects"]) == ("mot", 100, 4)
    assert (out / "videos.csv").read_text(encoding="utf-8").startswith("video,MOTA,")
    assert run(annotations=folder / "gt.txt", predictions=folder / "gt.txt", output=out, protocol="coco") == 2
    assert "holds the boxes of a video; use protocol=mot" in capsys.readouterr().err
    (folder / "wrong.json").write_text(json.dumps(standing(0, 0)[0].to_coco(77)))
    assert run(annotations=folder / "gt.txt", predictions=folder / "wrong.json", output=out) == 2
    assert "is about image 77, none of which is an annotated frame" in capsys.readouterr().err


def test_a_network_over_a_video(folder, monkeypatch, capsys):
    """One person walks through twelve frames of pictures; the file that is written gives the same report."""
    import cv2

    walk = [standing(100 + 2 * t, 50) for t in range(12)]
    (folder / "gt.txt").write_text(
        "".join(f"{t},1,{','.join(map(str, box))},1\n" for t, (_, box) in enumerate(walk, 1))
    )
    (folder / "img1").mkdir()
    for t in range(14):
        cv2.imwrite(str(folder / "img1" / f"{t + 1:06d}.png"), np.zeros((200, 300, 3), np.uint8))

    def stream(frames, look_every):
        for frame, (people, _) in zip(frames, walk, strict=True):
            yield SimpleNamespace(people=people, source=frame, carried=False)

    seen_as_a_video = SimpleNamespace(stream=stream)
    monkeypatch.setattr(estimate, "load", lambda name, **options: SimpleNamespace(for_videos=lambda: seen_as_a_video))
    options = {"annotations": folder / "gt.txt", "images": folder / "img1", "output": folder / "out"}
    assert run(**options, fps=10, **{"track.confirm": 0.3}) == 0
    first = capsys.readouterr().out
    assert "12 people annotated: 0 missed, 0 false, 0 under a new id" in first
    assert run(**options, predictions=folder / "out" / "coco_results.json") == 0
    assert capsys.readouterr().out == first
    assert run(**options, fps=10, tracking="live", **{"track.confirm": 0.35}) == 0
    assert "12 people annotated: 4 missed, 0 false, 0 under a new id" in capsys.readouterr().out
