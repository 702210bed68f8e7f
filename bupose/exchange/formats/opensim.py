"""OpenSim's files of markers (TRC) and of motions (MOT), which Pose2Sim and Sports2D read, too: a file per person.

Places are in the plane of the picture: x to the right, y upwards, z 0.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bupose.atomic import write_text
from bupose.errors import InputError
from bupose.exchange.angles import MEANS, angles_of, measure_angles
from bupose.exchange.formats.base import Format
from bupose.exchange.formats.options import WriteOptions
from bupose.exchange.individuals import Individuals
from bupose.exchange.metres import metres_per_pixel
from bupose.exchange.recording import Recording
from bupose.skeleton import Skeleton

_LOG = logging.getLogger(__name__)
USUAL_RATE = 25.0  # frames per second where nothing is known
_NAMES = {"mid_hip": "Hip"}  # of markers, where they are no joint's own (Pose2Sim, skeletons.py)


@dataclass(frozen=True)
class Motion:
    """A person of a recording, from the first to the last frame that they are seen in.

    Parameters
    ----------
    path : Path
        Of what is written of them, without suffix.
    numbers : int64 array (F,)
        Of the frames.
    times : float64 array (F,), seconds
    rate : float
        Frames per second.
    xy : float64 array (F, K, 2), pixels
        NaN where absent.
    """

    path: Path
    numbers: np.ndarray
    times: np.ndarray
    rate: float
    xy: np.ndarray


def write_trc(recordings: Sequence[Recording], folder: Path, options: WriteOptions) -> list[Path]:
    """Write ``NAME_personID.trc`` of each person, in metres if their height or the scale is given, else in pixels.

    Markers are called as Pose2Sim calls them, ``RKnee``; neck and middle of the hips are means where the skeleton lacks
    them. y is 0 at the lower edge of the picture or, where its size is unknown, at the lowest joint. Absent joints are
    ``nan``: OpenSim counts cells, and loses empty ones at the end of a line.
    """
    paths = []
    for recording in recordings:
        found = Individuals.of(recording, every_frame=False)
        metres = metres_per_pixel(found, recording.skeleton, options, recording.name)
        scale, unit, digits = (1.0, "px", 3) if metres is None else (metres, "m", 6)
        low = np.nanmax(found.xy[..., 1], initial=0) if recording.size is None else recording.size[1] - 1
        names = [marker_name(joint) for joint in (*recording.skeleton.joints, *_derived(recording.skeleton))]
        for motion in _motions(recording, found, folder, options):
            xy = _with_means(motion.xy, recording.skeleton)
            places = np.stack(
                [scale * xy[..., 0], scale * (low - xy[..., 1]), np.where(np.isnan(xy[..., 0]), np.nan, 0)], -1
            )
            paths.append(motion.path.with_name(f"{motion.path.name}.trc"))
            head = [
                ["PathFileType", "4", "(X/Y/Z)", paths[-1].name],
                ["DataRate", "CameraRate", "NumFrames", "NumMarkers", "Units", "OrigDataRate", "OrigDataStartFrame",
                 "OrigNumFrames"],
                [f"{motion.rate:.6g}", f"{motion.rate:.6g}", len(xy), len(names), unit, f"{motion.rate:.6g}",
                 motion.numbers[0], len(xy)],
                ["Frame#", "Time", *(cell for name in names for cell in (name, "", ""))],
                ["", "", *(f"{axis}{n}" for n in range(1, len(names) + 1) for axis in "XYZ")],
            ]  # fmt: skip
            rows = zip(
                motion.numbers.tolist(), motion.times.tolist(), places.reshape(len(xy), -1).tolist(), strict=True
            )
            body = [[number, f"{time:.6f}", *(f"{value:.{digits}f}" for value in row)] for number, time, row in rows]
            _write_lines(paths[-1], [*head, *body])
    return paths


def write_mot(recordings: Sequence[Recording], folder: Path, options: WriteOptions) -> list[Path]:
    """Write ``NAME_personID.mot`` of each person: their angles in degrees.

    OpenSim stops reading at a value that is missing: gaps are filled in linearly, the first and last known value are
    held to the ends, and angles that are never known have no column. The format ``angles`` says what was seen.
    """
    paths = []
    for recording in recordings:
        angles = angles_of(recording.skeleton, options.angles)
        found = Individuals.of(recording, every_frame=False)
        for motion in _motions(recording, found, folder, options):
            degrees = measure_angles(motion.xy, recording.skeleton, angles)
            known = np.flatnonzero(~np.isnan(degrees).all(0))
            if not len(known):
                _LOG.warning("%s: person %s shows none of the angles", recording.name, motion.path.name)
                continue
            columns = np.stack([_filled(degrees[:, k], motion.times) for k in known], 1)
            paths.append(motion.path.with_name(f"{motion.path.name}.mot"))
            head = [
                [paths[-1].stem], ["version=1"], [f"nRows={len(columns)}"], [f"nColumns={len(known) + 1}"],
                ["inDegrees=yes"], ["endheader"], ["time", *(angles[k].name for k in known)],
            ]  # fmt: skip
            rows = zip(motion.times.tolist(), columns.tolist(), strict=True)
            _write_lines(paths[-1], [*head, *([f"{time:.6f}", *(f"{v:.4f}" for v in row)] for time, row in rows)])
    return paths


def _filled(degrees: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Angles over time without gaps, by the shorter way round."""
    known = ~np.isnan(degrees)
    unwound = np.unwrap(degrees[known], period=360)
    filled = (np.interp(times, times[known], unwound) + 180) % 360 - 180
    return np.where(known, degrees, filled)


def marker_name(joint: str) -> str:
    """A joint as a marker: ``LBigToe`` of ``left_big_toe``, ``Hip`` of ``mid_hip``."""
    side = {"left": "L", "right": "R"}.get(joint.partition("_")[0], "")
    words = joint.partition("_")[2] if side else _NAMES.get(joint, joint)
    return side + "".join(word[:1].upper() + word[1:] for word in words.split("_"))


def _motions(recording: Recording, found: Individuals, folder: Path, options: WriteOptions) -> Iterator[Motion]:
    if not recording.followed and len(found.ids) > 1:
        raise InputError(f"the people of {recording.name!r} have no ids, by which frames belong together; give a video")
    rate = recording.rate or options.rate
    if rate is None:
        _LOG.warning("%s: no times are known; it is taken for %g frames per second", recording.name, USUAL_RATE)
    times = recording.seconds(rate or USUAL_RATE)
    for n, person in enumerate(found.ids.tolist()):
        seen = np.flatnonzero(~np.isnan(found.xy[:, n, :, 0]).all(1))
        if len(seen):
            part = slice(seen[0], seen[-1] + 1)
            xy = found.xy[part, n].astype(np.float64)
            path = folder / f"{recording.name}_person{person}"
            yield Motion(path, recording.numbers[part], times[part], rate or USUAL_RATE, xy)


def _derived(skeleton: Skeleton) -> list[str]:
    """Joints that the skeleton lacks and that are means of its joints."""
    return [
        joint for joint, parts in MEANS.items() if joint not in skeleton.index and set(parts) <= set(skeleton.index)
    ]


def _with_means(xy: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    means = [xy[:, [skeleton.index[part] for part in MEANS[joint]]].mean(1) for joint in _derived(skeleton)]
    return np.concatenate([xy, *(mean[:, None] for mean in means)], 1)


def _write_lines(path: Path, lines: Sequence[Sequence[object]]) -> None:
    write_text(path, "".join("\t".join(map(str, line)) + "\n" for line in lines))


TRC = Format("places for OpenSim and Pose2Sim, a file per person", (".trc",), write=write_trc)
MOT = Format("angles for OpenSim and Pose2Sim, a file per person", (".mot",), write=write_mot)
