"""Who may write to an output folder."""

import json
import os
import signal
import subprocess
import sys

import pytest

from bupose.errors import BuposeError, InputError
from bupose.folder import LOCK, OutputFolder, open_output

HOLD = """
import sys, time
from bupose.folder import OutputFolder
with OutputFolder(sys.argv[1]):
    print("there", flush=True)
    time.sleep(600)
"""


def folder(path, flip=False, **values):
    values = {"results": ("images.json", "overlays")} | values
    return OutputFolder(path, {"input": "photos", "flip": flip}, **values)


def finish(path, **values):
    """A whole run."""
    with folder(path, **values) as output:
        (output.path / "images.json").write_text("[]")
        output.finish()


@pytest.mark.skipif(os.name != "posix", reason="needs file locks that end with a process")
def test_one_process_at_a_time_and_no_stale_lock(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "there\n"
    with pytest.raises(InputError, match=rf"another bupose \(process {process.pid} on .*wait for it") as told:
        finish(tmp_path)
    assert "\n" not in str(told.value)
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(InputError, match="another bupose"):
        finish(tmp_path / "link", overwrite=True)
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    assert (tmp_path / LOCK).exists()
    finish(tmp_path)
    assert not (tmp_path / LOCK).exists()


def test_within_one_process_too(tmp_path):
    with folder(tmp_path), pytest.raises(InputError, match="another bupose"), folder(tmp_path):
        pass
    with folder(tmp_path):
        pass


def test_the_same_run_may_replace_its_results_and_no_other(tmp_path):
    for _ in range(2):
        finish(tmp_path)
    assert json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["input"] == "photos"
    with pytest.raises(InputError, match=r"another run \(flip=False, now True\); .*overwrite=true"):
        finish(tmp_path, flip=True)
    finish(tmp_path, flip=True, overwrite=True)
    with pytest.raises(InputError, match="flip=True, now False"):
        finish(tmp_path)


@pytest.mark.parametrize("damage", ["", "[]", "{", "[" * 100_000, '"flip"', None])
def test_results_of_unknown_origin_are_not_replaced(tmp_path, damage):
    finish(tmp_path)
    if damage is None:
        (tmp_path / "run.json").unlink()
    else:
        (tmp_path / "run.json").write_text(damage)
    with pytest.raises(InputError, match="unknown origin"):
        finish(tmp_path)


def test_a_command_replaces_its_own_results_alone(tmp_path):
    """Where nothing can be overwritten on request, no such request is advised."""
    finish(tmp_path)
    other = OutputFolder(tmp_path, {"command": "evaluate"}, ["images.json"], overwrite=None)
    with pytest.raises(InputError, match=r"command=None, now 'evaluate'\); choose another output$"), other:
        pass


def test_other_files_are_no_results(tmp_path):
    (tmp_path / "photo.jpg").touch()
    (tmp_path / "overlays").mkdir()
    finish(tmp_path)
    (tmp_path / "images.json").unlink()
    (tmp_path / "run.json").unlink()
    (tmp_path / "overlays" / "photo.jpg").touch()
    with pytest.raises(InputError, match="another run"):
        finish(tmp_path)


def test_an_interrupted_run_is_gone_on_with_or_overwritten(tmp_path):
    (tmp_path / "unfinished.jsonl").write_text("{}\n")  # nothing was found yet
    with folder(tmp_path):
        pass
    (tmp_path / "unfinished.jsonl").write_text("{}\n{")
    with pytest.raises(InputError, match="resume=true goes on with it, overwrite=true starts anew"), folder(tmp_path):
        pass
    for values in ({"resume": True}, {"overwrite": True}):
        with folder(tmp_path, **values):
            pass


def test_where_no_folder_is_chosen_each_run_gets_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    used = []
    for flip in (False, True, False, True):
        with open_output(None, "out", {"flip": flip}, results=("images.json",)) as output:
            (output.path / "images.json").write_text("[]")
            output.finish()
            used.append(str(output.path))
            if len(used) == 1:
                with open_output(None, "out", {"flip": flip}) as other:  # at the same time
                    used.append(str(other.path))
    assert used == ["out", "out-2", "out-2", "out", "out-2"]


def test_no_folder(tmp_path):
    (tmp_path / "file").touch()
    for path in ("", tmp_path / "file", tmp_path / "file" / "below", tmp_path / ("n" * 300)):
        with pytest.raises(BuposeError, match=r"choose another output|give a folder") as told, OutputFolder(path):
            pass
        assert "\n" not in str(told.value)
