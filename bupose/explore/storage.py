"""Files of the explorer: a temporary folder of limited size, removed at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bupose.atomic import lock
from bupose.errors import InputError

PREFIX, LOCK = "bupose-explore-", ".lock"
ROOM = 2 * 10**9  # bytes, of all tabs together
WAITING = 8  # uploads that no tab has taken yet
PATIENCE = 600  # seconds after which such an upload is given up
TABS = "tabs"  # the folder of the tabs' own folders; all else are uploads
TAKEN = "taken"  # the folder in a tab's folder of what it took


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder of this process, removed at the end; folders of killed explorers are removed at the start."""
    remove_abandoned(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
    with (folder / LOCK).open("w") as held:
        lock(held.fileno())
        (folder / TABS).mkdir()
        try:
            yield folder
        finally:
            held.close()
            shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned(parent: Path) -> None:
    """Remove the folders of this user's explorers that no longer run: nobody holds their locks."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if folder.is_symlink() or (hasattr(os, "getuid") and folder.lstat().st_uid != os.getuid()):
                continue
            with (folder / LOCK).open("r+") as held:
                abandoned = lock(held.fileno())
            if abandoned:
                shutil.rmtree(folder, ignore_errors=True)


class Uploads:
    """The uploads in a folder: they lie beside ``tabs`` until a tab takes them.

    Parameters
    ----------
    folder : Path
        See :func:`temporary_folder`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.coming = folder, 0

    @contextmanager
    def expect(self, size: int) -> Iterator[None]:
        """While an upload of this many bytes comes in; those that nobody took are given up before.

        Raises
        ------
        InputError
            There is no room for it.
        """
        self._give_up()
        if _size(self.folder) + self.coming + size > ROOM:
            raise InputError(
                f"the explorer has no room for another {size / 1e6:.0f} MB: all tabs together may hold "
                f"{ROOM / 1e9:g} GB; close a tab that shows a video"
            )
        self.coming += size
        try:
            yield
        finally:
            self.coming -= size

    def owns(self, path: str | Path) -> bool:
        """Whether a path, links followed, is in the folder."""
        try:
            return Path(path).resolve().is_relative_to(self.folder)
        except (OSError, ValueError):  # too long, a loop of links, NUL
            return False

    def take(self, path: str | Path, tab: Path) -> Path:
        """Move an upload into a tab's folder, where nobody else's upload of the same file meets it."""
        (tab / TAKEN).mkdir(parents=True, exist_ok=True)
        path, place = Path(path), Path(tempfile.mkdtemp(dir=tab / TAKEN))
        with suppress(OSError):  # reading the file says what is wrong with it
            path.rename(place / path.name)
            path.parent.rmdir()
        return place / path.name

    def _give_up(self) -> None:
        waiting = []
        for entry in self.folder.iterdir():
            if entry.name not in (TABS, LOCK):
                with suppress(FileNotFoundError):
                    waiting.append((entry.stat().st_mtime, entry))
        waiting.sort(reverse=True)
        for n, (when, entry) in enumerate(waiting):
            if n >= WAITING or time.time() - when > PATIENCE:
                with suppress(OSError):
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def release_taken(tab: Path, kept: Path | None) -> None:
    """Remove what a tab took, but for the file, if any, that it still looks at."""
    for place in (tab / TAKEN).glob("*"):
        if kept is None or place != kept.parent:
            shutil.rmtree(place, ignore_errors=True)


def _size(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_size
    return total
