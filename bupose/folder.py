"""Output folders: one process at a time writes to a folder, and no run silently replaces another's results."""

from __future__ import annotations

import itertools
import json
import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from bupose import __version__, atomic
from bupose.errors import InputError, OptionsError
from bupose.paths import expand

LOCK, RUN, UNFINISHED = ".bupose.lock", "run.json", "unfinished.jsonl"
OF_PICTURES = ("openpose", "fields", "fields_pictures", "overlays")  # folders with one file per picture
_BESIDE = ("bupose", "facts")  # what run.json holds besides the settings


class OutputFolder:
    """A folder locked against other bupose processes; use it in a ``with`` block.

    The lock ends with the block or the process. :meth:`finish` writes ``run.json`` with the settings of the run: a run
    with the same settings may replace its results, another one is refused. An interrupted run leaves
    ``unfinished.jsonl``: the settings on the first line, then the results so far.

    Parameters
    ----------
    path : path
        Made if it is not there.
    settings : mapping, optional
        Settings that the results depend on, JSON-serializable.
    results : sequence of str
        Files and folders that a run writes into it.
    overwrite : bool, optional
        Existing results of any run may be replaced; None where the command has no such option.
    resume : bool
        Continue an interrupted run, if there is one.

    Raises
    ------
    InputError
        The folder cannot be written, is in use by another process, or holds results that must not be replaced.
    """

    def __init__(
        self, path: str | Path, settings: Mapping | None = None, results: Sequence[str] = (),
        overwrite: bool | None = False, resume: bool = False,
    ) -> None:  # fmt: skip
        if not str(path):
            raise OptionsError("output is empty; give a folder, as in output=out")
        self.path = expand(path)
        self.settings = json.loads(json.dumps(settings or {}, default=str))
        self._results, self._overwrite, self._resume = results, overwrite, resume
        self._handle: int | None = None

    def __enter__(self) -> OutputFolder:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._take()
        except OSError as problem:
            told = problem.strerror or problem
            raise InputError(f"cannot write to the folder {str(self.path)!r}: {told}; choose another output") from None
        try:
            self._check()
        except BaseException:
            self._give_back()
            raise
        return self

    def __exit__(self, *_) -> None:
        self._give_back()

    @property
    def occupied(self) -> bool:
        """Whether the folder holds results of an earlier run."""
        return any(_holds(self.path / name) for name in (*self._results, RUN))

    def check_apart(self, files: Iterable[Path], kinds: Iterable[str]) -> None:
        """Refuse to overwrite input files: results of single pictures carry their names.

        Raises
        ------
        InputError
            A file lies in one of the folders ``kinds`` inside this one.
        """
        folders = {os.path.realpath(os.path.dirname(file)) for file in files}
        for place in (os.path.realpath(self.path / kind) for kind in kinds):
            inside = [folder for folder in folders if folder == place or folder.startswith(place + os.sep)]
            if inside:
                raise InputError(
                    f"files in {inside[0]!r} would be overwritten by results of their names; choose another output"
                )

    def finish(self, facts: Mapping | None = None) -> None:
        """Record the run's settings.

        Parameters
        ----------
        facts : mapping, optional
            Further entries of ``run.json`` that the results do not depend on.

        Raises
        ------
        InputError
            It cannot be written.
        """
        noted = {"bupose": __version__, **self.settings, **({"facts": dict(facts)} if facts else {})}
        atomic.write_text(self.path / RUN, json.dumps(noted, indent=1) + "\n")

    def _check(self) -> None:
        """Refuse to replace another run's results."""
        name, unfinished = str(self.path), self.path / UNFINISHED
        if _has_lines(unfinished):
            if not (self._resume or self._overwrite):
                raise InputError(
                    f"{name!r} holds an interrupted run: resume=true goes on with it, overwrite=true starts anew; "
                    "or choose another output"
                )
        elif unfinished.exists() and not (self.path / RUN).exists():
            return  # of a run that ended before its first picture
        elif self.occupied and not self._overwrite:
            before = self._before()
            differ = [k for k in sorted(before.keys() | self.settings.keys()) if before.get(k) != self.settings.get(k)]
            if differ or not before:
                key = "command" if "command" in differ else next(iter(differ), "")
                of = f"{key}={before.get(key)!r}, now {self.settings.get(key)!r}" if before else "unknown origin"
                instead = "choose another output" + ", or overwrite=true" * (self._overwrite is not None)
                raise InputError(f"{name!r} holds results of another run ({of}); {instead}")

    def _before(self) -> dict:
        """The settings of the run whose results are there; {} if unknown."""
        try:
            found = json.loads((self.path / RUN).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return {key: value for key, value in found.items() if key not in _BESIDE} if isinstance(found, dict) else {}

    def _take(self) -> None:
        """Hold the lock file."""
        path = self.path / LOCK
        while True:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                taken = atomic.lock(handle)
            except OSError:  # the file system does not support locks
                taken = True
            if not taken:
                holder = _text(handle)
                os.close(handle)
                raise InputError(
                    f"another bupose{holder} is writing to {str(self.path)!r}; wait for it, or choose another output"
                )
            with suppress(OSError):  # whoever had it may just have removed the file
                if os.path.sameopenfile(handle, there := os.open(path, os.O_RDONLY)):
                    os.close(there)
                    break
                os.close(there)
            os.close(handle)
        self._handle = handle
        with suppress(OSError):
            os.ftruncate(handle, 0)
            os.write(handle, f" (process {os.getpid()} on {socket.gethostname()})".encode("ascii", "replace"))

    def _give_back(self) -> None:
        with suppress(OSError):
            (self.path / LOCK).unlink()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def open_output(path: str | None, default: str, settings: Mapping, **values) -> OutputFolder:
    """The folder at that path; by default the first of ``default``, ``default-2``, … that this run may write to.

    ``values`` are those of :class:`OutputFolder`, which the caller enters.
    """
    if path is not None:
        return OutputFolder(path, settings, **values)
    for n in itertools.count(1):
        folder = OutputFolder(default if n == 1 else f"{default}-{n}", settings, **values)
        if not folder.path.is_dir():
            return folder
        with suppress(InputError), folder:
            return folder
    raise AssertionError


def _text(handle: int) -> str:
    with suppress(OSError):
        return os.read(handle, 200).decode("ascii", "replace")
    return ""


def _has_lines(path: Path) -> bool:
    """Whether a list has more than its first line."""
    with suppress(OSError), path.open("rb") as file:
        return file.readline() != b"" and file.read(1) != b""
    return False


def _holds(path: Path) -> bool:
    """Whether a file exists, or a folder is not empty."""
    with suppress(OSError):
        return any(os.scandir(path)) if path.is_dir() else path.exists()
    return False
