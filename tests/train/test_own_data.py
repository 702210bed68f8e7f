"""From a CVAT export to people found, as docs/own_data.md has it; and the command that goes on after Ctrl-C."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bupose import weights
from bupose.cli import main
from bupose.train.summary import read_runs

ROOT = Path(__file__).resolve().parents[2]
SHORT = ["debug=quick", "logger.every=100"]


@pytest.fixture
def run(folder, monkeypatch, capsys):
    """Runs a command in the folder, in this process, and gives what it printed."""
    monkeypatch.chdir(folder)

    def run(words: list[str]) -> str:
        capsys.readouterr()
        status = main(words[1:])
        printed = capsys.readouterr()
        assert status == 0, f"{words}: {printed.err}"
        return printed.out

    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory, monkeypatch_module):
    """A folder with a few crabs, of a category that is not the first."""
    folder = tmp_path_factory.mktemp("beach")
    subprocess.run([sys.executable, str(ROOT / "scripts/draw_crabs.py"), "crabs", "8"], cwd=folder, check=True)
    file = folder / "crabs" / "annotations" / "person_keypoints_default.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    for entry in data["annotations"]:
        entry["category_id"] = 5
    data["categories"][0]["id"] = 5
    file.write_text(json.dumps(data))
    return folder


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("OMP_NUM_THREADS", "1")
        yield patch


def test_the_tutorial_runs(folder, run):
    """Every command of the page, a few steps of training, on few pictures."""
    page = (ROOT / "docs" / "own_data.md").read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"^```bash\n(.*?)^```", page, re.M | re.S) for line in block.splitlines()]
    draw, check, train, infer, evaluate = [shlex.split(line) for line in lines]
    assert draw[1] == "scripts/draw_crabs.py"
    assert "Joints matched: 6 of 6 of crab." in run(check)
    told = run([*train, *SHORT])
    for said in ("207 tensors taken", "Held out for validation: 2 of 8 pictures.", "step 6 of 6", "AP "):
        assert said in told
    network = folder / "crabs" / "network"
    assert (network / "found.png").is_file()
    config = weights.load(network / "best.safetensors").config
    assert config.skeleton.joints == ("front", "back", "left_elbow", "left_claw", "right_elbow", "right_claw")
    assert config.category == {"id": 5, "name": "crab", "keypoints": list(config.skeleton.joints)}
    run([*infer, "decoder=everything", "decoder.peak_threshold=0.001"])
    found = folder / "crabs" / "found"
    assert len(list((found / "overlays").iterdir())) == 8
    assert not (found / "openpose").exists()
    results = json.loads((found / "coco_results.json").read_text(encoding="utf-8"))
    assert {(result["category_id"], len(result["keypoints"])) for result in results} == {(5, 18)}
    assert "AP" in run([*evaluate, "limit=2"])


LONG = ["bupose", "train", "experiment=tiny_synthetic", "data=coco", "hold_out=0.3", *SHORT]
LONG += ["data.annotations=crabs/annotations/person_keypoints_default.json", "data.images=crabs/images/default"]
LONG += ["trainer.steps=40", "trainer.validate_every=40", "trainer.save_every=5"]


def interrupt(words: list[str], folder: Path, ready: Callable[[str], bool], number=signal.SIGINT) -> str:
    """Ctrl-C, or another signal, as soon as a line that is printed is ``ready``; the command that is named then."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    train = subprocess.Popen(
        [sys.executable, "-m", "bupose", *words[1:]], cwd=folder, text=True, start_new_session=True, **pipes
    )
    try:
        assert any(ready(line) for line in train.stdout), train.stderr.read()
        os.killpg(train.pid, number)  # as a terminal or a scheduler does: to the workers, too
        _, told = train.communicate(timeout=300)
    finally:
        train.kill()
    assert train.returncode == 128 + number, told
    (way_on,) = re.findall("^go on with: (.*)$", told, re.M)
    return way_on


def saved(path: Path) -> Callable[[str], bool]:
    """Whether a run has begun, and its first checkpoint has come."""

    def wait(line: str) -> bool:
        deadline = time.monotonic() + 300
        while "training pictures" in line and not path.is_file() and time.monotonic() < deadline:
            time.sleep(0.05)
        return path.is_file()

    return wait


@pytest.mark.parametrize(
    ("place", "words", "number"),
    [("hydra.run.dir=a run", [], signal.SIGTERM), ("output=mine", [], signal.SIGINT)],
)
def test_a_signal_prints_the_command_that_goes_on(folder, run, place, words, number):
    """With a real signal, which workers get, too. Nothing else of the run lies about."""
    run_folder = place.partition("=")[2]
    way_on = interrupt([*LONG, place], folder, saved(folder / run_folder / "last.ckpt"), number)
    assert shlex.split(way_on) == ["bupose", "train", *words, f"resume={run_folder}"]
    assert not (folder / run_folder / "result.json").exists()
    assert not (folder / "runs").exists()
    assert "step 40 of 40" in run(shlex.split(way_on))
    assert (folder / run_folder / "result.json").is_file()
    (made,) = read_runs([folder / run_folder])
    assert made.options["trainer.steps"] == "40"


@pytest.mark.parametrize("moment", ["timing some steps", "training pictures"])
def test_before_the_first_checkpoint_it_is_the_same_command(folder, moment):
    words = [*LONG, "trainer.minutes=1", f"output={moment}"]
    assert shlex.split(interrupt(words, folder, lambda line: moment in line)) == words
