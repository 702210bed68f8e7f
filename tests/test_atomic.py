"""Files are whole or not there, whatever interrupts their writing, and nothing half-written stays."""

import errno
import os
import signal
import stat
import subprocess
import sys
from contextlib import suppress

import pytest

from bupose import atomic
from bupose.atomic import replacing, workspace, write_bytes, write_text
from bupose.errors import DiskError, InputError

HOLD = """
import sys, time
from pathlib import Path
from bupose.atomic import replacing, workspace
with replacing(sys.argv[1] + "/x.bin") as partial, workspace(Path(sys.argv[1], "y.bin")) as place:
    partial.write_bytes(b"half")
    (place / "y.bin").write_bytes(b"half")
    print("there", flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def sweep_again(monkeypatch):
    """Every test looks for leftovers, as a process does once for each folder."""
    monkeypatch.setattr(atomic, "_swept", set())


def left(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "x.txt"
    write_text(path, "old")
    with suppress(KeyError), replacing(path) as partial:
        partial.write_text("half")
        raise KeyError
    assert path.read_text(encoding="utf-8") == "old"
    with replacing(path, ".txt") as partial:
        assert partial.suffix == ".txt"
        partial.write_text("new")
        assert path.read_text(encoding="utf-8") == "old"
    assert path.read_text(encoding="utf-8") == "new"
    assert left(path.parent) == ["x.txt"]


def test_what_utf8_has_no_code_for_is_escaped(tmp_path):
    write_text(tmp_path / "x.txt", "a\udc80é")
    assert (tmp_path / "x.txt").read_text(encoding="utf-8") == "a\\udc80é"


@pytest.mark.skipif(os.name != "posix", reason="needs file locks that end with a process")
def test_leftovers_of_a_killed_process_go_and_those_of_a_living_one_stay(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "there\n"
    half = left(tmp_path)
    assert len(half) == 2
    (tmp_path / ".0123456789ab.part").touch()  # somebody else's
    write_bytes(tmp_path / "z.bin", b"")
    assert left(tmp_path) == sorted([*half, ".0123456789ab.part", "z.bin"])
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    atomic._swept.clear()
    write_bytes(tmp_path / "z.bin", b"")
    assert left(tmp_path) == [".0123456789ab.part", "z.bin"]


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_permissions(tmp_path):
    mask = os.umask(0o027)
    try:
        write_bytes(tmp_path / "x", b"")
        assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640
        (tmp_path / "x").chmod(0o600)
        write_bytes(tmp_path / "x", b"again")
        assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o600
    finally:
        os.umask(mask)


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
def test_what_is_no_file(tmp_path):
    (tmp_path / "kept").write_text("old")
    (tmp_path / "link").symlink_to("kept")
    write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "kept").read_text(encoding="utf-8") == "new"
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    wrong = {"pipe": "not a file", "folder": "is a folder", "kept/x": "directory", "n" * 300: "long"}
    for name, words in wrong.items():
        with pytest.raises(InputError, match=words):
            write_text(tmp_path / name, "new")
    with pytest.raises(InputError, match="null"):
        write_text(tmp_path / "a\0b", "new")
    assert left(tmp_path) == ["folder", "kept", "link", "pipe"]


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, DiskError), (errno.EDQUOT, DiskError), (errno.EACCES, InputError)]
)
def test_a_disk_that_fails_is_told_from_a_file_that_does(tmp_path, number, kind):
    sentence = f"cannot write '.*x': {os.strerror(number)}; .*choose another"
    with pytest.raises(InputError, match=sentence) as told, replacing(tmp_path / "x"):
        raise OSError(number, os.strerror(number))
    assert type(told.value) is kind
    assert left(tmp_path) == []


def test_a_workspace_goes_however_it_ends(tmp_path):
    with workspace(tmp_path / "new" / "x") as place:
        (place / "a").touch()
        os.replace(place / "a", tmp_path / "a")
    with suppress(KeyError), workspace(tmp_path / "new" / "x") as place:
        (place / "b").touch()
        raise KeyError
    assert left(tmp_path / "new") == []
