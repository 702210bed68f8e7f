"""The callable for engines: batches in, batches out, whatever a batch holds."""

import sys
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from films import write_film

from bupose.errors import OptionsError
from bupose.estimate.estimator import Estimator
from bupose.predict import PoseMapper
from bupose.predict.options import InferOptions
from bupose.predict.predict import infer


@pytest.fixture(autouse=True)
def as_before():
    """A mapper sets OpenCV's threads, which are the process's."""
    before = cv2.getNumThreads()
    yield
    cv2.setNumThreads(before)


@pytest.fixture
def mapper(net):
    return PoseMapper(height=160)


@pytest.fixture
def files(tmp_path, face, lab):
    """Two faces, between them what is no picture."""
    lab.save(tmp_path / "a.png", face[0])
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    lab.save(tmp_path / "nobody.png", np.zeros((40, 60, 3), np.uint8))
    return [str(tmp_path / name) for name in ("a.png", "broken.jpg", "nobody.png")]


def test_people_are_those_of_the_estimator(mapper, files, net):
    batch = {"path": np.array(files, object), "label": np.array([5, 6, 7])}
    found = mapper(batch)
    assert set(found) == {"path", "label", "frame", "time", "width", "height", "scores", "keypoints", "ids", "error"}
    assert found["label"].tolist() == [5, 6, 7]
    assert found["width"].tolist() == [200, 0, 60]
    people = Estimator(net, height=160)(files[0])
    np.testing.assert_allclose(found["keypoints"][0], people.triples(), atol=1e-4)
    np.testing.assert_allclose(found["scores"][0], people.person_score, atol=1e-6)
    assert [one.shape for one in found["keypoints"]] == [(1, 3, 3), (0, 3, 3), (0, 3, 3)]
    assert [bool(error) for error in found["error"]] == [False, True, False]
    assert files[1] in found["error"][1]
    assert found["frame"].tolist() == [-1] * 3


def test_bytes(mapper, files):
    data = [open(file, "rb").read() for file in files]  # noqa: SIM115
    found = mapper({"bytes": data, "key": ["x", "y", "z"]})
    assert set(found) & {"bytes", "key"} == {"key"}
    by_path = mapper({"path": files})
    for name in ("scores", "keypoints"):
        for one, other in zip(found[name], by_path[name], strict=True):
            np.testing.assert_array_equal(one, other)
    assert [bool(error) for error in found["error"]] == [False, True, False]


def test_what_is_no_path_costs_its_row(mapper, files, tmp_path):
    found = mapper({"path": [None, files[0], "", 7, str(tmp_path), "nowhere.jpg", "abc://x/y.jpg"]})
    assert [bool(error) for error in found["error"]] == [True, False, True, True, True, True, True]
    assert len(found["scores"][1]) == 1
    assert "abc" in found["error"][-1]


def test_what_are_no_bytes_costs_its_row(mapper, files):
    with open(files[0], "rb") as file:
        good = file.read()
    found = mapper({"bytes": [good, b"", b"xx", None, "text", 7, bytearray(good)]})
    assert [bool(error) for error in found["error"]] == [False, True, True, True, True, True, False]
    assert "'text'" in found["error"][4]


@pytest.mark.parametrize(
    ("batch", "says"),
    [
        ({"path": "a.jpg"}, "'path' is 'a.jpg'; give a list"),
        ({"path": ["a.jpg"], "n": 3}, "'n' is 3; give a list"),
        ({"path": ["a.jpg"], "n": [3, 4]}, "'path' 1, 'n' 2"),
    ],
)
def test_columns_that_are_none(mapper, batch, says):
    with pytest.raises(OptionsError, match=says):
        mapper(batch)


def test_options_that_are_none(net):
    with pytest.raises(OptionsError, match="threads is 0"):
        PoseMapper(threads=0)
    with pytest.raises(OptionsError, match="'foo'; choose one of height"):
        PoseMapper(foo=3)


def test_urls(mapper, files):
    found = mapper({"path": [f"file://{files[0]}", f"file://{files[0]}x"]})
    assert found["path"][0].startswith("file://")
    assert len(found["scores"][0]) == 1
    assert "no such file" in found["error"][1]


def test_an_empty_batch_has_all_columns(mapper):
    found = mapper({"path": np.array([], object)})
    assert {len(values) for values in found.values()} == {0}
    assert "error" in found


def test_threads_may_share_it(files):
    """As Daft's do; the network that comes along, whose runtime has a state."""
    mapper = PoseMapper(height=64, threads=1)
    batches = [{"path": files[n % 3 :]} for n in range(12)]
    alone = [mapper(batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        for together, wanted in zip(pool.map(mapper, batches), alone, strict=True):
            assert together["error"].tolist() == wanted["error"].tolist()
            for ours, theirs in zip(together["scores"], wanted["scores"], strict=True):
                np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_a_batch_without_pictures_is_refused(mapper):
    with pytest.raises(OptionsError, match="columns x, and neither 'path'"):
        mapper({"x": [1]})


def test_a_video_is_a_row_a_frame_with_ids_as_the_command_has_them(net, tmp_path, lab, face):
    images = [lab.draw_face(208, 160, face[1][0] + n, face[1][1:] + n, 5) for n in range(9)]
    film = str(write_film(tmp_path / "walk.mp4", rate=25, images=images, crf=10))
    lab.save(tmp_path / "a.png", face[0])
    found = PoseMapper(height=160, look_every=2)({"path": [film, str(tmp_path / "a.png")], "n": np.array([3, 4])})
    assert found["n"].tolist() == [3] * 9 + [4]
    assert found["frame"].tolist() == [*range(9), -1]
    np.testing.assert_allclose(found["time"][:9], np.arange(9) / 25, atol=1e-6)
    infer(InferOptions(input=film, output=str(tmp_path / "out"), height=160, look_every=2, overlays=False))
    results = lab.read_json(tmp_path / "out/coco_results.json")
    assert [i for ids in found["ids"][:9] for i in ids] == [r["track_id"] for r in results] == [0] * 9
    for n, result in enumerate(results):
        np.testing.assert_allclose(found["keypoints"][n].reshape(-1), result["keypoints"], atol=1e-3)


def test_ray_takes_what_comes_out(mapper, files):
    """Blocks of pictures with and without people go together."""
    block = pytest.importorskip("ray.data.block")
    arrow = pytest.importorskip("pyarrow")
    tables = [block.BlockAccessor.batch_to_block(mapper({"path": some})) for some in (files[1:], files[:1])]
    from ray.data._internal.arrow_ops.transform_pyarrow import concat

    whole = concat([table if isinstance(table, arrow.Table) else arrow.Table.from_pandas(table) for table in tables])
    assert whole.num_rows == 3


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_are_those_of_the_actor(net, files, threads, monkeypatch):
    """OpenCV, whose threads are the process's, and the estimator; in an actor of Ray as many as it has processors."""
    from types import SimpleNamespace

    context = SimpleNamespace(get_assigned_resources=lambda: {"CPU": float(threads), "GPU": 0.0})
    ray = SimpleNamespace(is_initialized=lambda: True, get_runtime_context=lambda: context)
    monkeypatch.setitem(sys.modules, "ray", ray)
    before = cv2.getNumThreads()
    try:
        mapper = PoseMapper(height=160)
        assert mapper.estimator.threads == cv2.getNumThreads() == threads
        assert PoseMapper(height=160, threads=3 - threads).estimator.threads == 3 - threads
    finally:
        cv2.setNumThreads(before)
