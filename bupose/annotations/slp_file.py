"""SLEAP's files of labels and predictions, .slp (HDF5, format 1)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from bupose.errors import DependencyError, InputError
from bupose.requirements import of_module

CENTRED = 1.1  # formats from here on have the centre of the first pixel at 0, earlier ones at 0.5
_BODY, _SYMMETRY = 1, 2  # types of edges
USER, PREDICTED = 0, 1  # types of instances


@dataclass(frozen=True)
class SlpFile:
    """The content of a file.

    Parameters
    ----------
    nodes : names
    edges, symmetries : pairs of node numbers from 0
    videos : list of dict
        Of each video its ``path`` (a video, a list of pictures, or the file itself) and, of pictures inside the file,
        ``dataset``.
    tracks : names
    frames : structured array
        ``video`` (index in ``videos``), ``frame_idx``, ``instance_id_start``, ``instance_id_end``.
    instances : structured array
        ``instance_type``, ``track`` (−1: none), ``from_predicted``, ``score``.
    xy : float64 array (instances, nodes, 2), pixels
        NaN where absent; the centre of the first pixel is (0, 0).
    score : float64 array (instances, nodes)
        1 for labels.
    """

    nodes: list[str]
    edges: list[tuple[int, int]]
    symmetries: list[tuple[int, int]]
    videos: list[dict]
    tracks: list[str]
    frames: np.ndarray
    instances: np.ndarray
    xy: np.ndarray
    score: np.ndarray


@contextmanager
def open_h5(path: Path) -> Iterator[Any]:
    """An HDF5 file to read.

    Raises
    ------
    DependencyError
        h5py is not installed.
    InputError
        It is none, or the block met with damage.
    """
    if path.is_dir():
        raise InputError(f"{str(path)!r} is a folder; give a file of SLEAP's, as labels.slp")
    try:
        h5py: Any = import_module("h5py")
    except ImportError:
        raise DependencyError(f"reading {path.name} needs h5py, not installed; {of_module('h5py').remedy}") from None
    try:
        with h5py.File(path) as file:
            yield file
    except (OSError, KeyError, ValueError, TypeError, IndexError, AttributeError) as problem:
        told = " ".join(str(problem).split())
        raise InputError(f"cannot read {str(path)!r}: {told:.200}; give a file of SLEAP's") from None


def read_slp(path: Path) -> SlpFile:
    """Read a file; of several skeletons the first.

    Raises
    ------
    DependencyError, InputError
        As :func:`open_h5`.
    """
    with open_h5(path) as file:
        _check_slp(file, path)
        attributes = file["metadata"].attrs
        version = float(attributes.get("format_id", 1.0))
        metadata = json.loads(attributes["json"])
        if not metadata.get("skeletons"):
            raise InputError(f"{str(path)!r} has no skeleton; make one in SLEAP, and save it again")
        nodes, edges, symmetries = _skeleton(metadata)
        instances, frames = file["instances"][()], file["frames"][()]
        points, predicted = file["points"][()], file["pred_points"][()]
        videos = [_video(json.loads(text), path) for text in file["videos_json"][()]]
        tracks = [str(json.loads(text)[1]) for text in file["tracks_json"][()]]
    xy = np.full((len(instances), len(nodes), 2), np.nan)
    score = np.zeros(xy.shape[:2])
    for n, one in enumerate(instances):
        table = points if one["instance_type"] == USER else predicted
        mine = table[int(one["point_id_start"]) : int(one["point_id_end"])][: len(nodes)]
        seen = mine["visible"].astype(bool)
        xy[n, : len(mine)] = np.where(seen[:, None], np.column_stack([mine["x"], mine["y"]]), np.nan)
        score[n, : len(mine)] = mine["score"] if one["instance_type"] == PREDICTED else 1.0
    if version < CENTRED:
        xy -= 0.5
    own = [int(name[5:]) if (name := v["dataset"].partition("/")[0])[5:].isdigit() else n for n, v in enumerate(videos)]
    place = {number: n for n, number in enumerate(own)} | {n: n for n in range(len(videos)) if n not in own}
    frames = frames.copy()
    frames["video"] = [place[int(v)] for v in frames["video"]]
    return SlpFile(nodes, edges, symmetries, videos, tracks, frames, instances, xy, score)


def _check_slp(file: Any, path: Path) -> None:
    wanted = ("metadata", "instances", "frames", "points", "pred_points", "videos_json", "tracks_json")
    lacking = [key for key in wanted if key not in file]
    lacking += ["json of metadata"] * ("metadata" in file and "json" not in file["metadata"].attrs)
    if lacking:
        raise InputError(f"cannot read {str(path)!r}: it lacks {', '.join(lacking)}; give a file of SLEAP's labels")


def _skeleton(metadata: Mapping) -> tuple[list[str], list[tuple[int, int]], list[tuple[int, int]]]:
    first = metadata["skeletons"][0]
    ids = [int(node["id"]) for node in first["nodes"]]
    kinds: dict[int, list[tuple[int, int]]] = {_BODY: [], _SYMMETRY: []}
    for link in first["links"]:
        told = link["type"]  # as Python's pickle: whole where it stands first, then by reference
        kind = told["py/reduce"][1]["py/tuple"][0] if "py/reduce" in told else told["py/id"]
        kinds[int(kind)].append((ids.index(int(link["source"])), ids.index(int(link["target"]))))
    return [str(metadata["nodes"][n]["name"]) for n in ids], kinds[_BODY], kinds[_SYMMETRY]


def _video(told: Mapping, path: Path) -> dict:
    """Where a video is: as the file says, or beside the file."""
    backend = told.get("backend") or {}
    name = backend.get("filename", told.get("filename", ""))
    dataset = backend.get("dataset") or ""
    if name == ".":
        return {"path": str(path), "dataset": dataset}
    if isinstance(name, list) or backend.get("filenames"):
        return {"path": [str(_find(one, path)) for one in backend.get("filenames") or name], "dataset": ""}
    return {"path": str(_find(name, path)), "dataset": dataset if str(name).endswith((".h5", ".slp")) else ""}


def _find(name: str, path: Path) -> Path:
    name = name.replace("\\", "/")
    places = [Path(name), path.parent / name, path.parent / name.rpartition("/")[2]]
    return next((place for place in places if place.is_file()), Path(name))
