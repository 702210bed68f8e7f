"""Recordings, the format of bupose infer, and the commands that convert."""

import json

import numpy as np
import pytest
from recordings import assert_same, make_people, make_photos, make_video

from bupose import People, cli
from bupose.errors import InputError, LabelsError
from bupose.exchange import FORMATS, Individuals, Recording, read_recordings, write_recordings
from bupose.skeletons import COCO17, COCO18, CROWDPOSE14


def test_a_recording_refuses_what_does_not_fit():
    people = [People.nobody(COCO17)] * 2
    for numbers, times, them in [([1], [0, 1], people), ([0, 1], [0], people), ([1, 1], [0, 1], people)]:
        with pytest.raises(LabelsError):
            Recording("x", COCO17, numbers, times, them)
    with pytest.raises(LabelsError, match="crowdpose14"):
        Recording("x", COCO17, [0], [0], [People.nobody(CROWDPOSE14)])


def test_rate():
    assert make_video().rate == pytest.approx(25)
    assert make_photos().rate is None


def test_individuals_are_columns_by_id_and_rows_by_frame():
    video = make_video()
    found = Individuals.of(video)
    assert found.ids.tolist() == [0, 1, 4]
    assert found.xy.shape == (13, 3, 17, 2)
    assert np.isnan(found.xy[[0, 1, 3, 5]]).all()
    for number, people in zip(video.numbers, video.people, strict=True):
        seen = ~np.isnan(found.person_score[number])
        assert found.ids[seen].tolist() == sorted(people.ids.tolist() if people.ids is not None else [])
        for i, xy in zip(people.ids if people.ids is not None else [], people.xy, strict=True):
            np.testing.assert_array_equal(found.xy[number, found.ids.tolist().index(i)], xy)
    back = found.people(COCO17)
    assert_same(video, Recording("", COCO17, video.numbers, video.times, [back[n] for n in video.numbers]))


def test_one_id_is_one_person(tmp_path):
    rng = np.random.default_rng(0)
    video = Recording("x", COCO17, [3], [0.0], [make_people(rng, [1, 1])])
    with pytest.raises(LabelsError, match="one id in frame 3"):
        write_recordings([video], "dlc", tmp_path)


def test_people_without_ids_go_by_rank():
    photos = make_photos()
    found = Individuals.of(photos)
    assert found.ids.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(found.person_score[2], photos.people[2].person_score)
    assert np.isnan(found.xy[1]).all()


@pytest.mark.parametrize("make", [make_video, make_photos])
def test_results_are_read_as_they_were_written(make, tmp_path):
    recording = make()
    write_recordings([recording], "coco", tmp_path)
    (back,) = read_recordings(tmp_path)
    assert_same(recording, back)
    assert (back.name, back.video, back.files) == (recording.name, recording.video, recording.files)


def test_several_recordings_are_told_apart(tmp_path):
    written = [make_video(), make_photos(), make_video(3, name="films/run")]
    write_recordings(written, "coco", tmp_path)
    found = read_recordings(tmp_path / "coco_results.json")
    assert [r.name for r in found] == ["films/walk", "pictures", "films/run"]
    for one, other in zip(written, found, strict=True):
        assert_same(one, other)


def test_joints_are_those_of_the_run(tmp_path):
    """A folder tells its joints; results alone do if they are COCO's, or the user does."""
    video = make_video(skeleton=CROWDPOSE14)
    write_recordings([video], "coco", tmp_path)
    with pytest.raises(InputError, match=r"14 joints.*skeleton="):
        read_recordings(tmp_path)
    assert_same(video, read_recordings(tmp_path, skeleton="crowdpose14")[0])
    order = ["extra", *reversed(CROWDPOSE14.joints)]
    results = json.loads((tmp_path / "coco_results.json").read_text(encoding="utf-8"))
    for result in results:
        result["keypoints"] = [0, 0, 0, *np.reshape(result["keypoints"], (-1, 3))[::-1].reshape(-1).tolist()]
    (tmp_path / "coco_results.json").write_text(json.dumps(results))
    facts = {"joints": {"skeleton": CROWDPOSE14.to_dict(), "keypoints": order}}
    (tmp_path / "run.json").write_text(json.dumps({"facts": facts}))
    assert_same(video, read_recordings(tmp_path)[0])


def test_the_command(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    video = make_video(skeleton=CROWDPOSE14, name="walk")
    write_recordings([video], "dlc", tmp_path / "theirs")
    file = "theirs/walkDLC_bupose.csv"
    assert cli.main(["convert", file, "to=coco", "output=ours"]) == 0
    assert capsys.readouterr().out == "13 frames of 1 recording; 2 files in ours\n"
    assert cli.main(["convert", "ours", "to=dlc", "output=again"]) == 0
    assert (tmp_path / "again/walkDLC_bupose.csv").read_text(encoding="utf-8").count("\n") == 4 + 13
    capsys.readouterr()
    for arguments, told in [
        ([file, "to=dlc", "output=theirs"], "would be overwritten"),
        ([file], "to= one of"),
        (["nowhere", "to=coco"], "there is no 'nowhere'"),
        ([file, "to=coco", "output=again"], "results of another run"),
        (["convert.txt", "to=coco"], "of no known format"),
    ]:
        (tmp_path / "convert.txt").touch()
        assert cli.main(["convert", *arguments]) == 2
        assert told in capsys.readouterr().err


def test_every_format_says_what_it_is():
    for form in FORMATS.values():
        assert form.about
        assert form.suffixes
        assert form.read or form.write


def test_joints_that_results_lack_are_kept_by_others(tmp_path):
    """COCO's results have no neck; DeepLabCut's tables take any joint."""
    video = make_video(skeleton=COCO18, name="walk")
    write_recordings([video], "dlc", tmp_path)
    (back,) = read_recordings(tmp_path / "walkDLC_bupose.csv")
    assert set(back.skeleton.joints) == set(COCO18.joints)


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("openpifpaf", "*/*.openpifpaf.json"),
        ("openpifpaf", "*.predictions.json"),
        ("openpose", "*_keypoints.json"),
        ("shards", "shards/*"),
    ],
)
def test_a_damaged_file_does_not_lose_the_others(kind, pattern, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    if kind == "openpose":
        for name in "abc":
            person = {"pose_keypoints_2d": [9, 9, 1] * 25}
            (tmp_path / "in").mkdir(exist_ok=True)
            (tmp_path / f"in/{name}_keypoints.json").write_text(json.dumps({"people": [person]}))
    else:
        pytest.importorskip("pyarrow")
        write_recordings([make_video(), make_photos(), make_video(2, name="films/b")], kind, tmp_path / "in")
        write_recordings([make_video(2)], kind, tmp_path / "in" / "more")
    file = sorted((tmp_path / "in").glob(pattern))[0]
    file.write_bytes(file.read_bytes()[:-9])
    assert cli.main(["convert", "in", "to=coco"]) == 1
    err = capsys.readouterr().err
    assert "1 file that cannot be read" in err
    assert file.name in err
    assert json.loads((tmp_path / "out/coco_results.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", ["openpose", "openpifpaf", "shards", "dlc", "sleap", "nwb"])
def test_a_folder_without_poses(kind, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    assert cli.main(["convert", "photos", "to=coco", f"kind={kind}"]) == 2
    err = capsys.readouterr().err
    assert "holds no" in err or "is a folder" in err


def test_people_without_an_id_are_told_once(tmp_path, caplog):
    rng = np.random.default_rng(0)
    video = Recording("x", COCO17, [0, 1], [0.0, 0.1], [make_people(rng, [0, -1]), make_people(rng, [0])])
    for form in ("dlc", "sleap"):
        write_recordings([video], form, tmp_path)
    assert caplog.text.count("1 person without an id") == 1


def test_one_format_without_brackets(capsys):
    assert cli.main(["infer", "x.jpg", "also=dlc"]) == 2
    assert "write also=[dlc] for one" in capsys.readouterr().err


def test_results_of_another_length_are_named(tmp_path):
    write_recordings([make_photos()], "coco", tmp_path)
    results = json.loads((tmp_path / "coco_results.json").read_text(encoding="utf-8"))
    results[-1]["keypoints"].pop()
    (tmp_path / "coco_results.json").write_text(json.dumps(results))
    with pytest.raises(LabelsError, match=f"result of image {results[-1]['image_id']} has 50"):
        read_recordings(tmp_path)
