"""Neurodata Without Borders, with its extension ndx-pose: a file for each individual, as one file is one subject.

The module ``behavior`` has a ``PoseEstimation`` with a series for each joint, and ``Skeletons`` with the limbs.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from bupose import __version__
from bupose.atomic import replacing
from bupose.errors import DependencyError, InputError
from bupose.exchange.formats.base import Format
from bupose.exchange.formats.options import WriteOptions
from bupose.exchange.individuals import Individuals
from bupose.exchange.joints import with_skeleton
from bupose.exchange.recording import Recording
from bupose.requirements import of_module
from bupose.skeleton import Skeleton

MODULE, POSES, SKELETONS = "behavior", "PoseEstimation", "Skeletons"
PLACES = 5  # decimals of seconds that tell frames apart
ORIGIN = "(0, 0) is the centre of the upper left pixel; x to the right, y down"


def read(path: Path, skeleton: Skeleton | None = None) -> list[Recording]:
    """A recording of each ``PoseEstimation`` in the file, of one individual."""
    pynwb, ndx_pose = _packages(path.name)
    try:
        with warnings.catch_warnings(), pynwb.NWBHDF5IO(str(path), "r") as file:
            warnings.simplefilter("ignore")  # of older versions of the extension
            nwb = file.read()
            found = [one for one in nwb.objects.values() if isinstance(one, ndx_pose.PoseEstimation)]
            found.sort(key=lambda one: one.name)  # objects come in no order
            recordings = [_read_poses(one, path, skeleton, len(found) == 1) for one in found]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise InputError(f"cannot read {str(path)!r}: {problem}; give an NWB file with poses") from None
    if not recordings:
        raise InputError(f"{str(path)!r} holds no PoseEstimation; give an NWB file with poses, as of ndx-pose")
    return recordings


def _read_poses(poses: Any, path: Path, wanted: Skeleton | None, alone: bool) -> Recording:
    series = list(poses.pose_estimation_series.values())
    of_each = [_times(one) for one in series]
    _, first = np.unique(np.concatenate(of_each).round(PLACES), return_index=True)
    times = np.concatenate(of_each)[first]
    xy = np.full((len(times), len(series), 2), np.nan)  # a series may leave out frames where its joint is absent
    score = np.full(xy.shape[:2], np.nan)
    for k, (one, mine) in enumerate(zip(series, of_each, strict=True)):
        rows = np.searchsorted(times.round(PLACES), mine.round(PLACES))
        xy[rows, k] = np.asarray(one.data)[:, :2]  # of three dimensions the first two
        score[rows, k] = 1.0 if one.confidence is None else np.asarray(one.confidence)
    names = [one.name for one in series]
    nodes = list(poses.skeleton.nodes) if poses.skeleton is not None else names
    edges = [] if poses.skeleton is None or poses.skeleton.edges is None else np.asarray(poses.skeleton.edges).tolist()
    pairs = [(names.index(nodes[a]), names.index(nodes[b])) for a, b in edges if {nodes[a], nodes[b]} <= set(names)]
    there = ~np.isnan(xy).any(2)
    score = np.where(there, np.clip(np.nan_to_num(score), 0, 1), np.nan)
    xy, score, skeleton = with_skeleton(xy, score, names, wanted, path.name, pairs)
    worth = np.nan_to_num(score).mean(1)
    found = Individuals(np.zeros(1, np.int32), xy[:, None], score[:, None], worth[:, None])
    name = path.stem if alone else f"{path.stem}_{poses.name}"
    return Recording(name, skeleton, np.arange(len(times)), times, found.people(skeleton))


def _times(series: Any) -> np.ndarray:
    """float64 (frames,) of a joint, seconds."""
    if series.timestamps is not None:
        return np.asarray(series.timestamps, np.float64)
    return (series.starting_time or 0.0) + np.arange(len(series.data)) / series.rate


def write(recordings: Sequence[Recording], folder: Path, options: WriteOptions) -> list[Path]:
    """Write ``NAME_individual1.nwb`` of id 0, and so on: a row for each frame that the network saw."""
    packages, h5py = _packages("writing them"), import_module("h5py")
    paths = []
    for recording in recordings:
        if recording.files is not None:
            raise InputError(f"{recording.name!r} are pictures, and NWB files hold times; write another format, as dlc")
        times = recording.times
        if np.isnan(times).any():
            if options.rate is None:
                raise InputError(f"{recording.name!r} has frames without a time; give write.rate=, frames per second")
            times = recording.numbers / options.rate
        found = Individuals.of(recording, every_frame=False)
        for place, number in enumerate(found.ids.tolist()):
            individual = f"individual{number + 1}"
            path = folder / f"{recording.name}_{individual}.nwb"
            nwb = _fill(packages, recording, individual, times, found.xy[:, place], found.score[:, place], options)
            with (
                replacing(path) as partial,
                h5py.File(partial, "w", locking=False) as file,
                packages[0].NWBHDF5IO(file=file, mode="w") as nwb_file,
            ):
                nwb_file.write(nwb)
            paths.append(path)
    return paths


def _fill(
    packages: tuple[Any, Any], recording: Recording, individual: str, times: np.ndarray, xy: np.ndarray,
    score: np.ndarray, options: WriteOptions,
) -> Any:  # fmt: skip
    pynwb, ndx_pose = packages
    begin = datetime.fromisoformat(options.begin) if options.begin else datetime.fromtimestamp(0, UTC)
    nwb = pynwb.NWBFile(
        session_description=f"poses in {recording.video or recording.name}",
        identifier=individual,
        session_start_time=begin if begin.tzinfo else begin.astimezone(),
    )
    joints = [re.sub("[/:]", "_", name) for name in recording.skeleton.file_names]  # NWB allows no others
    skeleton = ndx_pose.Skeleton(
        name=recording.skeleton.name, nodes=joints, edges=recording.skeleton.limb_joints.astype(np.uint8)
    )
    series: list[Any] = []
    for k, joint in enumerate(joints):
        series += [
            ndx_pose.PoseEstimationSeries(
                name=joint,
                description=joint,
                data=xy[:, k].astype(np.float64),
                unit="pixels",
                reference_frame=ORIGIN,
                timestamps=series[0] if series else times,  # linked: stored once
                confidence=score[:, k].astype(np.float64),
                confidence_definition="bupose's score of a joint, from 0 to 1; NaN where it was not found",
            )
        ]
    poses = ndx_pose.PoseEstimation(
        name=POSES,
        pose_estimation_series=series,
        description=f"of {recording.video or recording.name}",
        scorer=options.scorer,
        source_software="bupose",
        source_software_version=__version__,
        skeleton=skeleton,
    )
    module = nwb.create_processing_module(MODULE, "poses found by bupose")
    module.add(ndx_pose.Skeletons(name=SKELETONS, skeletons=[skeleton]))
    module.add(poses)
    return nwb


def _packages(what: str) -> tuple[Any, Any]:
    try:
        return import_module("pynwb"), import_module("ndx_pose")
    except ImportError as problem:
        name = problem.name or "ndx_pose"
        raise DependencyError(f"NWB ({what}) needs {name}, not installed; {of_module(name).remedy}") from None


def _recognises(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(8) == b"\x89HDF\r\n\x1a\n"


NWB = Format("Neurodata Without Borders with ndx-pose, a file for each individual, which movement reads",
             (".nwb",), read, write, _recognises)  # fmt: skip
