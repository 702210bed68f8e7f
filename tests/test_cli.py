"""Options on the command line: what arrives, and that any mistake is one sentence."""

import dataclasses
import os
import re

import pytest

from bupose.cli import hydra_app, schemas
from bupose.errors import BuposeError, OptionsError
from bupose.methods.paf import DecodeOptions


def got(*arguments, name="group"):
    """The options a script gets."""
    answer = hydra_app.run(lambda options: options, name, list(arguments))
    assert not isinstance(answer, int), "refused"
    return answer


def refused(capsys, *arguments, name="group"):
    """The sentence a user gets, its beginning cut off."""
    assert hydra_app.run(lambda options: pytest.fail("was run"), name, list(arguments)) == hydra_app.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    return said.err[7:]


def test_options_are_those_of_the_dataclass():
    options = got("input=x", "stride=4", "scale=0.5", "decoder.min_joints=5", "openpose=false")
    assert (options.stride, options.scale, options.openpose) == (4, 0.5, False)
    assert options.decoder.min_joints == 5
    assert options.decoder.samples is None
    assert got("input=x", "decoder=everything").decoder.min_joints == 1
    assert got("input=x", "decoder=sure", "decoder.at_least.min_joints=6").decoder.at_least["min_joints"] == 6
    assert got("annotations=x", "images=y", name="evaluate").decoder.min_person_score is None
    assert got("input=x", name="infer").scales is None
    assert got("input=x", "scales=[1,0.5]", name="infer").scales == [1.0, 0.5]


def test_every_decode_option_can_be_overridden():
    default = {f.name: f.default for f in dataclasses.fields(DecodeOptions)}
    decoder = got("input=x", *(f"decoder.{name}={value}" for name, value in default.items())).decoder
    assert {name: getattr(decoder, name) for name in default} == default


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["stirde=4"], ["'stirde'", "did you mean 'stride'"]),
        (["stride=abc"], ["stride is 'abc'", "whole number"]),
        (["stride=2.5"], ["stride", "whole number"]),
        (["openpose=maybe"], ["openpose", "true or false"]),
        (["scale=[1]"], ["scale", "number from", "or null"]),
        (["decoder.peak_treshold=0.1"], ["peak_treshold", "did you mean 'peak_threshold'"]),
        (["+decoder.nope=1"], ["decoder.nope", "min_joints"]),
        (["++nope=1"], ["nope", "stride"]),
        (["decoder=nope"], ["decoder is 'nope'", "default, everything, sure"]),
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
        ("head.options.space_to_depth=true", "head", {"space_to_depth": True}),
        ("+head.options.space_to_depth=true", "head", {"space_to_depth": True}),
        ("head.options={layers:5,space_to_depth:true}", "head", {"layers": 5, "space_to_depth": True}),
        ("trunk.options.out_stride=4", "trunk", {"out_stride": 4}),
        ("trunk.options={}", "trunk", {}),
    ],
)
def test_free_options_need_no_plus(argument, part, value):
    assert getattr(got(argument, "hydra.run.dir=.", "hydra.output_subdir=null", name="train"), part).options == value


def test_free_options_are_added_to_those_of_a_preset():
    options = got(
        "head=plain_fine", "head.options={layers:5}", "head.options.space_to_depth=true", "optim.factors.trunk=0.1",
        "note={a:1}", "note.b='c, d'", "hydra.run.dir=.", "hydra.output_subdir=null", name="train",
    )  # fmt: skip
    assert options.head.options == {"upsample": True, "layers": 5, "space_to_depth": True}
    assert options.optim.factors == {"trunk": 0.1}
    assert options.note == {"a": 1, "b": "c, d"}


def test_no_input(capsys):
    assert "input=" in refused(capsys)
    assert "input=" in refused(capsys, name="infer")


def test_what_the_program_itself_refuses(capsys, monkeypatch):
    def task(options):
        raise OptionsError("there is no moon")

    assert hydra_app.run(task, "group", ["input=x"]) == hydra_app.USAGE
    assert capsys.readouterr().err == "error: there is no moon\n"
    monkeypatch.setenv("BUPOSE_DEBUG", "1")
    with pytest.raises(OptionsError):
        hydra_app.run(task, "group", ["input=x"])


def test_a_bug_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        hydra_app.run(lambda options: 1 / 0, "group", ["input=x"])


def test_interruption(capsys):
    def task(options):
        raise KeyboardInterrupt("after 3 pictures")

    assert hydra_app.run(task, "group", ["input=x"]) == hydra_app.INTERRUPTED
    assert capsys.readouterr().err == "interrupted after 3 pictures\n"


def test_what_the_task_returns_is_returned_and_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    assert hydra_app.run(lambda options: 1, "group", ["input=x"]) == 1
    assert list(tmp_path.iterdir()) == []
    assert dict(os.environ) == before


@pytest.mark.parametrize("flag", [["--cfg", "job"], ["--cfg=job"], ["-c", "job"]])
@pytest.mark.parametrize("first", [True, False])
def test_the_options_as_composed(capsys, flag, first):
    """Shown without a run, also where files are named without a key: a flag's value is none."""
    arguments = [*flag, "a.csv", "to=dlc"] if first else ["a.csv", "to=dlc", *flag]
    assert not hydra_app.run(lambda options: pytest.fail("was run"), "convert", arguments, "input")
    told = capsys.readouterr().out
    assert "input: a.csv\n" in told
    assert "scorer: DLC_bupose\n" in told


def test_help(capsys):
    assert hydra_app.run(lambda options: pytest.fail("was run"), "group", ["--help"]) == 0
    said = capsys.readouterr().out
    for f in dataclasses.fields(schemas.schema("group")):
        assert f.name in said


@pytest.mark.parametrize("name", ["infer", "group", "evaluate"])
def test_every_option_is_described(name, capsys):
    hydra_app.run(lambda options: pytest.fail("was run"), name, ["--help"])
    said = capsys.readouterr().out
    for f in dataclasses.fields(schemas.schema(name)):
        assert re.search(rf"^([\w, ]+, )?{f.name}(, [\w, ]+|\.\*)? : ", said, re.M), f.name


@pytest.mark.parametrize("preset", sorted(f.stem for f in (schemas.folder() / "decoder").glob("*.yaml")))
def test_every_preset_composes(preset):
    assert got("input=x", f"decoder={preset}").decoder is not None


def test_unknown_option_is_a_bupose_error():
    with pytest.raises(BuposeError):
        schemas.find_option(schemas.schema("group"), "no.such")


FORBIDDEN = [
    "hydra.callbacks.x._target_=os.mkdir",
    "+hydra.callbacks={x:{_target_:os.mkdir,path:sprung}}",
    "++hydra.callbacks.x={_target_:os.mkdir,path:sprung}",
    "hydra.launcher._target_=os.mkdir",
    "+hydra.launcher.path=sprung",
    "hydra.launcher={_target_:os.mkdir,path:sprung}",
    "hydra.launcher.n_jobs={_target_:os.mkdir}",
    "hydra.launcher.setup=[rm]",
    "+hydra.launcher.additional_parameters={prolog:x}",
    "hydra.sweeper._target_=os.mkdir",
    "hydra.sweeper.params={hydra.run.dir:x}",
    "+hydra.sweeper.custom_search_space=os.mkdir",
    "hydra.sweeper.sampler._target_=os.mkdir",
    "hydra.job_logging={version:1,handlers:{x:{():os.mkdir,path:sprung}}}",
    "+hydra.job_logging.handlers.x={class:os.mkdir}",
    "hydra.hydra_logging={version:1,filters:{x:{():os.mkdir,path:sprung}}}",
    "hydra/job_logging=default",
    "hydra/launcher=../../x",
    "hydra/launcher=joblib",
    "hydra/callbacks=x",
    "hydra.searchpath=[file:///tmp]",
    "hydra.job.env_set={LD_PRELOAD:x.so}",
    "hydra.job.chdir=true",
    "hydra.help.template=x",
    "hydra.verbose=true",
    "hydra={_target_:os.mkdir}",
    "~hydra.launcher",
    "+decoder@hydra.callbacks.x=sure",
    "decoder@_global_=sure",
    "decoder@hydra=sure",
]


@pytest.mark.parametrize("argument", FORBIDDEN)
@pytest.mark.parametrize("sweep", [[], ["-m"]], ids=["once", "swept"])
def test_nothing_given_to_hydra_names_code_files_or_commands(capsys, tmp_path, monkeypatch, argument, sweep):
    monkeypatch.chdir(tmp_path)
    refused(capsys, "input=x", *sweep, argument)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "flag",
    [
        "--experimental-rerun=config.pickle",
        "--experimental=x",
        "--config-dir=/tmp",
        "-cd=/tmp",
        "-cd/tmp",
        "--config-path=/tmp",
        "--config-name=x",
        "--config-n=x",
        "--shell-completion=install=bash",
        "--",
    ],
)
def test_flags_that_read_other_files_are_none(capsys, flag):
    assert repr(flag) in refused(capsys, "input=x", flag)


def test_a_configuration_beside_the_program_is_not_read(capsys, tmp_path, monkeypatch):
    """What somebody puts into the folder where bupose is started changes nothing."""
    (tmp_path / "group.yaml").write_text("hydra:\n  callbacks:\n    x: {_target_: os.mkdir, path: sprung}\n")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "group.yaml").write_text("stride: 2\n")
    monkeypatch.chdir(tmp_path)
    assert got("input=x").stride == 8
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "argument",
    [
        "decoder.samples=" + "9" * 5000,
        "decoder.samples=" + "[" * 3000,
        "decoder.samples=" + "{a:" * 200 + "1" + "}" * 200,
        "decoder.samples=1e999",
        "decoder.samples=-1",
        "decoder.samples=١٢",
        "decoder.samples=1000000",
        "decoder.samples=nan",
        "decoder.joint_score_exponent=nan",
        "decoder.joint_score_exponent=-inf",
        "decoder.matching=[hungarian]",
        "stride=1000000",
        "stride=" + "9" * 400,
        "scale=inf",
        "scale=nan",
        "scale=0",
        "output=",
        "output=''",
        "photo=",
        "photo=" + "x" * 300 + ".jpg",
        "photo=" + "x/" * 3000,
        "skeleton=",
        "skeleton=x\0y",
        "layout=[openpose]",
        "openpose=1e5",
        "decoder={samples:3}",
        "decoder=[1,2]",
        "stride=${nope}",
        "stride=${oc.env:NOPE_NOPE}",
        "stride=${oc.create:{a:1}}",
        "stride=${stride}",
        "stride=${",
    ],
    ids=lambda argument: argument[:40],
)
def test_odd_values_are_one_short_sentence(capsys, argument):
    assert len(refused(capsys, "input=x", argument)) < 500
