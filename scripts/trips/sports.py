"""The round trips' steps in the environment of OpenSim and Pose2Sim: they read what bupose wrote."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import opensim
from compared import Compared, run
from Pose2Sim.common import bounding_boxes, extract_trc_data, read_mot, read_trc
from Pose2Sim.triangulation import extract_files_frame_f

HEIGHT = 480
MARKERS = {"RKnee": "right_knee", "LWrist": "left_wrist", "Nose": "nose", "LAnkle": "left_ankle"}
# Numbers of BODY_25's joints (openpose/src/openpose/pose/poseParameters.cpp) whose places need no mean.
BODY_25 = {0: "nose", 4: "right_wrist", 7: "left_wrist", 10: "right_knee", 14: "left_ankle", 17: "right_ear"}


def read(folder: Path, compared: Compared) -> None:
    """Markers, motions and OpenPose's JSON."""
    truth = np.load(folder / "walk" / "truth.npz")
    names = list(truth["names"])
    for n, person in enumerate(truth["ids"]):
        seen = np.flatnonzero(~np.isnan(truth["xy"][:, n, :, 0]).all(1))
        part = slice(seen[0], seen[-1] + 1)
        xy = truth["xy"][part, n]
        expected = {m: np.stack([xy[:, k, 0], HEIGHT - 1 - xy[:, k, 1]], 1) for m, k in _places(names).items()}
        whole = np.stack(list(expected.values()), 1)
        path = str(folder / "walk" / f"walk_person{person}.trc")

        table = opensim.TimeSeriesTableVec3(path)
        columns = {label: table.getDependentColumn(label) for label in MARKERS}
        got = np.array([[columns[m][row].to_numpy()[:2] for m in MARKERS] for row in range(table.getNumRows())])
        compared.arrays(f"OpenSim's table reads TRC of person {person}", got, whole, 1e-3)
        times = np.array(table.getIndependentColumn())
        compared.arrays(f"OpenSim's table reads TRC of person {person}: times", times, truth["times"][part], 1e-6, "s")
        markers = opensim.MarkerData(path)
        counts = [markers.getNumFrames(), markers.getNumMarkers()]
        compared.arrays(f"OpenSim's MarkerData of person {person}", counts, [len(xy), table.getNumColumns()], 0, "")

        data, _, theirs, labels, _ = read_trc(path)
        places = data.to_numpy(float).reshape(len(data), -1, 3)[..., :2]
        got = places[:, [labels.index(m) for m in MARKERS]]
        compared.arrays(f"Pose2Sim reads TRC of person {person}", got, whole, 1e-3)
        compared.arrays(f"Pose2Sim reads TRC of person {person}: times", theirs, truth["times"][part], 1e-6, "s")
        compared.names(f"Pose2Sim reads TRC of person {person}: markers", extract_trc_data(path)[0], labels)

        path = str(folder / "walk" / f"walk_person{person}.mot")
        storage, data = opensim.TimeSeriesTable(path), read_mot(path)[0]
        angles = list(storage.getColumnLabels())
        degrees = truth["degrees"][n][part][:, [list(truth["angles"]).index(a) for a in angles]]
        known = ~np.isnan(degrees)  # gaps are filled
        got = np.array([storage.getRowAtIndex(row).to_numpy() for row in range(storage.getNumRows())])
        compared.arrays(f"OpenSim reads MOT of person {person}", got[known], degrees[known], 1e-4, "degrees")
        compared.arrays(f"Pose2Sim reads MOT of person {person}", data.to_numpy(float)[known], degrees[known], 1e-4,
                        "degrees")  # fmt: skip
    _read_json(folder, truth, names, compared)


def _places(names: list[str]) -> dict[str, int]:
    return {marker: names.index(joint) for marker, joint in MARKERS.items()}


def _read_json(folder: Path, truth: np.lib.npyio.NpzFile, names: list[str], compared: Compared) -> None:
    """Pose2Sim's reader of OpenPose's files takes the first person of one file a camera; here frames are cameras."""
    files = [str(path) for path in sorted((folder / "walk" / "json").glob("*.json"))]
    files = [path for path in files if json.loads(Path(path).read_text(encoding="utf-8"))["people"]]
    x, y, likelihood = extract_files_frame_f(files, list(BODY_25))
    own = [json.loads(Path(path).read_text(encoding="utf-8"))["people"] for path in files]
    ids = [people[0]["person_id"][0] for people in own]
    frames = [int(Path(path).name.split("_")[1]) for path in files]
    columns = [names.index(joint) for joint in BODY_25.values()]
    wanted = [(frame, list(truth["ids"]).index(i)) for frame, i in zip(frames, ids, strict=True)]
    xy = np.array([truth["xy"][frame, n][columns] for frame, n in wanted])
    score = np.array([truth["score"][frame, n][columns] for frame, n in wanted])
    absent = np.isnan(xy[..., 0])
    xy[absent], score[absent] = 0, 0  # OpenPose's way
    got = np.stack([x[0], y[0], likelihood[0]], -1)
    compared.arrays("Pose2Sim reads OpenPose's JSON", got, np.concatenate([xy, score[..., None]], 2), 1e-3)
    boxes = [len(bounding_boxes(path)) for path in files]
    compared.arrays("Pose2Sim's boxes of OpenPose's JSON", boxes, [len(people) for people in own], 0, "")


if __name__ == "__main__":
    run({"read": read})
