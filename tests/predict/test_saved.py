"""scripts/group.py: saved fields in, people out."""

import numpy as np
import pytest

from bupose import geometry, skeletons
from bupose.cli import hydra_app
from bupose.errors import BuposeError
from bupose.fields_file import write_fields
from bupose.maps import Grid
from bupose.methods.paf import FieldCodec
from bupose.people import Labels
from bupose.predict.options import GroupOptions
from bupose.predict.saved import group_saved
from bupose.skeletons import COCO18


def scene(seed=0, scale=0.5, size=(480, 320)):
    """One standing person: fields in network pixels, joints in photo pixels."""
    rng = np.random.default_rng(seed)
    shape = {
        "nose": (0, 0), "neck": (0, 20), "shoulder": (16, 20), "elbow": (24, 45), "wrist": (27, 68), "hip": (11, 75),
        "knee": (12, 110), "ankle": (13, 145), "eye": (5, -5), "ear": (11, -2),
    }  # fmt: skip
    side = {"left": 1, "right": -1}
    xy = []
    for joint in COCO18.joints:
        which, _, part = joint.rpartition("_")
        x, y = shape[part]
        xy.append((240 + side.get(which, 1) * x + rng.normal(), 110 + y + rng.normal()))
    labels = Labels([xy], np.full((1, 18), 2), COCO18)
    matrix = geometry.scale(scale)
    codec = FieldCodec(COCO18)
    return codec.encode(labels.transform(matrix), tuple(round(s * scale) for s in size)), matrix, labels


@pytest.fixture
def saved(tmp_path, lab):
    fields, matrix, labels = scene()
    info = {"file_name": "IMG (1).jpg", "image_width": 480, "image_height": 320, "matrix": matrix}
    write_fields(tmp_path / "fields.npz", {"7": fields, "other": fields}, info={"7": info})
    lab.save(tmp_path / "photos" / "IMG (1).jpg", np.full((320, 480, 3), 60, np.uint8))
    return tmp_path, labels


def group(folder, *arguments):
    return hydra_app.run(
        lambda options: group_saved(options), "group", [f"output={folder / 'o u t'}", "overwrite=true", *arguments]
    )


def test_group(saved, lab, capsys):
    folder, labels = saved
    assert group(folder, f"input={folder / 'fields.npz'}", "fields_pictures=true") == 0
    out = folder / "o u t"
    people = lab.read_json(out / "coco_results.json")
    assert [p["image_id"] for p in people] == [7, 1]
    wanted = labels.to(skeletons.COCO17)
    got = np.array(people[0]["keypoints"]).reshape(17, 3)
    np.testing.assert_allclose(got[:, :2], wanted.xy[0], atol=1)
    assert [i["file_name"] for i in lab.read_json(out / "images.json")] == ["IMG (1).jpg", "other"]
    assert len(lab.read_json(out / "openpose" / "7_keypoints.json")["people"]) == 1
    assert (out / "fields_pictures" / "7.jpg").is_file()
    assert not (out / "overlays").exists()
    assert "7: 1 person, 18 joints" in capsys.readouterr().out


def test_overlays_and_a_photo_that_is_missing(saved, lab, capsys):
    folder, labels = saved
    assert group(folder, f"input={folder / 'fields.npz'}", f"photos={folder / 'photos'}") == 1
    assert "other" in capsys.readouterr().err
    from bupose.images import read_image

    picture = read_image(folder / "o u t" / "overlays" / "7.jpg").astype(int)
    x, y = labels.xy[0, COCO18.index["neck"]].round().astype(int)
    assert np.abs(picture[y, x] - 60).max() > 40
    more = ["overlay.min_person_score=1", "overlay.labels=[number,score]", "overlay.boxes=true"]
    assert group(folder, f"input={folder / 'fields.npz'}", f"photos={folder / 'photos'}", *more) == 1
    assert np.abs(read_image(folder / "o u t" / "overlays" / "7.jpg").astype(int) - 60).max() < 5
    assert np.abs(picture[:60, :60] - 60).max() < 10


def test_decode_options_reach_the_codec(saved, lab):
    folder, _ = saved
    assert group(folder, f"input={folder / 'fields.npz'}", "decoder=sure", "decoder.min_person_score=1") == 0
    assert lab.read_json(folder / "o u t" / "coco_results.json") == []


@pytest.mark.parametrize("leave_out", ["completed=false", "decoder.completion=false"])
def test_completed_joints_are_left_out(leave_out, tmp_path, lab):
    """Of a wrist without heat its field still tells: it is there unless those are not wanted."""
    fields, _, _ = scene()
    wrist = fields.skeleton.index["left_wrist"]
    heat = fields.heat.copy()
    heat[wrist] *= 0.02
    np.savez(tmp_path / "f.npz", heat=heat, paf=fields.paf.reshape(38, *fields.paf.shape[2:]))
    options = [f"input={tmp_path / 'f.npz'}", "scale=1", "layout=bupose", "decoder.min_joint_score=0", "overwrite=true"]
    counts = []
    for more in ([], [leave_out]):
        assert group(tmp_path, *options, *more) == 0
        people = lab.read_json(tmp_path / "o u t" / "coco_results.json")
        counts.append(sum(np.reshape(one["keypoints"], (17, 3))[9].any() for one in people))
    assert counts[0] > counts[1] == 0


def test_fields_that_do_not_say_how_they_relate_to_the_photo(tmp_path, lab):
    fields, _, labels = scene()
    np.savez(tmp_path / "plain.npz", heat=fields.heat, paf=fields.paf.reshape(38, *fields.paf.shape[2:]))
    photo = lab.save(tmp_path / "photo.png", np.zeros((320, 480, 3), np.uint8))
    options = [f"input={tmp_path / 'plain.npz'}", f"photo={photo}", "layout=bupose"]
    assert group(tmp_path, *options) == 1
    assert group(tmp_path, *options, "scale=0.5") == 0
    got = np.array(lab.read_json(tmp_path / "o u t" / "coco_results.json")[0]["keypoints"]).reshape(17, 3)
    np.testing.assert_allclose(got[:, :2], labels.to(skeletons.COCO17).xy[0], atol=1)


def test_a_damaged_picture_loses_nothing_else(tmp_path, lab):
    fields, _, _ = scene()
    write_fields(tmp_path / "fields.npz", {"good": fields, "odd": fields, "fine": fields})
    content = (tmp_path / "fields.npz").read_bytes()
    at = content.index(b"odd/heat.npy") + 40
    (tmp_path / "fields.npz").write_bytes(content[:at] + bytes(20) + content[at + 20 :])
    assert group(tmp_path, f"input={tmp_path / 'fields.npz'}") == 1
    assert [i["name"] for i in lab.read_json(tmp_path / "o u t" / "images.json")] == ["good", "fine"]


def test_names_never_lead_out_of_the_folder(tmp_path):
    fields, _, _ = scene()
    write_fields(tmp_path / "fields.npz", {"../../evil": fields})
    assert group(tmp_path, f"input={tmp_path / 'fields.npz'}") == 0
    assert (tmp_path / "o u t" / "openpose" / "evil_keypoints.json").is_file()
    assert not list(tmp_path.parent.glob("evil*"))


@pytest.mark.parametrize(
    "values",
    [{}, {"input": "x", "layout": "nope"}, {"input": "x", "photo": "a", "photos": "b"}, {"input": "x", "scale": 0.0}],
)
def test_options(values):
    with pytest.raises(BuposeError):
        GroupOptions(**values)


def test_other_strides(tmp_path, lab):
    """Fields of a network of stride 4 without any meta."""
    _, _, labels = scene(scale=1.0)
    heat, paf = np.zeros((18, 80, 120)), np.zeros((38, 80, 120))
    fine = FieldCodec(COCO18, Grid(4)).encode(labels, (480, 320))
    heat[:], paf[:] = fine.heat, fine.paf.reshape(38, 80, 120)
    np.savez(tmp_path / "f.npz", heat=heat, paf=paf)
    assert group(tmp_path, f"input={tmp_path / 'f.npz'}", "layout=bupose", "stride=4") == 0
    got = np.array(lab.read_json(tmp_path / "o u t" / "coco_results.json")[0]["keypoints"]).reshape(17, 3)
    np.testing.assert_allclose(got[:, :2], labels.to(skeletons.COCO17).xy[0], atol=0.5)


def test_results_of_other_options_are_kept(saved, capsys):
    folder, _ = saved
    command = [f"input={folder / 'fields.npz'}", f"output={folder / 'out'}"]
    for arguments in (command, command):
        assert hydra_app.run(group_saved, "group", arguments) == 0
    before = (folder / "out" / "coco_results.json").read_bytes()
    assert hydra_app.run(group_saved, "group", [*command, "decoder.min_joints=18"]) == hydra_app.USAGE
    assert "another run (decoder.min_joints" in capsys.readouterr().err
    assert (folder / "out" / "coco_results.json").read_bytes() == before


def test_an_interruption_writes_what_was_found(saved, lab, monkeypatch):
    decode, calls = FieldCodec.decode, []

    def interrupted(self, fields):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return decode(self, fields)

    folder, _ = saved
    monkeypatch.setattr(FieldCodec, "decode", interrupted)
    options = GroupOptions(input=str(folder / "fields.npz"), output=str(folder / "out"))
    with pytest.raises(KeyboardInterrupt, match="after 1 picture; their results are written"):
        group_saved(options)
    assert len(lab.read_json(folder / "out" / "coco_results.json")) == 1


def test_photos_are_not_written_over(saved, capsys):
    folder, _ = saved
    photos = folder / "out" / "overlays"
    photos.mkdir(parents=True)
    command = [f"input={folder / 'fields.npz'}", f"output={folder / 'out'}", "overwrite=true"]
    for given in (f"photos={photos}", f"photo={photos / 'a.jpg'}"):
        assert hydra_app.run(group_saved, "group", [*command, given]) == hydra_app.USAGE
    assert "would be overwritten" in capsys.readouterr().err
