"""openpifpaf's JSON, and its Predictor's answers."""

import json

import numpy as np
import pytest
from recordings import make_people, make_photos, make_video

from bupose import People, bridges
from bupose.bridges import predictor
from bupose.errors import BuposeError
from bupose.estimate.stream import Estimate, Failure
from bupose.exchange import read_recordings, write_recordings
from bupose.exchange.formats.openpifpaf import as_openpifpaf
from bupose.skeletons import COCO17, COCO18

# The first person of openpifpaf's docs/coco/000000081988.jpg.predictions.json, shortened; absent joints are at 0, -3.
PUBLISHED = """[{"keypoints": [0.0, -3.0, 0.0, 0.0, -3.0, 0.0, 0.0, -3.0, 0.0, 387.92, 149.78, 0.93, 412.08, 150.24,
0.93, 376.8, 176.01, 0.93, 426.97, 178.2, 0.98, 337.21, 191.21, 0.87, 463.56, 192.44, 0.94, 300.38, 193.76, 0.85,
495.94,
184.82, 0.94, 386.74, 254.44, 0.92, 415.89, 253.74, 0.91, 384.01, 315.45, 0.85, 409.0, 316.42, 0.91, 386.61, 367.7,
0.43, 405.5, 366.93, 0.76], "bbox": [288.19, 142.82, 219.72, 240.64], "score": 0.776, "category_id": 1}]"""


def test_what_openpifpaf_wrote_is_read(tmp_path):
    (tmp_path / "000000081988.jpg.predictions.json").write_text(PUBLISHED)
    (recording,) = read_recordings(tmp_path / "000000081988.jpg.predictions.json")
    (people,) = recording.people
    assert recording.files == ["000000081988.jpg"]
    assert recording.skeleton is COCO17
    assert people.present[0].tolist() == 3 * [False] + 14 * [True]
    np.testing.assert_allclose(people["left_ankle"][0], [386.61, 367.7, 0.43], rtol=1e-6)
    (again,) = as_openpifpaf(people)
    (published,) = json.loads(PUBLISHED)
    assert again.keys() == published.keys()
    assert again["keypoints"][9:] == published["keypoints"][9:]
    assert again["keypoints"][:9] == 9 * [0]
    x, y, w, h = again["bbox"]
    X, Y, W, H = published["bbox"]  # wider by a margin
    assert X < x < x + w < X + W
    assert Y < y < y + h < Y + H


@pytest.mark.parametrize("make", [make_photos, make_video])
def test_there_and_back(make, tmp_path):
    made = make()
    paths = write_recordings([made], "openpifpaf", tmp_path)
    if made.files:
        assert [str(path.relative_to(tmp_path)) for path in paths] == [
            f"{name}.predictions.json" for name in made.files
        ]
        (read,) = read_recordings(tmp_path)
        order = [made.files.index(file) for file in read.files]
    else:
        assert [str(path.relative_to(tmp_path)) for path in paths] == ["films/walk.mp4.openpifpaf.json"]
        (read,) = read_recordings(paths[0])
        assert (read.video, read.numbers.tolist()) == ("walk.mp4", made.numbers.tolist())
        order = range(len(made))
    for n, people in zip(order, read.people, strict=True):
        mine = made.people[n]
        np.testing.assert_allclose(people.xy, mine.xy, atol=0.0051)
        np.testing.assert_allclose(people.score, mine.score, atol=0.0051)
        np.testing.assert_allclose(people.person_score, mine.person_score, atol=0.00051)
        if made.followed and len(mine):
            assert people.ids.tolist() == mine.ids.tolist()


def test_scores_are_never_rounded_away():
    (person,) = as_openpifpaf(People(np.ones((1, 17, 2)), np.full((1, 17), 1e-4), [1e-6], COCO17))
    assert person["keypoints"] == [1, 1, 0.01] * 17
    assert person["score"] == 0.001


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "list of objects"),
        ('[{"keypoints": [1, 2, 3]}]', "1 joint,"),
        ('[{"keypoints": "no", "id_": 1}]', "no list of numbers"),
        ('[{"keypoints": [1, 2, 3, 4]}]', "4 numbers as keypoints"),
        (PUBLISHED.replace("}]", '}, {"keypoints": [1, 2]}]'), "entry 1 has 2"),
        (PUBLISHED.replace('"category_id": 1', '"id_": 0'), "id_"),
        ("[", "no|not JSON"),
    ],
)
def test_files_that_are_none(text, words, tmp_path):
    (tmp_path / "x.jpg.predictions.json").write_text(text)
    with pytest.raises(BuposeError, match=words):
        read_recordings(tmp_path / "x.jpg.predictions.json")
    (tmp_path / "x.mp4.openpifpaf.json").write_text("{}\n")
    with pytest.raises(BuposeError, match=r"openpifpaf\.video"):
        read_recordings(tmp_path / "x.mp4.openpifpaf.json")


def test_the_predictor_answers_as_openpifpafs(monkeypatch):
    people = make_people(np.random.default_rng(0), [-1, -1], COCO18, absent=0)

    class Stub:
        def stream(self, pictures):
            for picture in pictures:
                broken = isinstance(picture, str) and picture == "broken.jpg"
                failed = Failure(picture, BuposeError("no picture"))
                yield failed if broken else Estimate(picture, people, (640, 480), np.eye(3)[:2])

    monkeypatch.setattr(predictor, "load", lambda weights, **options: Stub())
    found, truth, meta = bridges.Predictor(checkpoint="x.safetensors").image("photo.jpg")
    assert (len(found), truth) == (2, [])
    assert meta == {"dataset_index": 0, "file_name": "photo.jpg", "width_height": (640, 480)}
    first = found[0]
    assert first.data.shape == (17, 3)
    np.testing.assert_allclose(first.data[:, :2], people.to(COCO17).xy[0], atol=1e-3)
    assert [first.keypoints[a - 1] for a in first.skeleton[0]] == ["left_shoulder", "right_shoulder"]
    assert first.json_data() == as_openpifpaf(people)[0]
    assert np.allclose(first.bbox(), first.json_data()["bbox"], atol=0.01)
    answers = [*bridges.Predictor(json_data=True).numpy_images(iter([np.zeros((4, 4, 3), np.uint8)] * 2))]
    assert [meta["dataset_index"] for _, _, meta in answers] == [0, 1]
    assert answers[1][0] == as_openpifpaf(people)
    with pytest.raises(BuposeError, match="no picture"):
        bridges.Predictor().image("broken.jpg")
    answers = list(bridges.Predictor().images(["a.jpg", "broken.jpg", "b.jpg"]))
    assert [len(found) for found, _, _ in answers] == [2, 0, 2]
    assert answers[1][2] == {"dataset_index": 1, "file_name": "broken.jpg", "error": "no picture"}


def test_a_folder_of_videos(tmp_path):
    """With the pictures beside them, by the folder alone and by the format's name."""
    made = [make_video(), make_photos()]
    write_recordings(made, "openpifpaf", tmp_path)
    write_recordings([make_video(3)], "openpifpaf", tmp_path / "more")
    for folder, names in [(tmp_path / "films", ["walk"]), (tmp_path, ["films/walk", "more/films/walk", "pictures"])]:
        found = read_recordings(folder, "openpifpaf")
        assert [one.name for one in found] == names
        assert found[0].numbers.tolist() == made[0].numbers.tolist()
    assert [one.video for one in read_recordings(tmp_path / "films")] == ["walk.mp4"]
