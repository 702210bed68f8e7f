"""What input= means, and in which order frames come."""

import os

import cv2
import numpy as np
import pytest

from bupose.errors import InputError
from bupose.infer.media import open_media
from bupose.infer.names import ImageIds, file_number, output_names, safe_name

GREY = np.full((12, 16, 3), 90, np.uint8)


def write_video(path, count=7, size=(64, 48)):
    """A square moves right by 4 px a frame."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, size)
    if not writer.isOpened():
        pytest.skip("this OpenCV writes no video")
    for n in range(count):
        frame = np.zeros((size[1], size[0], 3), np.uint8)
        frame[20:28, 4 * n : 4 * n + 8] = (0, 0, 255)  # red, in OpenCV's BGR
        writer.write(frame)
    writer.release()
    return path


@pytest.fixture
def folder(tmp_path, lab):
    for name in (
        "b.png",
        "a/2.JPG",
        "a/1.jpg",
        "a/1.png",
        ".hidden.jpg",
        ".git/x.png",
        "out/overlay.jpg",
        "c d (1).bmp",
    ):
        lab.save(tmp_path / name, GREY)
    (tmp_path / "readme.md").write_text("no picture")
    return tmp_path


def test_folder(folder):
    media = open_media(folder, exclude=[folder / "out"])
    assert [f.file_name for f in media] == ["a/1.jpg", "a/1.png", "a/2.JPG", "b.png", "c d (1).bmp"]
    assert [f.name for f in media] == ["a/1.jpg", "a/1.png", "a/2", "b", "c d (1)"]
    assert media.total == 5
    assert not media.live
    assert all(f.read().image.shape == GREY.shape for f in media)
    assert len(list(open_media(str(folder)))) == 6


def test_pattern_list_and_text_file(folder):
    assert [f.file_name for f in open_media(str(folder / "a" / "*.jpg"))] == ["1.jpg"]
    assert len(list(open_media(str(folder / "**" / "*.png")))) >= 2
    both = open_media([folder / "b.png", str(folder / "a")])
    assert [f.file_name for f in both] == ["b.png", "1.jpg", "1.png", "2.JPG"]
    (folder / "list.txt").write_text(f"b.png\n\n{folder / 'a' / '2.JPG'}\ngone.jpg\n", encoding="utf-8")
    frames = list(open_media(folder / "list.txt"))
    assert [f.path.exists() for f in frames] == [True, True, False]
    with pytest.raises(InputError, match="gone"):
        frames[2].read()


def test_a_file_that_looks_like_a_pattern_or_number(tmp_path, lab):
    for name in ("[1].png", "7", "a*b.png"):
        lab.save(tmp_path / f"{name}.png", GREY)
        (tmp_path / f"{name}.png").rename(tmp_path / name)
        assert [f.file_name for f in open_media(tmp_path / name)] == [name]


@pytest.mark.parametrize("what", ["nothing.jpg", "*.nothing", "empty", "x" * 300, "~nobody-of-this-name/x.jpg"])
def test_nothing_there(tmp_path, what, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError) as refused:
        open_media(what)
    assert "\n" not in str(refused.value)


def test_home_folder(tmp_path, lab, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    lab.save(tmp_path / "x.png", GREY)
    assert [f.file_name for f in open_media("~/x.png")] == ["x.png"]


@pytest.mark.skipif(os.name == "nt", reason="names with these characters cannot exist on Windows")
def test_results_of_awkward_names_stay_in_the_folder(tmp_path, lab):
    lab.save(tmp_path / 'a:b?"<>|*.png', GREY)
    assert [f.name for f in open_media(tmp_path)] == ["a_b______"]


def test_video(tmp_path):
    media = open_media(write_video(tmp_path / "walk.avi"))
    frames = list(media)
    assert media.total == len(frames) == 7
    assert [f.name for f in frames[:2]] == ["walk_000000", "walk_000001"]
    assert [f.image_id for f in frames] == list(range(1, 8))
    assert frames[5].time == pytest.approx(0.5)
    for n, frame in enumerate(frames):
        red = frame.image[..., 0] > 128
        assert np.argwhere(red)[:, 1].mean() == pytest.approx(4 * n + 3.5, abs=1)
        assert frame.image[red][:, 2].max() < 100  # it is RGB


def test_a_broken_video_and_a_camera_that_is_not_there_lose_nothing_else(tmp_path, lab):
    lab.save(tmp_path / "a.png", GREY)
    (tmp_path / "b.mp4").write_bytes(b"no video")
    write_video(tmp_path / "c.avi", 2)
    frames = list(open_media(tmp_path))
    assert [bool(f.problem) for f in frames] == [False, True, False, False]
    with pytest.raises(InputError, match=r"b\.mp4"):
        frames[1].read()
    media = open_media(93)
    assert media.live
    assert media.total is None
    assert "camera 93" in next(iter(media)).problem


# --- numbers and names ---


def test_numbers_of_files():
    assert file_number("val/000000000139.jpg") == 139
    assert file_number("COCO_val2014_000000000042.jpg") == 42
    assert file_number("7") == 7
    assert [file_number(n) for n in ("img7.jpg", "7a.jpg", "1" * 20, "", "-3.jpg", "1.5.jpg")] == [None] * 6


def test_image_ids_never_repeat():
    names = ["3.jpg", "x.jpg", "a/1.jpg", "b/1.jpg", "y.jpg", "2.png"]
    ids = ImageIds(names)
    given = [ids[n] for n in names]
    assert given == [3, 4, 1, 5, 6, 2]
    assert ids["late.jpg"] == 7


def test_names_of_results():
    assert output_names(["a/x.jpg", "a/y.b.png", "x.jpg"]) == ["a/x", "a/y.b", "x"]
    assert output_names(["x.jpg", "x.png", "X.jpg"]) == ["x.jpg", "x.png", "X"]
    assert len({n.casefold() for n in output_names(["x.jpg", "x.jpg", "X.JPG", "x_2.jpg"])}) == 4
    assert safe_name("../../etc/passwd") == "etc/passwd"
    assert safe_name("C:\\photos\\x.jpg") == "C_/photos/x.jpg"
    assert safe_name("..") == "_"
