"""Any path gets through hydra, and any mistake is one sentence."""

import dataclasses
import os
import re

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import example, given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from bupose import cli, config
from bupose.codec import DecodeOptions
from bupose.errors import BuposeError, OptionsError

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
    override = OverridesParser.create().parse_override("input=" + cli.quote(text))
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
    answer = cli.run(lambda options: options, name, list(arguments))
    assert not isinstance(answer, int), "refused"
    return answer


def refused(capsys, *arguments, name="group"):
    """The sentence a user gets, its beginning cut off."""
    assert cli.run(lambda options: pytest.fail("was run"), name, list(arguments)) == cli.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    return said.err[7:]


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


def test_options_are_those_of_the_dataclass():
    options = got("input=x", "stride=4", "scale=0.5", "decoder.min_joints=5", "openpose=false")
    assert (options.stride, options.scale, options.openpose) == (4, 0.5, False)
    assert options.decoder.min_joints == 5
    assert options.decoder.samples is None
    assert got("input=x", "decoder=everything").decoder.min_joints == 1
    assert got("annotations=x", "images=y", name="evaluate").decoder.min_person_score == 0
    assert got("annotations=x", "images=y", "decoder=default", name="evaluate").decoder.min_person_score is None
    assert got("input=x", name="infer").scales is None
    assert got("input=x", "scales=[1,0.5]", name="infer").scales == [1.0, 0.5]


def test_every_decode_option_can_be_overridden():
    for f in dataclasses.fields(DecodeOptions):
        assert getattr(got("input=x", f"decoder.{f.name}={f.default}").decoder, f.name) == f.default


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["stirde=4"], ["'stirde'", "did you mean 'stride'"]),
        (["stride=abc"], ["stride is 'abc'", "whole number"]),
        (["stride=2.5"], ["stride", "whole number"]),
        (["openpose=maybe"], ["openpose", "true or false"]),
        (["scale=[1]"], ["scale", "number or null"]),
        (["decoder.peak_treshold=0.1"], ["peak_treshold", "did you mean 'peak_threshold'"]),
        (["+decoder.nope=1"], ["decoder.nope", "min_joints"]),
        (["++nope=1"], ["nope", "stride"]),
        (["decoder=nope"], ["decoder is 'nope'", "default, everything, ranked, sure"]),
        (["decoder.min_person_score=7"], ["min_person_score", "0 to 1"]),
        (["decoder.matching=fast"], ["matching", "hungarian, greedy"]),
        (["layout=nope"], ["layout is 'nope'", "openpose, bupose"]),
        (["stride=1,2"], ["stride=[1,2]"]),
        (["stride=("], ["stride", "quote"]),
        (["~stride"], ["stride", "value"]),
        (["stride.x=1"], ["stride.x"]),
        (["photo.jpg"], ["input=photo.jpg"]),
        (["--flip"], ["'--flip'", "flip=true"]),
        (["--stride=4"], ["stride=4"]),
        (["stride=null"], ["stride", "whole number"]),
    ],
)
def test_mistakes(capsys, arguments, words):
    said = refused(capsys, "input=x", *arguments)
    for word in words:
        assert word in said


@pytest.mark.parametrize(
    ("argument", "part", "value"),
    [
        ("head.options.fold=true", "head", {"fold": True}),
        ("+head.options.fold=true", "head", {"fold": True}),
        ("head.options={layers:5,fold:true}", "head", {"layers": 5, "fold": True}),
        ("trunk.options.out_stride=4", "trunk", {"out_stride": 4}),
        ("trunk.options={}", "trunk", {}),
    ],
)
def test_free_options_need_no_plus(argument, part, value):
    assert getattr(got(argument, "hydra.run.dir=.", "hydra.output_subdir=null", name="train"), part).options == value


def test_free_options_are_added_to_those_of_a_preset():
    options = got(
        "head=plain_fine", "head.options={layers:5}", "head.options.fold=true", "optim.factors.trunk=0.1", "note={a:1}",
        "note.b='c, d'", "hydra.run.dir=.", "hydra.output_subdir=null", name="train",
    )  # fmt: skip
    assert options.head.options == {"upsample": True, "layers": 5, "fold": True}
    assert options.optim.factors == {"trunk": 0.1}
    assert options.note == {"a": 1, "b": "c, d"}


def test_no_input(capsys):
    assert "input=" in refused(capsys)
    assert "input=" in refused(capsys, name="infer")


def test_what_the_program_itself_refuses(capsys, monkeypatch):
    def task(options):
        raise OptionsError("there is no moon")

    assert cli.run(task, "group", ["input=x"]) == cli.USAGE
    assert capsys.readouterr().err == "error: there is no moon\n"
    monkeypatch.setenv("BUPOSE_DEBUG", "1")
    with pytest.raises(OptionsError):
        cli.run(task, "group", ["input=x"])


def test_a_bug_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        cli.run(lambda options: 1 / 0, "group", ["input=x"])


def test_interruption(capsys):
    def task(options):
        raise KeyboardInterrupt("after 3 pictures")

    assert cli.run(task, "group", ["input=x"]) == cli.INTERRUPTED
    assert capsys.readouterr().err == "interrupted after 3 pictures\n"


def test_what_the_task_returns_is_returned_and_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    assert cli.run(lambda options: 1, "group", ["input=x"]) == 1
    assert list(tmp_path.iterdir()) == []
    assert dict(os.environ) == before


def test_help(capsys):
    assert cli.run(lambda options: pytest.fail("was run"), "group", ["--help"]) == 0
    said = capsys.readouterr().out
    for f in dataclasses.fields(config.schema("group")):
        assert f.name in said


@pytest.mark.parametrize("name", ["infer", "group", "evaluate"])
def test_every_option_is_described(name, capsys):
    cli.run(lambda options: pytest.fail("was run"), name, ["--help"])
    said = capsys.readouterr().out
    for f in dataclasses.fields(config.schema(name)):
        assert re.search(rf"^([\w, ]+, )?{f.name}(, [\w, ]+|\.\*)? : ", said, re.M), f.name


@pytest.mark.parametrize("preset", sorted(f.stem for f in (config.folder() / "decoder").glob("*.yaml")))
def test_every_preset_composes(preset):
    assert got("input=x", f"decoder={preset}").decoder is not None


def test_unknown_option_is_a_bupose_error():
    with pytest.raises(BuposeError):
        config.find_option(config.schema("group"), "no.such")
