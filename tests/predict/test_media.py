"""What input= means, and in which order frames come."""

import os
import sys

import cv2
import numpy as np
import pytest

from bupose.errors import InputError
from bupose.estimate import Failure
from bupose.estimate.estimator import Estimator
from bupose.media.sources import open_media

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
    assert [f.file_name for f in both] == ["b.png", "a/1.jpg", "a/1.png", "a/2.JPG"]
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


def test_frames_beside_their_video(tmp_path, lab):
    """Somebody took frames out of a video and put them beside it."""
    write_video(tmp_path / "walk.avi", 5)
    for name in ("walk_000003.jpg", "Walk_000004.png", "walk.png"):
        lab.save(tmp_path / name, GREY)
    frames = list(open_media(tmp_path))
    assert len(frames) == 8
    assert len({frame.name.casefold() for frame in frames}) == 8
    assert len({frame.image_id for frame in frames}) == 8


def test_a_file_listed_twice_has_two_numbers(tmp_path, lab):
    for name in ("a/7.png", "b/7.png"):
        lab.save(tmp_path / name, GREY)
    frames = list(open_media([tmp_path / "a" / "7.png", tmp_path / "b" / "7.png", tmp_path / "a" / "7.png"]))
    assert [frame.image_id for frame in frames] == [7, 1, 2]
    assert len({frame.name for frame in frames}) == 3


def test_lists_of_every_kind(tmp_path, lab):
    """A byte of zero, an empty line, names that are no UTF-8, and what PowerShell writes: each path is one frame."""
    lab.save(tmp_path / "a.png", GREY)
    (tmp_path / "1.txt").write_bytes(b"a.png\r\na\0b.png\n\ncaf\xe9.png\n")
    frames = list(open_media(tmp_path / "1.txt"))
    assert [frame.file_name for frame in frames] == ["a.png", "a\0b.png", "caf%E9.png"]
    assert frames[0].read().size == (16, 12)
    for frame in frames[1:]:
        with pytest.raises(InputError, match="cannot read"):
            frame.read()
    (tmp_path / "2.txt").write_text("a.png\n", encoding="utf-16")
    assert [frame.read().size for frame in open_media(tmp_path / "2.txt")] == [(16, 12)]
    (tmp_path / "3.txt").write_text("\n \n")
    with pytest.raises(InputError, match="holds no path"):
        open_media(tmp_path / "3.txt")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names and files")
def test_a_folder_of_anything(tmp_path, lab, monkeypatch):
    """Each of these is a frame that says what is wrong; the good picture is read."""
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    lab.save(tmp_path / "good.png", GREY)
    os.mkfifo(tmp_path / "pipe.png")
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.mp4").symlink_to(tmp_path / "loop.mp4")
    (tmp_path / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic")
    wrong = {}
    for frame in open_media(tmp_path):
        try:
            frame.read()
        except InputError as problem:
            wrong[frame.file_name] = str(problem)
    assert sorted(wrong) == [
        "gone.jpg", "loop.mp4", "loop.png", "phone.heic", "pipe.mp4", "pipe.png", "zero.png",
    ]  # fmt: skip
    assert "HEIC" in wrong["phone.heic"]
    assert "a pipe" in wrong["pipe.mp4"]


def test_a_folder_that_cannot_be_looked_into_is_told(tmp_path, lab, monkeypatch):
    lab.save(tmp_path / "a.png", GREY)
    (tmp_path / "closed").mkdir()
    listed = os.scandir

    def refuse(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", refuse)
    frames = list(open_media(tmp_path))
    assert [frame.file_name for frame in frames] == ["a.png", "closed"]
    assert "Permission denied" in frames[1].problem
    with pytest.raises(InputError, match="Permission denied"):
        open_media(tmp_path / "closed")


def test_a_picture_that_vanishes_after_it_was_found(tmp_path, lab):
    path = lab.save(tmp_path / "a.png", GREY)
    frames = list(open_media(tmp_path))
    path.unlink()
    with pytest.raises(InputError, match="No such file"):
        frames[0].read()


def test_limits(tmp_path, lab):
    lab.save(tmp_path / "a.png", GREY)
    write_video(tmp_path / "b.avi", 2, (64, 48))
    for frame in open_media(tmp_path, max_pixels=100):
        with pytest.raises(InputError, match=r"more than 100 in all.*max_pixels"):
            frame.read()
    assert len(list(open_media(tmp_path, max_pixels=64 * 48))) == 3


def test_an_estimators_limit_holds_for_what_a_search_has_found(lab, tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((48, 64, 3), np.uint8))
    for most, refused in ((64 * 48, False), (64 * 48 - 1, True)):
        (estimate,) = Estimator(lab.net(), max_pixels=most).stream(open_media(tmp_path))
        assert isinstance(estimate, Failure) == refused
