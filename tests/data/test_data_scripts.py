"""bupose check-data and bupose download, as a user calls them."""

import json
import zipfile
from pathlib import Path

import cv2
import pytest

from bupose.cli import check_data as check_data_command
from bupose.cli import download, hydra_app
from bupose.data import downloads
from bupose.data.datasets import DATASETS, DataOptions


@pytest.fixture
def check_data():
    return lambda *arguments: hydra_app.run(check_data_command.main, "check_data", list(arguments))


def test_check_data(check_data, coco_file, tmp_path, capsys):
    """Awkward names, too: hydra's grammar refuses them unquoted."""
    data, out = Path(coco_file), tmp_path / "out (1)"
    data = data.rename(data.with_name("my labels, v=1 (2).json"))
    assert check_data(f"data.annotations={data}", f"output={out}", "data.with_people=false") == 0
    shown = capsys.readouterr().out
    assert "3 pictures, 2 people" in shown
    assert "1 duplicate" in shown
    assert "\nduplicate\ta.jpg: people 0 and 1" in (out / "defects.txt").read_text(encoding="utf-8")
    assert cv2.imread(str(out / "labels.jpg")).shape == (320, 1920, 3)
    assert (out / "suspicious.jpg").is_file()


def test_check_data_with_damaged_photos(check_data, coco_file, tmp_path, capsys):
    (tmp_path / "b.png").write_bytes(b"")
    assert check_data(f"data.annotations={coco_file}", f"output={tmp_path}", "data.with_people=false") == 1
    assert "1 unreadable" in capsys.readouterr().out


def test_missing_photos_are_no_end_where_nobody_looks_for_them(check_data, coco_file, tmp_path, capsys):
    (tmp_path / "a.jpg").unlink()
    arguments = [f"data.annotations={coco_file}", f"output={tmp_path / 'out'}", "decode=false"]
    assert check_data(*arguments) == 0
    assert "1 picture, 2 people" in capsys.readouterr().out
    assert cv2.imread(str(tmp_path / "out" / "labels.jpg")).shape == (320, 1920, 3)


def test_pictures_that_received_nobody_are_listed(check_data, coco_file, tmp_path, capsys):
    assert check_data(f"data.annotations={coco_file}", f"output={tmp_path / 'out'}") == 0
    told = capsys.readouterr().out
    assert "set.json: Joints matched: 17 of 17 of coco17." in told
    assert "Pictures in which nobody has a labelled joint, left out: 2 of 3." in told
    assert "2 pictures received no people" in told
    listed = (tmp_path / "out" / "empty.txt").read_text(encoding="utf-8").splitlines()
    assert listed == ["b.png\tonly crowds, or people without joints", "c.png\tno annotation"]


@pytest.mark.parametrize("kind", DATASETS)
def test_every_kind_can_be_chosen(check_data, kind, tmp_path, capsys):
    """Each composes; what is then missing is told in one sentence."""
    arguments = [f"data={kind}", f"output={tmp_path}", "pictures=1"]
    status = check_data(*arguments, *(["data.count=1", "data.size=[64,64]"] if kind == "synthetic" else []))
    error = capsys.readouterr().err
    assert (status == 0) == (kind == "synthetic")
    assert error == "" or (error.startswith("error: ") and error.count("\n") == 1)


def test_options_of_another_kind_are_refused(check_data, tmp_path, capsys):
    assert check_data("data=coco", "data.count=3", f"output={tmp_path}") == hydra_app.USAGE
    assert "'coco' has no option count" in capsys.readouterr().err


def test_an_own_skeleton_is_what_is_looked_at(check_data, write, tmp_path, capsys):
    """By default the one that the file declares, all of it; or one from a file, told what fits."""
    names = ["tail", "left claw", "right claw", "eye"]
    crab = {"id": 3, "name": "crab", "keypoints": names, "skeleton": [[4, 2], [1, 4]]}
    labels = {"id": 1, "image_id": 1, "category_id": 3, "bbox": [5, 5, 30, 30]}
    labels["keypoints"] = [20, 30, 2, 10, 10, 2, 30, 10, 2, 20, 10, 1]
    images = [{"id": 1, "file_name": "a.png", "width": 60, "height": 40}]
    path = write({"images": images, "annotations": [labels], "categories": [crab]}, {"a.png": (60, 40)})
    assert check_data(f"data.annotations={path}", f"output={tmp_path / 'out'}") == 0
    shown = capsys.readouterr().out
    assert "Joints matched: 4 of 4 of crab." in shown
    assert [line.split() for line in shown.splitlines() if "claw" in line] == [
        ["left_claw", "1", "seen", "0", "hidden"],
        ["right_claw", "1", "seen", "0", "hidden"],
    ]
    (tmp_path / "my crab.yaml").write_text("joints: [eye, tail, belly]\nlimbs: [[eye, belly], [belly, tail]]")
    own = f"skeleton={tmp_path / 'my crab.yaml'}"
    assert check_data(f"data.annotations={path}", own, f"output={tmp_path / 'other'}") == 0
    assert "Joints matched: 2 of 3 of my crab; not in the file, so never labelled: belly" in capsys.readouterr().out
    assert check_data(f"data.annotations={path}", "skeleton=coco17", f"output={tmp_path / 'other'}") == hydra_app.USAGE
    assert "has none of the joints of 'coco17'" in capsys.readouterr().err


@pytest.mark.parametrize(("changes", "length"), [([], 4), (["data.sets.drawn.count=3", "data.weights.labelled=3"], 12)])
def test_a_mixture_is_of_the_sets_given_alone(changes, length, check_data, coco_file, tmp_path, capsys):
    """One labelled picture and two drawn ones in turns; or three drawn ones, each after three times the labelled."""
    labelled = f"labelled:{{kind:coco,annotations:{coco_file}}}"
    arguments = ["data=mixture", f"data.sets={{{labelled},drawn:{{kind:synthetic,count:2,size:[64,64]}}}}"]
    assert check_data(*arguments, *changes, f"output={tmp_path}", "pictures=2") == 0
    assert f"{length} pictures," in capsys.readouterr().out


def test_data_options_cover_every_kind():
    known = set(vars(DataOptions())) - {"kind"}
    for name, (schema, _) in DATASETS.items():
        assert set(vars(schema())) <= known, name


def test_download(monkeypatch, tmp_path, capsys):
    fetched = []

    def fetch(url, path, checksum, licence, most):
        fetched.append((url, licence))
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("annotations/set.json", json.dumps({}))
        return path

    parts = {
        "annotations": downloads.Archive("http://nowhere/set.zip", 1),
        "val": downloads.Archive("http://nowhere/v.zip", 2),
    }
    monkeypatch.setitem(downloads.SOURCES, "toy", downloads.Source("CC0", parts, "photos: ask"))
    monkeypatch.setattr(download, "fetch", fetch)
    arguments = ["set=toy", "parts=[annotations]", f"output={tmp_path}"]
    assert hydra_app.run(download.main, "download", arguments) == 0
    assert (tmp_path / "toy" / "annotations" / "set.json").is_file()
    assert not (tmp_path / "toy" / "set.zip").exists()
    assert "needs more, by hand: photos: ask" in capsys.readouterr().out
    assert hydra_app.run(download.main, "download", arguments) == 0
    assert fetched == [("http://nowhere/set.zip", "CC0")]  # the second time all is there
    assert hydra_app.run(download.main, "download", []) == 0
    assert "CC0" in capsys.readouterr().out
