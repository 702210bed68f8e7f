"""Paths without a key: which arguments they are, for which option, and that any name will do."""

import re
from importlib import import_module
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from bupose import cli
from bupose.cli import quoting
from bupose.errors import OptionsError
from bupose.predict.predict import Summary

AWKWARD = [
    "a b.jpg", "a,b.jpg", "x=1.jpg", "[1], (2) {3}.jpg", "Straße 日本.jpg", "it's \"quoted\".jpg", "${HOME}.jpg", "'a'",
    "null", "true", "1.5", "@x", "#1: 50%.jpg", "a:b|c*?<>.jpg", "scales.jpg", "my folder/", "\\${x}\\",
]  # fmt: skip


@pytest.fixture
def inferred(monkeypatch):
    """The options that bupose infer gets."""
    got = []
    monkeypatch.setattr(import_module("bupose.cli.infer"), "infer", lambda o: got.append(o) or Summary())
    return got


@pytest.mark.parametrize("name", AWKWARD)
def test_a_path_alone_is_the_input(name, inferred, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if name == "x=1.jpg":  # what might be an option must be there
        Path(name).touch()
    assert cli.main(["infer", name]) == 0
    assert inferred[0].input == name


def test_several_paths_and_options_in_any_order(inferred, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("x=1.jpg").touch()
    arguments = ["output=o, ut", AWKWARD[0], "flip=true", *AWKWARD[1:], "scales=[1,0.5]", "decoder.min_joints=5"]
    assert cli.main(["infer", *arguments]) == 0
    (options,) = inferred
    assert options.input == AWKWARD
    assert (options.output, options.flip, options.scales) == ("o, ut", True, [1.0, 0.5])
    assert options.decoder.min_joints == 5


@pytest.mark.parametrize(
    ("name", "key", "arguments", "told"),
    [
        (
            "group",
            "input",
            ["a.npz", "b.npz"],
            "'a.npz' and 'b.npz' are both given; group takes one input: run it for each",
        ),
        ("explore", "photo", ["a.jpg", "photo=b.jpg"], "explore takes one photo: run it for each"),
        (
            "infer",
            "input",
            ["a.jpg", "b.jpg", "input=c.jpg"],
            "'a.jpg' and 'input=c.jpg' are both given; write input=[…,…]",
        ),
    ],
)
def test_more_paths_than_an_option_takes_are_told(name, key, arguments, told):
    with pytest.raises(OptionsError, match=re.escape(told)):
        quoting.split_paths([*arguments, "decoder=sure"], name, key)


@given(st.lists(st.text(min_size=1).filter(lambda t: t[0] != "-" and "=" not in t and "\0" not in t), min_size=1))
def test_any_names(names):
    assert quoting.split_paths([*names, "flip=true"], "infer", "input") == (["flip=true"], names)


def test_ten_thousand_names_never_meet_hydras_parser(inferred, monkeypatch):
    """Its time grows with the square of what it is given."""
    seen = []
    parse = OverridesParser.parse_overrides

    def watch(self, overrides):
        seen.append(overrides)
        return parse(self, overrides=overrides)

    monkeypatch.setattr(OverridesParser, "parse_overrides", watch)
    names = [f"photo {n}, 'x'.jpg" for n in range(10_000)]
    assert cli.main(["infer", *names, "flip=true"]) == 0
    assert (inferred[0].input, inferred[0].flip) == (names, True)
    assert any("flip=true" in given for given in seen)
    assert max(map(len, seen)) < 20


def test_an_option_stays_one_even_where_a_file_has_its_name(inferred, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("flip=true").touch()
    assert cli.main(["infer", "a.jpg", "flip=true"]) == 0
    assert cli.main(["infer", "./flip=true"]) == 0
    assert [(o.input, o.flip) for o in inferred] == [("a.jpg", True), ("./flip=true", False)]


def test_cameras_streams_and_patterns(inferred, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("run=3.jpg").touch()
    for source in ("0", "rtsp://camera/live?user=me", "run=*.jpg", "~/photos"):
        assert cli.main(["infer", source]) == 0
    assert [o.input for o in inferred] == ["0", "rtsp://camera/live?user=me", "run=*.jpg", "~/photos"]
