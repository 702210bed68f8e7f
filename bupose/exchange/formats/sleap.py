"""SLEAP: analysis HDF5 files, in and out, and ``.slp`` files in.

An analysis file has ``tracks`` (tracks, 2, nodes, frames), ``track_occupancy`` (frames, tracks), ``point_scores``
(tracks, nodes, frames), ``instance_scores`` and ``tracking_scores`` (tracks, frames), and names of tracks, nodes and
edges: the order that SLEAP writes for MATLAB. Files of sleap-io say another by the attribute ``dims``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from bupose.annotations.slp_file import PREDICTED, USER, SlpFile, open_h5, read_slp
from bupose.atomic import replacing
from bupose.errors import DependencyError, InputError
from bupose.exchange.formats.base import Format
from bupose.exchange.formats.options import WriteOptions
from bupose.exchange.individuals import Individuals
from bupose.exchange.joints import with_skeleton
from bupose.exchange.recording import Recording
from bupose.people import People
from bupose.requirements import of_module
from bupose.skeleton import Skeleton

AXES = ("track", "xy", "node", "frame")  # of ``tracks``, as SLEAP writes it
SUFFIX = ".analysis.h5"
_OF_ID = re.compile(r"track_(\d+)")


def read(path: Path, skeleton: Skeleton | None = None) -> list[Recording]:
    """The recordings of a ``.slp`` file's videos, or the one of an analysis file."""
    return _read_slp(path, skeleton) if path.suffix.lower() == ".slp" else [_read_analysis(path, skeleton)]


def _read_analysis(path: Path, skeleton: Skeleton | None) -> Recording:
    with open_h5(path) as file:
        dims = file["tracks"].attrs.get("dims")
        axes = AXES if dims is None else tuple(json.loads(dims))
        xy = file["tracks"][()].transpose([axes.index(axis) for axis in ("frame", "track", "node", "xy")])
        score, worth = np.ones(xy.shape[:3]), np.ones(xy.shape[:2])
        if "point_scores" in file:
            own = [axis for axis in axes if axis != "xy"]
            score = file["point_scores"][()].transpose([own.index(axis) for axis in ("frame", "track", "node")])
        if "instance_scores" in file:
            own = [axis for axis in axes if axis in ("frame", "track")]
            worth = file["instance_scores"][()].transpose([own.index(axis) for axis in ("frame", "track")])
        nodes, tracks = _names(file, "node_names"), _names(file, "track_names")
        pairs = [(int(a), int(b)) for a, b in file["edge_inds"][()]] if "edge_inds" in file else []
        video = str(file["video_path"][()].decode()) if "video_path" in file else ""
    xy, score, skeleton = with_skeleton(xy, score, nodes, skeleton, path.name, pairs)
    score = np.clip(score, 0, 1)  # peaks of confidence maps may exceed 1 a little
    found = Individuals(_ids(tracks, xy.shape[1]), xy, score, worth)
    people = found.people(skeleton, bool(tracks))
    name = path.name.removesuffix(SUFFIX).removesuffix(".h5")
    return Recording(name, skeleton, np.arange(len(people)), np.full(len(people), np.nan), people, video=video)


def _names(file: Any, key: str) -> list[str]:
    return [name.decode() for name in file[key][()]] if key in file else []


def _ids(tracks: Sequence[str], count: int) -> np.ndarray:
    """Numbers of ``track_0`` and so on, else their places."""
    found = [int(one[1]) for track in tracks if (one := _OF_ID.fullmatch(track))]
    own = len(set(found)) == count and max(found, default=0) < 2**31
    return np.array(found if own else range(count), np.int32)


def _read_slp(path: Path, wanted: Skeleton | None) -> list[Recording]:
    """Labels where there are any, predictions elsewhere; a label replaces the prediction of its track."""
    slp = read_slp(path)
    xy, score, skeleton = with_skeleton(slp.xy, slp.score, slp.nodes, wanted, path.name, slp.edges)
    recordings = []
    for n, video in enumerate(slp.videos):
        mine = slp.frames[slp.frames["video"] == n]
        mine = mine[np.argsort(mine["frame_idx"], kind="stable")]
        if not len(mine):
            continue
        people = [_people(slp, xy, score, skeleton, frame) for frame in mine]
        source = video["path"] if isinstance(video["path"], str) else ""
        name = Path(source).stem if source and len(slp.videos) > 1 else path.stem
        numbers = mine["frame_idx"].astype(np.int64)
        recordings.append(Recording(name, skeleton, numbers, np.full(len(mine), np.nan), people, video=source))
    return recordings


def _people(slp: SlpFile, xy: np.ndarray, score: np.ndarray, skeleton: Skeleton, frame: np.void) -> People:
    rows = np.arange(int(frame["instance_id_start"]), int(frame["instance_id_end"]))
    ones = slp.instances[rows]
    labelled = ones["instance_type"] == USER
    replaced = np.isin(ones["track"], ones["track"][labelled & (ones["track"] >= 0)])
    replaced |= np.isin(ones["instance_id"], ones["from_predicted"][labelled])
    kept = (labelled | ~replaced) & ~np.isnan(xy[rows]).all((1, 2))
    rows, ones = rows[kept], ones[kept]
    worth = np.where(ones["instance_type"] == PREDICTED, np.clip(ones["score"], 0, 1), 1.0)
    order = np.argsort(-worth, kind="stable")
    rows, tracks = rows[order], ones["track"][order]
    present = ~np.isnan(xy[rows]).any(2)
    ids = tracks.astype(np.int32) if (tracks >= 0).any() else None
    return People(xy[rows], np.where(present, np.clip(score[rows], 0, 1), 0), worth[order], skeleton, ids=ids)


def write(recordings: Sequence[Recording], folder: Path, options: WriteOptions) -> list[Path]:
    """Write ``NAME.analysis.h5`` of each video: tracks ``track_0`` (of id 0) and so on, a column for each frame."""
    try:
        h5py: Any = import_module("h5py")
    except ImportError:
        raise DependencyError(f"SLEAP's files need h5py, not installed; {of_module('h5py').remedy}") from None
    paths = []
    for recording in recordings:
        if recording.files is not None:
            raise InputError(
                f"{recording.name!r} are pictures, of which SLEAP has no analysis files; write another format, as dlc"
            )
        path = folder / f"{recording.name}{SUFFIX}"
        with replacing(path) as partial, h5py.File(partial, "w", locking=False) as file:
            _fill(file, recording)
        paths.append(path)
    return paths


def _fill(file: Any, recording: Recording) -> None:
    found, skeleton = Individuals.of(recording), recording.skeleton
    there = ~np.isnan(found.person_score)
    arrays = {
        "tracks": found.xy.transpose(1, 3, 2, 0).astype(np.float64),
        "track_occupancy": there.astype(np.uint8),
        "point_scores": found.score.transpose(1, 2, 0).astype(np.float64),
        "instance_scores": found.person_score.T.astype(np.float64),
        "tracking_scores": np.where(there, 0.0, np.nan).T,
    }
    dims = {"tracks": AXES, "point_scores": ("track", "node", "frame"), "track_occupancy": ("frame", "track")}
    for name, array in arrays.items():
        data = file.create_dataset(name, data=array, compression="gzip" if array.size else None)
        data.attrs["dims"] = json.dumps(dims.get(name, ("track", "frame")))
    names = {
        "track_names": [f"track_{i}" for i in found.ids.tolist()],
        "node_names": skeleton.file_names,
        "edge_names": [[skeleton.file_names[n] for n in limb] for limb in skeleton.limb_joints.tolist()],
    }
    for name, texts in names.items():
        code = np.array([np.char.encode(text, "utf-8") for text in texts])
        file.create_dataset(name, data=code if len(code) else np.zeros(0, "S1"))
    file.create_dataset("edge_inds", data=skeleton.limb_joints)
    for name, text in {"labels_path": "", "video_path": recording.video, "provenance": "{}"}.items():
        file.create_dataset(name, data=text)
    file.create_dataset("video_ind", data=0)
    file.attrs["preset"], file.attrs["format"] = "matlab", "analysis"


def _recognises(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(8)
        return start == b"\x89HDF\r\n\x1a\n" and (path.suffix.lower() == ".slp" or path.name.endswith(SUFFIX))


SLEAP = Format("SLEAP's analysis files, .analysis.h5; its .slp files are read", (".slp", ".h5"),
               read, write, _recognises)  # fmt: skip
