"""What results are called, and which numbers pictures have."""

import unicodedata

import numpy as np
import pytest

from bupose.media.file_names import file_number, frame_name, number_pictures, output_names, readable, safe_name


def test_numbers_of_files():
    assert file_number("val/000000000139.jpg") == 139
    assert file_number("COCO_val2014_000000000042.jpg") == 42
    assert file_number("7") == 7
    assert [file_number(n) for n in ("img7.jpg", "7a.jpg", "1" * 20, "", "-3.jpg", "1.5.jpg")] == [None] * 6


def test_numbers_never_repeat():
    names = ["3.jpg", "x.jpg", "a/1.jpg", "b/1.jpg", "y.jpg", "2.png", "3.jpg"]
    assert number_pictures(names) == [3, 4, 1, 5, 6, 2, 7]


def test_names_of_results():
    assert output_names(["a/x.jpg", "a/y.b.png", "x.jpg"]) == ["a/x", "a/y.b", "x"]
    assert output_names(["x.jpg", "x.png", "y.jpg"]) == ["x.jpg", "x.png", "y"]
    assert safe_name("../../etc/passwd") == "etc/passwd"
    assert safe_name("C:\\photos\\x.jpg") == "C_/photos/x.jpg"
    assert safe_name("..") == "_"


def test_names_that_are_none_everywhere():
    """A narrow space of macOS' screenshots, bytes that are no UTF-8, control characters, Windows' devices."""
    assert safe_name("Screenshot at 9.41.00\u202fAM.png") == "Screenshot at 9.41.00 AM.png"
    assert safe_name("a\nb\x7f\u200b.png") == "a_b__.png"
    assert readable("caf\udce9.jpg") == "caf%E9.jpg"
    assert output_names(["caf\udce9.jpg", "con.png", "lpt1", "a. /b. "]) == ["caf%E9", "_con", "_lpt1", "a._/b"]


def test_long_names_leave_room_for_what_results_end_in():
    names = ["a" * 245 + "1.jpg", "a" * 245 + "2.jpg", "ü" * 120 + ".png", "f" * 240 + "/x.png", "d/" * 600 + "y.png"]
    got = output_names(names)
    assert len({*got}) == len(names)
    for name in got:
        assert len(name) < 1000
        assert max(len(part.encode()) for part in name.split("/")) <= 255 - len("_000000_keypoints.json")
    assert got == output_names(names)


def test_no_result_stands_where_a_folder_goes():
    """k.png's overlay is k.jpg, which must be no folder."""
    names = output_names(["k.png", "k.jpg/x.png", "k.npz/x.png"])
    folders = {name.rpartition("/")[0] for name in names} - {""}
    assert not folders & {f"{name}{end}" for name in names for end in (".jpg", ".png", ".npz", "_keypoints.json")}


CASES = [
    "x",
    "X",
    "x_2",
    "walk",
    "walk_000003",
    "WALK_000003",
    "walk_000003_000001",
    "e\u0301",
    "\u00e9",
    "ss",
    "\u00df",
    "a/x",
]


@pytest.mark.parametrize("seed", range(60))
def test_no_two_results_share_a_name(seed):
    """Whatever is mixed: also not on disks that hold upper and lower case, or kinds of accents, for the same."""
    rng = np.random.default_rng(seed)
    files, videos = [], []
    for _ in range(rng.integers(2, 9)):
        videos.append(bool(rng.random() < 0.4))
        suffixes = (".mp4", ".AVI") if videos[-1] else (".jpg", ".png", "", ".jpg_2")
        files.append(str(rng.choice(CASES)) + str(rng.choice(suffixes)))
    written = []
    for name, is_video in zip(output_names(files, videos), videos, strict=True):
        written += [frame_name(name, n) for n in (0, 1, 3, 1000000)] + [name] if is_video else [name]
    keys = [unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()) for name in written]
    assert len({*keys}) == len(keys), (files, written)
