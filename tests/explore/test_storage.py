"""The explorer's files go with it, also where it was killed, and with nothing else of anybody's."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bupose.errors import InputError
from bupose.explore import storage
from bupose.explore.storage import TABS, TAKEN, Uploads, release_taken, remove_abandoned, temporary_folder

HOLD = """
import sys, time
from bupose.explore.storage import temporary_folder
with temporary_folder() as folder:
    (folder / "upload").write_text("a photo")
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_killed_explorers_files_go_when_the_next_one_starts(temporary):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(temporary)}
    )
    left = Path(other.stdout.readline().strip())
    with temporary_folder() as folder:
        assert (left / "upload").read_text(encoding="utf-8") == "a photo"  # it still runs
        other.kill()
        other.communicate()
        assert left.exists()
        with temporary_folder() as second:
            assert not left.exists()
            assert folder.exists()
            assert second != folder
    assert list(temporary.iterdir()) == []


def test_nobody_elses_files_are_touched(temporary, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / storage.LOCK).touch()
    (temporary / f"{storage.PREFIX}link").symlink_to(elsewhere)
    (temporary / f"{storage.PREFIX}file").touch()
    (temporary / f"{storage.PREFIX}without-lock").mkdir()
    (temporary / "bupose-other").mkdir()
    before = sorted(temporary.iterdir())
    remove_abandoned(temporary)
    assert sorted(temporary.iterdir()) == before
    assert (elsewhere / storage.LOCK).exists()


def test_room_counts_what_is_there_and_what_is_coming(temporary, monkeypatch):
    monkeypatch.setattr(storage, "ROOM", 1000)
    with temporary_folder() as folder:
        uploads = Uploads(folder)
        (folder / TABS / "film").write_bytes(bytes(300))
        with uploads.expect(400):
            with pytest.raises(InputError, match="no room"), uploads.expect(301):
                pass
            with uploads.expect(300):
                pass
        with uploads.expect(700):
            pass


def test_a_tab_takes_and_releases(temporary):
    with temporary_folder() as folder:
        uploads, tab = Uploads(folder), folder / TABS / "one"
        taken = []
        for n in range(3):
            (folder / "hash").mkdir()
            (folder / "hash" / "a.png").write_text(str(n))
            taken.append(uploads.take(folder / "hash" / "a.png", tab))
        assert [path.read_text(encoding="utf-8") for path in taken] == ["0", "1", "2"]
        assert not (folder / "hash").exists()
        release_taken(tab, taken[1])
        assert [path.exists() for path in taken] == [False, True, False]
        release_taken(tab, None)
        assert list((tab / TAKEN).iterdir()) == []
        assert not uploads.take(folder / "hash" / "gone.png", tab).exists()
