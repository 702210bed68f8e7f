"""What check_data finds, and what it says of sound annotations."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from bupose.data.check import find_defects, people_defects, spread_rows, survey
from bupose.data.datasets import open_samples
from bupose.data.sheet import contact_sheet
from bupose.people import Labels
from bupose.skeletons import COCO17

UPRIGHT = dict(nose=(50, 10), left_eye=(53, 8), right_eye=(47, 8), left_shoulder=(62, 30), right_shoulder=(38, 30),
               left_hip=(58, 70), right_hip=(42, 70), left_ankle=(58, 120), right_ankle=(42, 120))  # fmt: skip


def person(**changes) -> Labels:
    places = UPRIGHT | changes
    xy, visibility = np.zeros((1, 17, 2)), np.zeros((1, 17))
    for name, place in places.items():
        xy[0, COCO17.index[name]], visibility[0, COCO17.index[name]] = place, 2
    return Labels(xy, visibility, COCO17)


def together(*several) -> Labels:
    return Labels(*(np.concatenate([getattr(s, n) for s in several]) for n in ("xy", "visibility")), COCO17)


def kinds(labels, size=(100, 130)) -> set[str]:
    return {kind for kind, _ in people_defects(labels, size)}


def test_sound_people_have_no_defects():
    behind = person(left_shoulder=(38, 30), right_shoulder=(62, 30), left_hip=(42, 70), right_hip=(58, 70))
    sitting = person(left_hip=(50, 70), right_hip=(49, 72), left_ankle=(20, 120), right_ankle=(70, 100))
    for labels in (person(), behind, sitting, together(person(), behind), Labels.nobody(COCO17)):
        assert kinds(labels) <= {"duplicate"} if len(labels) > 1 else not kinds(labels)
    assert kinds(together(person(), person(nose=(60, 12)).transform(np.array([[1, 0, 30.0], [0, 1, 0]])))) <= {
        "outside picture"
    }


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (person(left_ankle=(58, 140)), "outside picture"),
        (person(left_hip=(42, 70), right_hip=(58, 70)), "left and right"),
        (together(person(), person(nose=(51, 10))), "duplicate"),
        (Labels(person().xy, person().visibility, COCO17, box=[(35, 5, 30, 20)]), "outside box"),
        (Labels(person().xy, person().visibility, COCO17, box=[(35, 5, 0, 20)]), "empty box"),
        (person(**dict.fromkeys(UPRIGHT, (50, 50))), "joints in one place"),
    ],
)
def test_defects(labels, kind):
    assert kind in kinds(labels)


def test_survey_and_files(coco_file, tmp_path):
    samples = open_samples("coco", {"annotations": coco_file, "with_people": False})
    found = survey(samples)
    assert (found.pictures, found.people) == (3, 2)
    assert found.joints["nose"] == (2, 0)
    assert found.joints["left_ankle"] == (1, 0)
    assert "3 pictures, 2 people" in str(found)
    assert {d.kind for d in find_defects(samples)} == {"duplicate", "outside picture"}  # a box of 60 px in 50
    (tmp_path / "b.png").unlink()
    cv2.imwrite(str(tmp_path / "c.png"), np.zeros((5, 5, 3), np.uint8))
    missing = [d for d in find_defects(samples) if d.kind == "unreadable"]
    assert [d.picture for d in missing] == ["b.png", "c.png"]
    assert "No such file" in str(missing[0])
    assert "is 5x5 px" in str(missing[1])
    assert not [d for d in find_defects(samples, decode=False) if d.kind == "unreadable"]


def test_photos_listed_twice(coco_file, write):
    data = json.loads(Path(coco_file).read_text(encoding="utf-8"))
    data["images"].append(dict(data["images"][1], id=70))
    samples = open_samples("coco", {"annotations": write(data), "with_people": False})
    assert any("same file 'a.jpg' as picture 1" in str(d) for d in find_defects(samples))


def test_contact_sheet(coco_file):
    samples = open_samples("coco", {"annotations": coco_file, "with_people": False})
    drawn = []

    def draw(image, people):
        drawn.append(people)
        return image

    sheet = contact_sheet([samples.picture(i) for i in range(3)], draw, columns=2, side=120)
    assert sheet.shape == (240, 240, 3)
    assert [len(p) for p in drawn] == [0, 2, 0]
    assert ((drawn[1].xy >= 0) & (drawn[1].xy <= 120))[drawn[1].present].all()
    red = (sheet[..., 0].astype(int) - sheet[..., 2] > 30).mean()
    assert 0.05 < red < 0.6  # ignored places


def test_spread():
    assert spread_rows(100, 5) == [0, 25, 50, 74, 99]
    assert spread_rows(3, 10) == [0, 1, 2]
    assert spread_rows(0, 4) == []
    assert spread_rows(9, 1) == [0]


def test_doubles_in_a_crowd_against_the_pair_by_pair_rule():
    rng = np.random.default_rng(0)
    xy = rng.integers(0, 4, (60, 17, 2)) * 30.0 + rng.uniform(0, 1, (60, 17, 2))
    xy[30:45] = xy[:15] + rng.normal(0, 0.8, (15, 17, 2))
    labels = Labels(xy, rng.random((60, 17)) < 0.6, COCO17)
    expected = []
    for p in range(60):
        for q in range(p + 1, 60):
            both = labels.present[p] & labels.present[q]
            apart = sorted(np.hypot(*(labels.xy[p, both] - labels.xy[q, both]).T))
            enough = both.sum() >= max(3, 0.5 * labels.present[p].sum())
            if enough and apart[len(apart) // 2] < 0.02 * max(labels.box[p, 2:].max(), 1):
                expected.append(f"people {p} and {q} have the same joints")
    found = [what for kind, what in people_defects(labels, (200, 200)) if kind == "duplicate"]
    assert found == expected
    assert len(found) > 8


def test_photos_without_a_known_size_that_cannot_be_read(tmp_path):
    """Their size would come from the file; the others are checked all the same."""
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((9, 9, 3), np.uint8))
    (tmp_path / "b.png").write_bytes(b"\x89PNG")
    (tmp_path / "c.png").symlink_to("gone")
    (tmp_path / "d.png").mkdir()
    samples = open_samples("folder", {"images": str(tmp_path)})
    assert (len(samples), survey(samples).pictures) == (3, 3)
    assert [d.row for d in find_defects(samples) if d.kind == "unreadable"] == [1, 2]
