"""What is found and what is passed over, and names that tell files of two folders apart."""

import os

import numpy as np
import pytest

from bupose.errors import InputError
from bupose.media.sources import open_media
from bupose.predict.options import InferOptions
from bupose.predict.predict import infer

GREY = np.full((12, 16, 3), 90, np.uint8)
needs_links = pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make links")


@pytest.fixture
def make(tmp_path, lab):
    """Pictures of these names below a folder."""

    def make(*names):
        for name in names:
            if name.endswith((".png", ".jpg")):
                lab.save(tmp_path / name, GREY)
            else:
                (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / name).write_text("no picture")
        return tmp_path

    return make


def files(source, **more):
    return [frame.file_name for frame in open_media(source, **more)]


# --- passed over ---


def test_all_that_is_passed_over_is_counted(make):
    folder = make(
        "a.png", "notes.md", "b/notes.MD", "b/Makefile", ".DS_Store", ".git/x.png", ".git/y.png", "out/run.json",
        "out/overlays/a.jpg", "c/.x.png",
    )  # fmt: skip
    media = open_media(folder)
    assert [frame.file_name for frame in media] == ["a.png"]
    assert media.passed_over.to_dict() == {
        "suffixes": {".md": 2, "none": 1}, "hidden_files": 2, "hidden_folders": 1, "results": 1, "links": 0,
    }  # fmt: skip
    assert str(media.passed_over) == (
        "3 files of unknown suffix (.md none), 2 hidden files, 1 hidden folder, 1 folder with results of bupose"
    )
    assert not open_media(folder / "a.png").passed_over


def test_of_many_suffixes_the_most_frequent_are_named(make):
    folder = make("a.png", "x1.s1", *(f"x{n}.s{k}" for k in range(2, 9) for n in range(k)))
    assert str(open_media(folder).passed_over) == "36 files of unknown suffix (.s8 .s7 .s6 .s5 .s4 …)"


def test_a_folder_of_other_files_says_what_it_holds(make):
    folder = make("in/a.doc", "in/.b.png") / "in"
    with pytest.raises(InputError, match=r"passed over: 1 file of unknown suffix \(\.doc\), 1 hidden file\)"):
        open_media(folder)


def test_a_run_tells_it_and_records_it(net, make, capsys, lab):
    from bupose.cli.infer import main

    folder = make("in/a.png", "in/notes.md")
    options = InferOptions(input=str(folder / "in"), output=str(folder / "out"), height=64)
    assert main(options) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "passed over: 1 file of unknown suffix (.md)"
    assert said[1].startswith("1 picture, 1 person, 0 failed; ")
    assert lab.read_json(folder / "out" / "run.json")["facts"]["passed_over"]["suffixes"] == {".md": 1}
    (folder / "in" / "more.md").write_text("")
    assert infer(options).passed_over.suffixes == {".md": 2}  # and it is the same run, which replaces its results


# --- linked folders ---


@needs_links
def test_linked_folders_are_followed(make):
    folder = make("in/b.png", "elsewhere/1.png", "elsewhere/deep/2.png")
    (folder / "in" / "a").symlink_to(folder / "elsewhere")
    media = open_media(folder / "in")
    assert [frame.file_name for frame in media] == ["a/1.png", "a/deep/2.png", "b.png"]
    assert not media.passed_over


@needs_links
def test_nothing_is_found_twice_however_links_lead(make):
    """Back to the folder, above it, to one beside it, to each other, to what another link leads to."""
    folder = make("in/a/1.png", "in/b/2.png", "far/x/3.png", "far/4.png")
    inside = folder / "in"
    for name, target in {
        "a/back": inside, "a/up": folder, "root": "/", "0": inside / "a", "far": folder / "far",
        "x": folder / "far" / "x", "far2": folder / "far",
    }.items():  # fmt: skip
        (inside / name).symlink_to(target)
    (folder / "far" / "home").symlink_to(inside)
    media = open_media(inside)
    assert [frame.file_name for frame in media] == ["a/1.png", "b/2.png", "far/4.png", "far/x/3.png"]
    assert media.passed_over.links == 7
    assert str(media.passed_over) == "7 links to folders searched anyway"


@needs_links
def test_a_link_into_what_another_links_to_finds_nothing_twice(make):
    folder = make("in/a.png", "far/x/3.png", "far/4.png")
    (folder / "in" / "1").symlink_to(folder / "far" / "x")  # comes before the folder that holds it
    (folder / "in" / "2").symlink_to(folder / "far")
    media = open_media(folder / "in")
    assert [frame.file_name for frame in media] == ["1/3.png", "2/4.png", "a.png"]
    assert media.passed_over.links == 1


@needs_links
def test_links_to_results_are_no_way_in(make):
    folder = make("in/a.png", "other/run.json", "other/overlays/b.png", "mine/overlays/c.png")
    for n, target in enumerate(("other", "other/overlays", "mine")):
        (folder / "in" / f"link{n}").symlink_to(folder / target)
    media = open_media(folder / "in", exclude=[folder / "mine"])
    assert [frame.file_name for frame in media] == ["a.png"]
    assert media.passed_over.results == 3


@needs_links
def test_a_link_to_a_folder_can_be_given(make):
    folder = make("elsewhere/1.png")
    (folder / "link").symlink_to(folder / "elsewhere")
    assert files(folder / "link") == ["1.png"]


# --- patterns ---


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.jpg", ["3.jpg"]),
        ("*", ["3.jpg", "a/1.png", "a/b/2.png", "a/b/4.jpg"]),
        ("**", ["3.jpg", "a/1.png", "a/b/2.png", "a/b/4.jpg"]),
        ("**/*", ["3.jpg", "a/1.png", "a/b/2.png", "a/b/4.jpg"]),
        ("**/*.jpg", ["3.jpg", "a/b/4.jpg"]),
        ("a/**/*.png", ["1.png", "b/2.png"]),
        ("a/*/*.jpg", ["b/4.jpg"]),
        ("*/b", ["a/b/2.png", "a/b/4.jpg"]),
        ("**/*.{png,jpg}", ["3.jpg", "a/1.png", "a/b/2.png", "a/b/4.jpg"]),
        ("a/{1,b/2}.png", ["1.png", "b/2.png"]),
        ("[0-9].jpg", ["3.jpg"]),
        ("?.*", ["3.jpg"]),
    ],
)
@pytest.mark.parametrize("is_absolute", [True, False])
def test_patterns_as_people_write_them(make, monkeypatch, pattern, found, is_absolute):
    """Each file once, called by what is below the fixed part of the pattern."""
    folder = make("3.jpg", "a/1.png", "a/b/2.png", "a/b/4.jpg", "n.md", "a/n.md")
    monkeypatch.chdir(folder)
    assert files(f"{folder}/{pattern}" if is_absolute else pattern) == found


def test_a_suffix_that_a_pattern_names_is_taken(make):
    folder = make("a.png", "b.md")
    (folder / "c.upload").write_bytes((folder / "a.png").read_bytes())
    assert files(f"{folder}/*.upload") == ["c.upload"]
    media = open_media(f"{folder}/*")
    assert [frame.file_name for frame in media] == ["a.png"]
    assert media.passed_over.suffixes == {".md": 1, ".upload": 1}
    with pytest.raises(InputError, match=r"no picture or video fits.*passed over: 1 file"):
        open_media(f"{folder}/b*")


def test_braces_do_not_grow_without_end(make):
    with pytest.raises(InputError, match="more than 1000"):
        open_media(f"{make('a.png')}/{'{a,b}' * 60}.png")


def test_patterns_of_any_depth_leave_out_what_a_folder_leaves_out(make, monkeypatch):
    """Results of bupose, and hidden folders; but not where the pattern names them."""
    folder = make("a.jpg", "b/c.jpg", "out/run.json", "out/overlays/a.jpg", "out/crowd.jpg", "mine/a.jpg", ".x/d.jpg")
    monkeypatch.chdir(folder)
    for pattern in ("**/*.jpg", "**/*.{jpg,jpeg}", "**", "**/*", "*", f"{folder}/**/*.jpg", "**/**/*.jpg"):
        media = open_media(pattern, exclude=[folder / "mine"])
        assert [frame.file_name for frame in media] == ["a.jpg", "b/c.jpg"], pattern
        assert media.passed_over.results == 2, pattern
    assert files("out/**/*.jpg") == ["crowd.jpg"]
    assert files("out/overlays/*.jpg") == ["a.jpg"]
    assert files(".x/**/*.jpg") == ["d.jpg"]


@needs_links
@pytest.mark.parametrize("pattern", ["**/*.png", "**", "**/*", "*", "{a,b,far,*}"])
def test_patterns_find_nothing_twice_however_links_lead(make, monkeypatch, pattern):
    """With two links back, what glob's own ``**`` lists grows without end: 2^40 paths."""
    folder = make("in/a/1.png", "in/b/2.png", "far/x/3.png", "far/4.png")
    for name, target in {"a/back": "in", "a/up": "in", "b/up": ".", "a0": "in/a", "a1": "far/x", "far": "far"}.items():
        (folder / "in" / name).symlink_to(folder / target)
    (folder / "far" / "home").symlink_to(folder / "in")
    monkeypatch.chdir(folder / "in")
    media = open_media(pattern)
    found = [os.path.realpath(frame.path) for frame in media]
    assert sorted(found) == sorted(
        str(folder / name) for name in ("in/a/1.png", "in/b/2.png", "far/x/3.png", "far/4.png")
    )
    assert [frame.file_name for frame in media][:2] == ["a/1.png", "a1/3.png"]


# --- several sources ---


def test_several_are_called_by_what_is_below_their_common_parent(make, monkeypatch):
    folder = make("day1/a.png", "day1/sub/b.png", "day2/a.png", "c.png")
    monkeypatch.chdir(folder)
    both = ["day1/a.png", "day1/sub/b.png", "day2/a.png"]
    assert files(["day1", "day2"]) == files([f"{folder}/day1", "day2/"]) == files(both) == both
    assert files([folder / "day1" / "a.png", folder / "day1" / "sub"]) == ["a.png", "sub/b.png"]
    assert files(["day1/*.png", "day2/*"]) == ["day1/a.png", "day2/a.png"]
    assert files(["c.png", "day2"]) == ["c.png", "day2/a.png"]
    assert files([".", "day2/a.png"]) == [f"{folder.name}/{name}" for name in ("c.png", *both, "day2/a.png")]
    assert [f.name for f in open_media(["day1/a.png", "day2/a.png"])] == ["day1/a", "day2/a"]
    assert files(["c.png"]) == ["c.png"]


# --- lists ---


def listed(folder, *lines, name="list.txt"):
    (folder / name).write_text("\n".join(lines), encoding="utf-8")
    return files(folder / name)


def test_comments_blank_lines_quotes_and_patterns(make):
    folder = make("a.png", "#1.png", "b c.png", "sub/1.png", "sub/2.png", "sub/deep/3.png", "sub/n.md")
    found = listed(folder, "# my photos", "", "a.png", "#1.png", "#2.png", '"b c.png"', "sub/*.png", "  a.png  ")
    assert found == ["a.png", "#1.png", "b c.png", "sub/1.png", "sub/2.png", "a.png"]
    assert listed(folder, "sub/**/*.png") == ["sub/1.png", "sub/2.png", "sub/deep/3.png"]
    assert listed(folder, "sub") == ["sub/1.png", "sub/2.png", "sub/deep/3.png"]
    assert open_media(folder / "list.txt").passed_over.suffixes == {".md": 1}
    with pytest.raises(InputError, match="holds no path"):
        listed(folder, "# nothing", "", "  ")


def test_a_list_is_read_from_anywhere_and_its_folder_may_have_any_name(make, monkeypatch):
    folder = make("[x]*/a.png", "[x]*/sub/b.png")
    found = ["a.png", "sub/b.png"]
    assert listed(folder / "[x]*", "*.png", "sub/b.png") == found
    monkeypatch.chdir(folder / "[x]*")
    assert files("list.txt") == found
    assert all(frame.path.is_file() for frame in open_media("list.txt"))


def test_absolute_paths_have_relative_names(make):
    folder = make("lists/in.png", "data/day1/1.png", "data/day2/1.png", "data/day2/2.png")
    data = folder / "data"
    outside = [f"{data}/day1/1.png", f"{data}/day2/1.png", f"{data}/day2/*2.png", f"{data}/day2/gone.png"]
    assert listed(folder / "lists", *outside, f"{folder}/lists/in.png", "in.png") == [
        "day1/1.png", "day2/1.png", "day2/2.png", "day2/gone.png", "in.png", "in.png",
    ]  # fmt: skip
    names = [frame.name for frame in open_media(folder / "lists" / "list.txt")]
    assert names[:4] == ["day1/1", "day2/1", "day2/2", "day2/gone"]
    assert len(set(names)) == len(names)
    assert listed(folder / "lists", "../data/day1/1.png") == ["../data/day1/1.png"]
    assert [frame.name for frame in open_media(folder / "lists" / "list.txt")] == ["data/day1/1"]


def test_what_a_list_names_in_vain_is_told_in_its_place(make):
    folder = make("a.png", "empty/n.md")
    assert listed(folder, "gone.png", "*.bmp", "empty", "7", "a.png") == ["gone.png", "*.bmp", "empty", "7", "a.png"]
    for frame, said in zip(
        open_media(folder / "list.txt"), ("No such", "fits the pattern", "holds no", "No such"), strict=False
    ):
        with pytest.raises(InputError, match=said):
            frame.read()


def test_lists_hold_no_lists(make):
    """One that names itself would have no end."""
    folder = make("a.png")
    assert listed(folder, "list.txt", "a.png") == ["list.txt", "a.png"]
