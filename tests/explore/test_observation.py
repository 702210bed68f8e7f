"""What the network saw lies where it was drawn, and what cannot be seen is one sentence."""

import os
import struct
import zlib

import cv2
import numpy as np
import pytest

from bupose import Estimator, FieldCodec, geometry
from bupose.errors import InputError
from bupose.explore.observation import Film, draw_crowd, look
from bupose.explore.session import Session


def near_labels(people, xy, visibility):
    """For each labelled person the largest distance of a joint from that of the person found nearest, px."""
    away = np.linalg.norm(people.xy[:, None] - xy, axis=-1)  # found, true, joint
    away = np.where(visibility > 0, away, 0)
    return np.nan_to_num(away, nan=1e3).max(2).min(0)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_people_lie_where_they_were_drawn_in_photos_of_any_size(estimator, scenes, save, tmp_path, times):
    scene = scenes[0]
    large = cv2.resize(scene.image, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    seen = look(estimator, save(tmp_path / "large.png", large))
    session = Session.begin(seen, estimator.decoder)
    assert seen.size == (640 * times, 368 * times)
    truth = times * (scene.labels.xy + 0.5) - 0.5
    assert near_labels(session.people, truth, scene.labels.visibility).max() < 0.6 * times
    same = estimator(large)
    np.testing.assert_allclose(session.people.xy, same.xy, atol=1e-2)
    np.testing.assert_allclose(session.people.person_score, same.person_score, atol=1e-5)


def test_people_are_grouped_by_the_networks_own_codec(painter, scenes, monkeypatch):
    used = []
    explain = FieldCodec.explain
    monkeypatch.setattr(FieldCodec, "explain", lambda codec, fields: (used.append(codec), explain(codec, fields))[1])
    painter.target = {"limb_width": 1.75}
    estimator = Estimator(painter, height=368, threads=1)
    session = Session.begin(look(estimator, scenes[0].image), estimator.decoder)
    session.regroup({"min_joints": 5})
    assert [codec.target.limb_width for codec in used] == [1.75, 1.75]
    assert [codec.decoder.min_joints for codec in used] == [estimator.decoder.min_joints, 5]
    assert {codec.grid for codec in used} == {session.observation.maps.grid}


def test_the_canvas_is_the_photo_without_padding(estimator, scenes):
    cut = scenes[0].image[:361, :637]
    seen = look(estimator, cut)
    height, width = seen.image.shape[:2]
    x, y = geometry.apply(seen.matrix, np.array([636.5, 360.5]))
    assert (width, height) == pytest.approx((x + 0.5, y + 0.5), abs=0.5)
    small = cv2.resize(seen.image, (637, 361), interpolation=cv2.INTER_AREA)
    assert cv2.absdiff(small, cut).mean() < 3
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):  # where black padding would be seen
        assert seen.image[edge].mean() == pytest.approx(cut[edge].mean(), abs=3)


def test_a_sight_is_named_and_numbered_as_results_are(estimator, scenes, save, tmp_path, film):
    numbered = look(estimator, save(tmp_path / "000000000139.png", scenes[0].image))
    assert (numbered.image_id, numbered.stem, numbered.film) == (139, "000000000139", None)
    assert look(estimator, save(tmp_path / "party.jpg", scenes[0].image)).image_id == 1
    frame = look(estimator, Film(film, 20, 4))
    assert (frame.image_id, frame.stem, frame.name) == (5, "film_000004", "film.avi")


def test_frames_of_a_video(estimator, film):
    found = look(estimator, film).film
    assert (found.count, found.frame) == (20, 0)
    for n in (0, 13, 4, 19):  # forwards and backwards
        assert found.at(n).read().mean() == pytest.approx(10 * n, abs=2)
    assert look(estimator, str(film)).film == found
    assert look(estimator, found.at(7)).image.mean() == pytest.approx(70, abs=2)
    with pytest.raises(InputError, match=r"'film.avi' has no frame 99"):
        found.at(99).read()


def empty_png(width, height):
    """A picture of a large header and no content, that nobody should try to decode."""
    chunks = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", b""), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


RADIANCE = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y %d +X %d\n" + b"\2\2\0\0" * 100


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("broken.jpg", b"\xff\xd8\xff rubbish", "damaged, or no picture of a kind that bupose reads"),
        ("notes.txt", b"hello", "damaged, or no picture of a kind that bupose reads"),
        ("empty.png", b"", "is empty"),
        ("broken.mp4", b"rubbish", "cannot open"),
        ("vast.png", empty_png(20_001, 10_000), "more than 200000000 in all"),
        ("vaster.png", empty_png(60_000, 60_000), "more than 200000000 in all"),
        ("vast.hdr", RADIANCE % (60_000, 60_000), "more than 200000000 in all"),
        ("vast.jpg", RADIANCE % (60_000, 60_000), "more than 200000000 in all"),  # told by content, not by name
        ("vast.pfm", b"PF\n60000 60000\n-1\n", "more than 200000000 in all"),
        ("vast.ppm", b"P6\n60000 60000\n255\n", "more than 200000000 in all"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_seen_is_told_in_one_sentence(estimator, painter, save, tmp_path, name, content, words):
    with pytest.raises(InputError) as problem:
        look(estimator, save(tmp_path / name, content))
    said = str(problem.value)
    assert repr(name) in said
    assert words in said
    assert str(tmp_path) not in said  # an upload's folder is nobody's business
    assert "\n" not in said
    assert painter.runs == 0


def test_a_missing_file(estimator, tmp_path):
    with pytest.raises(InputError, match=r"cannot read 'nowhere.jpg': No such file"):
        look(estimator, tmp_path / "nowhere.jpg")


def test_a_picture_of_just_not_too_many_pixels(painter, scenes, save, tmp_path):
    path = save(tmp_path / "a.png", scenes[0].image)
    assert look(Estimator(painter, max_pixels=640 * 368), path).size == (640, 368)
    with pytest.raises(InputError, match=r"'a.png' has 640x368 pixels, more than 235519 in all"):
        look(Estimator(painter, max_pixels=640 * 368 - 1), path)


def test_a_video_of_too_large_frames(painter, film):
    with pytest.raises(InputError, match=r"'film.avi' has \d+x\d+ pixels, more than 100 in all"):
        look(Estimator(painter, max_pixels=100), film)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a system with named pipes")
@pytest.mark.parametrize("name", ["pipe.jpg", "pipe.mp4"])
def test_a_pipe_is_not_waited_for(estimator, tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(InputError, match=f"'{name}' is a pipe"):
        look(estimator, tmp_path / name)


def test_names_that_no_page_can_show(estimator, scenes, save, tmp_path):
    seen = look(estimator, save(tmp_path / os.fsdecode(b"caf\xe9.png"), scenes[0].image))
    assert seen.name == "caf?.png"
    long = look(estimator, save(tmp_path / ("ü" * 120 + ".png"), scenes[0].image))
    assert len(f"{long.stem}_people.json".encode()) < 255


def test_the_drawn_crowd_is_the_same_each_time():
    one, name = draw_crowd()
    assert np.array_equal(one, draw_crowd()[0])
    assert (one.ndim, name) == (3, "drawn crowd")
