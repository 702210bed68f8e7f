"""Any path and any text gets through hydra unchanged."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import example, given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from bupose.cli import hydra_app, quoting

AWKWARD = [
    "IMG (1).jpg",
    "a,b.jpg",
    "x=1.jpg",
    "~/x.jpg",
    "Straße/日本.jpg",
    'it\'s "quoted".jpg',
    "[1].jpg",
    "{a}.jpg",
    "${HOME}.jpg",
    "\\${x}",
    "C:\\photos\\new\\",
    " leading and trailing ",
    "a\tb\nc",
    "#1: 50%.jpg",
    "1.5",
    "true",
    "",
    "\\",
    "'",
    "\\'",
    "a\\\\'b\\",
    "${",
    "\\\\${a}\\\\",
    "$\\{",
    "null.jpg",
    "@x",
    "-x",
    "a:b|c*?<>",
]


def through_hydra(text):
    """What the program gets for a quoted value."""
    override = OverridesParser.create().parse_override("input=" + quoting.quote(text))
    composed = OmegaConf.create({"input": None})
    OmegaConf.update(composed, "input", override.value())
    return composed.input


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text(text):
    assert through_hydra(text) == text


@given(st.text())
@example("\\${${")
def test_any_text(text):
    assert through_hydra(text) == text


@given(st.text("\\'\"${}a ", max_size=12))
def test_any_text_of_the_characters_that_matter(text):
    assert through_hydra(text) == text


def got(*arguments, name="group"):
    """The options a script gets."""
    answer = hydra_app.run(lambda options: options, name, list(arguments))
    assert not isinstance(answer, int), "refused"
    return answer


@pytest.mark.parametrize("path", [p for p in AWKWARD if p])
def test_paths_reach_the_program(path):
    assert got(f"input={path}").input == path


def test_lists_null_and_quotes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert got("input=[a (1).jpg, 'b,c.jpg' ,x=1.jpg]", name="infer").input == ["a (1).jpg", "b,c.jpg", "x=1.jpg"]
    assert got("input='a b.jpg'").input == "a b.jpg"
    assert got("input=x", "photo=null").photo is None
    (tmp_path / "[a,b]").mkdir()
    assert got("input=[a,b]").input == "[a,b]"
