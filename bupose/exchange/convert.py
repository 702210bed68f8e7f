"""Conversion of poses between formats."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from bupose import skeletons
from bupose.annotations.categories import CategoryOptions
from bupose.errors import InputError
from bupose.exchange.coco_results import describe_joints
from bupose.exchange.formats import FORMATS
from bupose.exchange.formats.base import PartlyRead, unless
from bupose.exchange.formats.options import WriteOptions
from bupose.exchange.options import READABLE, WRITABLE, ConvertOptions
from bupose.exchange.recording import Recording
from bupose.folder import open_output
from bupose.options import choose
from bupose.paths import expand
from bupose.skeleton import Skeleton
from bupose.wording import counted

_LOG = logging.getLogger(__name__)


def read_recordings(path: str | Path, kind: str = "auto", skeleton: str | Skeleton | None = None) -> list[Recording]:
    """Poses of a file or folder in any readable format of ``FORMATS``.

    Parameters
    ----------
    path : path
    kind : "auto" or the format's name
    skeleton : name, path or Skeleton, optional
        Joints of a file that does not name its own, else those to take.

    Raises
    ------
    InputError
        It cannot be read or holds nothing, or its format is not recognised.
    PartlyRead
        Some files of a folder cannot be read; it has the ``recordings`` of the others.
    LabelsError
        It contradicts itself.
    """
    place = expand(path)
    if not place.exists():
        raise InputError(f"there is no {str(path)!r}; give a folder that bupose infer wrote, or a file of poses")
    wanted = None if skeleton is None else skeletons.get(skeleton)
    name = _recognise(place) if kind == "auto" else str(choose(kind, READABLE, "kind"))
    reader, suffixes = FORMATS[name].read, FORMATS[name].suffixes
    assert reader is not None
    if place.is_dir() and "" not in suffixes:
        raise InputError(f"{str(path)!r} is a folder, and {name} is read from files; give one, {' or '.join(suffixes)}")
    try:
        found, problems = reader(place, wanted), []
    except PartlyRead as problem:
        found, problems = problem.recordings, problem.problems
    if not found:
        raise InputError(f"{str(path)!r} holds no poses of the format {name}; give another path, or kind=")
    return unless(problems, found if wanted is None else [recording.to(wanted) for recording in found])


def _recognise(path: Path) -> str:
    suffix = "" if path.is_dir() else path.suffix.lower()
    try:
        for name in READABLE:
            if suffix in FORMATS[name].suffixes and FORMATS[name].recognises(path):
                return name
    except OSError as problem:
        raise InputError(f"cannot read {str(path)!r}: {problem.strerror}; give another file") from None
    known = ", ".join(f"{name} ({' '.join(s or 'a folder' for s in FORMATS[name].suffixes)})" for name in READABLE)
    raise InputError(f"{str(path)!r} is of no known format of poses: {known}; say which by kind=")


def write_recordings(
    recordings: Sequence[Recording], to: str, folder: str | Path, options: WriteOptions | None = None
) -> list[Path]:
    """Write recordings into a folder in a writable format of ``FORMATS``; returns the files' paths.

    Raises
    ------
    InputError
        A file cannot be written, or the format cannot hold these recordings.
    """
    writer = FORMATS[str(choose(to, WRITABLE, "to"))].write
    assert writer is not None
    return writer(recordings, expand(folder), options or WriteOptions())


def convert(options: ConvertOptions) -> list[Path]:
    """Read and write, as the options say; returns the files' paths.

    Raises
    ------
    BuposeError
        Those of :func:`read_recordings` and :func:`write_recordings`, or an output folder with another run's results.
        PartlyRead is raised once the others' poses are written.
    """
    path, to = expand(options.input or ""), str(options.to)  # the options have refused none
    partly = None
    try:
        recordings = read_recordings(path, options.kind, options.skeleton)
    except PartlyRead as problem:
        partly, recordings = problem, problem.recordings
    values = {key: value for key, value in vars(options).items() if key not in ("output", "overwrite", "write")}
    settings = {"command": "convert"} | values | {f"write.{k}": v for k, v in vars(options.write).items()}
    folder = open_output(options.output, "out", settings, results=(), overwrite=options.overwrite)
    if folder.path.resolve() in (path.resolve(), path.resolve().parent):
        raise InputError(f"the input would be overwritten in {str(folder.path)!r}; choose another output")
    with folder:
        written = write_recordings(recordings, to, folder.path, options.write)
        folder.finish({"joints": describe_joints(recordings[0].skeleton, CategoryOptions())})
    frames = sum(map(len, recordings))
    _LOG.info(
        "%s of %s; %s in %s",
        counted(frames, "frame"), counted(len(recordings), "recording"), counted(len(written), "file"), folder.path,
    )  # fmt: skip
    if partly is not None:
        raise partly
    return written
