"""The console command: what it lists, how paths and options reach the commands, and what a mistake gets."""

import importlib.metadata
import json
import os
import runpy
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import pytest

import bupose
from bupose import cli, weights
from bupose.errors import OptionsError
from bupose.nn import NetworkConfig, PoseNet
from bupose.skeletons import COCO18

HEAVY = {"numpy", "torch", "cv2", "numba", "hydra", "omegaconf", "scipy", "matplotlib", "yaml", "lightning", "gradio"}
PLAIN = {"hydra_app", "quoting", "schemas", "pairs"}  # modules of the package that are no command
SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


@pytest.fixture
def trained(monkeypatch):
    """The options that bupose train gets."""
    got = []
    monkeypatch.setattr(import_module("bupose.cli.train"), "train", lambda o, _: got.append(o) or 0.0)
    return got


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A network that sees nobody: quick, also to group."""
    net = PoseNet(NetworkConfig(COCO18, "mobilenet_v2", "plain", {"width": 0.25}, preprocess={"height": 64}))
    for values in net.parameters():
        values.data.zero_()
    return weights.save(net, tmp_path_factory.mktemp("net") / "my net, v=1.safetensors")


def refused(capsys, *arguments):
    """The sentence a user gets, its beginning cut off."""
    assert cli.main(arguments) == cli.USAGE
    said = capsys.readouterr()
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    return said.err[7:]


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"]])
def test_the_commands_are_listed_one_a_line(arguments, capsys):
    assert cli.main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    for name, what in cli.COMMANDS.items():
        assert [line for line in lines if line.split()[:1] == [name] and what in line]
    assert max(map(len, lines)) <= 120


def test_every_module_is_a_listed_command():
    modules = {p.stem for p in Path(cli.__file__).parent.glob("*.py")} - {"__init__", *PLAIN}
    assert modules == {name.replace("-", "_") for name in cli.COMMANDS}


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"bupose {bupose.__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["--help"], ["--version"], ["infr"]])
def test_listing_loads_nothing_heavy(arguments):
    code = f"import sys; from bupose.cli import main; main({arguments}); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {name.partition(".")[0] for name in done.stderr.split()} & HEAVY


def test_installed_as_a_console_command(tmp_path):
    project = tomllib.loads((SCRIPTS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    entry = importlib.metadata.EntryPoint("bupose", project["scripts"]["bupose"], "console_scripts")
    assert entry.load() is cli.main
    done = subprocess.run([sys.executable, "-m", "bupose", "nope"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == cli.USAGE
    assert "'nope'" in done.stderr


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help(name, capsys):
    try:
        status = cli.main([name, "--help"])
    except SystemExit as stop:  # argparse
        status = stop.code
    said = capsys.readouterr().out
    assert status in (0, None)
    assert f"bupose {name}" in said


@pytest.mark.parametrize("name", ["check-data", "check_data"])
def test_a_command_may_be_written_as_its_script(name, capsys):
    assert cli.main([name, "--help"]) == 0
    assert "defects" in capsys.readouterr().out


@pytest.mark.parametrize("name", [n for n in cli.COMMANDS if (SCRIPTS / f"{n.replace('-', '_')}.py").exists()])
def test_scripts_are_the_commands(name, capsys, monkeypatch):
    script = SCRIPTS / f"{name.replace('-', '_')}.py"
    monkeypatch.setattr(sys, "argv", [str(script), "--help"])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(script), run_name="__main__")
    said = capsys.readouterr().out
    assert not stop.value.code
    assert cli.main([name, "--help"]) == 0
    assert capsys.readouterr().out == said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["infr"], ["'infr'", "did you mean 'infer'"]),
        (["importweights"], ["'import-weights'"]),
        (["xyz"], ["there are demo, infer"]),
        (["--verbose"], ["--verbose"]),
        ([__file__], [f"bupose infer {__file__}"]),
        (["infer"], ["there is no input"]),
        (["infer", "no such.jpg"], ["'no such.jpg'"]),
        (["infer", "stirde=4"], ["'stirde'"]),
        (["infer", "no=such.jpg"], ["'no'"]),
        (["infer", "a.jpg", "input=b.jpg"], ["both"]),
        (["infer", "a.jpg", "--flip"], ["flip=true"]),
        (["infer", "a.jpg", "flip=perhaps"], ["true or false"]),
        (["group", "a.npz", "b.npz"], ["input"]),
        (["train", "tiny_synthetic"], ["'tiny_synthetic'", "key=value"]),
        (["train", "experiment=nope"], ["default"]),
        (["summarize", "no folder"], ["no folder"]),
        (["summarize", "runs", "metric=PQ"], ["metric is 'PQ'", "AP50"]),
        (["summarize", "runs", "plt=x.png"], ["plt=x.png", "plot="]),
        (["benchmark", "part=all", "photos=many"], ["photos is 'many'"]),
        (["benchmark", "part=nets"], ["part is 'nets'", "grouping"]),
        (["benchmark", "grouping"], ["'grouping' is no option"]),
        (["benchmark", "part=systems", "networks=nowhere"], ["no finished run", "nowhere"]),
        (["demo", "people=-3"], ["people is '-3'"]),
        (["demo", "no photo.jpg"], ["'no photo.jpg'"]),
        (["doctor", "--jsn"], ["--json"]),
    ],
)
def test_mistakes_are_one_sentence(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = refused(capsys, *arguments)
    for word in words:
        assert word in said
    assert list(tmp_path.iterdir()) == []


def test_training_and_sweeps(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["train", "experiment=tiny_synthetic", "head.options.width=48"]) == 0
    assert cli.main(["train", "-m", "experiment=tiny_synthetic", "optim.lr=0.1,0.2", "hydra.sweep.dir=s"]) == 0
    assert [o.optim.lr for o in trained] == [3e-3, 0.1, 0.2]
    assert trained[0].head.options == {"width": 48}
    assert [Path(o.output).name for o in trained[1:]] == ["0", "1"]


@pytest.mark.parametrize("place", ["output=file/run", "hydra.run.dir=file/run", "hydra.sweep.dir=file/run"])
def test_a_folder_that_hydra_cannot_make(trained, place, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    sweep = ["-m", "optim.lr=0.1,0.2"] if "sweep" in place else []
    assert cli.main(["train", "experiment=tiny_synthetic", *sweep, place]) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: cannot write to the folder 'file/run'")
    assert told.count("\n") == 1
    assert not trained


def test_lightning_starts_its_processes_with_the_command(monkeypatch, tmp_path):
    """What it would run for the second GPU is the same training in the same folder."""
    launcher = pytest.importorskip("lightning.fabric.strategies.launchers.subprocess_script")
    train = import_module("bupose.cli.train")
    monkeypatch.chdir(tmp_path)
    seen = []
    monkeypatch.setattr(train, "train", lambda o, _: seen.append((o, launcher._hydra_subprocess_cmd(1)[0])) or 0.0)
    before = sys.modules["__main__"].__spec__
    assert cli.main(["train", "experiment=tiny_synthetic", "head.options={width:8}", "hydra.run.dir=a run"]) == 0
    assert sys.modules["__main__"].__spec__ is before
    options, (python, minus_m, module, *rest) = seen[0]
    assert (python, minus_m, module) == (sys.executable, "-m", "bupose.cli.train")
    assert train.run(rest) == 0
    assert seen[1][0] == options


def test_the_training_command_is_a_program(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["train", "--help"])
    monkeypatch.delitem(sys.modules, "bupose.cli.train", raising=False)
    with pytest.raises(SystemExit) as stop:
        runpy.run_module("bupose.cli.train", run_name="__main__")
    assert stop.value.code == 0
    assert "an evaluated network file" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("package", "command", "words"),
    [
        ("lightning", "train", ["lightning", 'pip install --upgrade "bupose[train]"']),
        ("cv2", "infer", ["cv2", "opencv-python"]),
    ],
)
def test_a_missing_package_is_named_with_its_remedy(package, command, words):
    code = f"import sys; sys.modules[{package!r}] = None; from bupose.cli import main; sys.exit(main([{command!r}]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == cli.USAGE
    assert done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr


def test_interruptions_bugs_and_debugging(monkeypatch, capsys):
    doctor = import_module("bupose.cli.doctor")

    def fail(problem):
        def run(arguments):
            raise problem

        monkeypatch.setattr(doctor, "run", run)

    fail(KeyboardInterrupt())
    assert cli.main(["doctor"]) == cli.INTERRUPTED
    assert capsys.readouterr().err == "interrupted\n"
    fail(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        cli.main(["doctor"])
    monkeypatch.setenv("BUPOSE_DEBUG", "1")
    fail(OptionsError("no"))
    with pytest.raises(OptionsError):
        cli.main(["doctor"])


def test_infer_from_another_folder(network, tmp_path):
    """All of it, as from a shell."""
    names = ["my, photo=1 [a].png", "é 日.png"]
    for name in names:
        (tmp_path / name).write_bytes(cv2.imencode(".png", np.full((40, 60, 3), 90, np.uint8))[1].tobytes())
    command = [sys.executable, "-m", "bupose", "infer", *names, f"weights={network}", "output=o ut", "device=cpu"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", env=environment)
    assert done.returncode == 0, done.stderr
    assert "2 pictures, 0 people, 0 failed" in done.stdout
    assert sorted(p.name for p in (tmp_path / "o ut" / "overlays").iterdir()) == [f"{n[:-4]}.jpg" for n in names]


def test_demo(network, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["demo", f"weights={network}", "output=d emo", "people=3"]) == 0
    said = capsys.readouterr().out
    assert "crowd.png: 0 found, 3 drawn" in said
    told = [line.removeprefix("wrote ") for line in said.splitlines() if line.startswith("wrote ")]
    for name in ("crowd.png", "overlays/crowd.jpg", "fields_pictures/crowd.jpg", "coco_results.json"):
        assert f"d emo/{name}" in told
    assert all(Path(path).is_file() for path in told)
    assert cv2.imread("d emo/overlays/crowd.jpg").shape == (544, 960, 3)
    assert json.loads(Path("d emo/coco_results.json").read_text(encoding="utf-8")) == []


def test_demo_of_a_photo(network, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("it's, =1.png").write_bytes(cv2.imencode(".png", np.full((40, 60, 3), 90, np.uint8))[1].tobytes())
    Path("broken.jpg").write_text("no picture", encoding="utf-8")
    assert cli.main(["demo", "it's, =1.png", f"weights={network}"]) == 0
    assert "it's, =1.png: 0 found\n1 picture," in capsys.readouterr().out
    assert not Path("out/demo/crowd.png").exists()
    assert cli.main(["demo", "broken.jpg", f"weights={network}"]) == 1
    assert "damaged" in capsys.readouterr().err
