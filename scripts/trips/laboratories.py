"""The round trips' steps in the laboratories' environment: pandas, sleap-io and movement read and write."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import sleap_io
from compared import Compared, run
from movement.io import load_poses

LEVELS = ["scorer", "individuals", "bodyparts", "coords"]
ROUNDING = 1e-4  # of DeepLabCut's tables, four decimals


def read(folder: Path, compared: Compared) -> None:
    """What bupose wrote, and the example of its documentation."""
    for name in ("walk", "mice"):
        _read_all(folder / name, name, compared)
    (folder / "out" / "dlc").mkdir(parents=True)
    shutil.copy(folder / "walk" / "walkDLC_bupose.csv", folder / "out" / "dlc")
    os.chdir(folder)
    names: dict[str, Any] = {}
    exec((folder / "example.py").read_text(encoding="utf-8"), names)
    speed = names["speed"].transpose("time", "individuals", "keypoints", "space").values
    truth = np.load(folder / "walk" / "truth.npz")
    expected = np.gradient(truth["xy"].astype(float), truth["times"], axis=0)
    compared.arrays("movement's example in docs/sports.md: speed", speed, expected, 2 * ROUNDING * 25, "px/s")


def read_trained(folder: Path, compared: Compared) -> None:
    """What the trained networks found."""
    for kind in ("dlc", "sleap"):
        _read_all(folder / f"people_{kind}" / "all", f"trained on {kind}", compared)


def _read_all(folder: Path, name: str, compared: Compared) -> None:
    """Each file of a recording, by each package that reads its format."""
    truth = np.load(folder / "truth.npz")
    for path in sorted(folder.iterdir()):
        what = f"{name}: {path.name.partition('.')[2]}"
        if path.suffix in (".csv", ".h5") and "analysis" not in path.name:
            _read_table(path, truth, f"pandas reads {what} of dlc", compared)
            _read_movement(load_poses.from_dlc_file(path), truth, f"movement reads {what} of dlc", compared)
        elif path.name.endswith(".analysis.h5"):
            _read_movement(load_poses.from_sleap_file(path), truth, f"movement reads {what}", compared)
            _read_sleap(path, truth, f"sleap-io reads {what}", compared)
        elif path.suffix == ".nwb":
            number = int(path.stem.rpartition("individual")[2]) - 1
            alone = list(truth["ids"]).index(number)
            order = np.argsort(truth["names"])  # as HDF5 lists them
            one = {key: truth[key][:, alone : alone + 1, order] for key in ("xy", "score")}
            one["names"] = truth["names"][order]
            found = load_poses.from_nwb_file(path)
            _read_movement(found, one, f"movement reads {what} of individual {number + 1}", compared)


def _read_table(path: Path, truth: Any, what: str, compared: Compared) -> None:
    if path.suffix == ".csv":
        levels = (
            4 if path.read_text(encoding="utf-8").splitlines()[1].startswith("individuals,") else 3
        )  # of one animal
        table = pandas.read_csv(path, header=list(range(levels)), index_col=0)
    else:
        table = pandas.read_hdf(path)
    names = list(dict.fromkeys(column[-2] for column in table.columns))
    compared.names(what, names, truth["names"])
    values = table.to_numpy(float).reshape(len(table), -1, len(names), 3)
    compared.arrays(what, values[..., :2], truth["xy"], ROUNDING)
    compared.arrays(f"{what}: scores", values[..., 2], truth["score"], ROUNDING, "")


def _read_movement(poses: Any, truth: Any, what: str, compared: Compared) -> None:
    order = ("time", "individuals", "keypoints")
    compared.names(what, list(poses.coords["keypoints"].values), truth["names"])
    compared.arrays(what, poses.position.transpose(*order, "space").values, truth["xy"], ROUNDING)
    compared.arrays(f"{what}: scores", poses.confidence.transpose(*order).values, truth["score"], ROUNDING, "")


def _read_sleap(path: Path, truth: Any, what: str, compared: Compared) -> None:
    labels = sleap_io.load_file(str(path))
    compared.names(what, labels.skeletons[0].node_names, truth["names"])
    tracks = [track.name for track in labels.tracks]
    compared.names(f"{what}: tracks", tracks, [f"track_{i}" for i in truth["ids"]])
    got = np.full(truth["xy"].shape, np.nan)
    for frame in labels.labeled_frames:
        for one in frame.instances:
            got[frame.frame_idx, tracks.index(one.track.name)] = one.numpy()
    compared.arrays(what, got, truth["xy"], ROUNDING)


def write(folder: Path, compared: Compared) -> None:
    """Projects and predictions as their own programs lay them out."""
    truth = np.load(folder / "drawn" / "truth.npz")
    pictures = sorted((folder / "drawn").glob("*.png"))
    for suffix in ("csv", "h5"):
        _write_project(folder / f"dlc_{suffix}", pictures, truth["xy"], truth["names"], suffix)
    frames = [sleap_io.load_video(str(picture))[0] for picture in pictures]
    clip = folder / "clip.mp4"
    sleap_io.save_video(np.stack(frames), clip, fps=25, crf=1)
    skeleton = sleap_io.Skeleton(
        [str(name) for name in truth["names"]],
        name="mouse",
        edges=[("snout", "leftear"), ("snout", "rightear"), ("snout", "mid-back"), ("mid-back", "TailBase")],
        symmetries=[("leftear", "rightear")],
    )
    video = sleap_io.Video.from_filename(str(clip))
    labelled = [
        sleap_io.LabeledFrame(
            video=video,
            frame_idx=n,
            instances=[sleap_io.Instance.from_numpy(xy, skeleton=skeleton) for xy in truth["xy"][n]],
        )
        for n in range(len(pictures))
    ]
    labels = sleap_io.Labels(labelled, videos=[video], skeletons=[skeleton])
    labels.save(str(folder / "labels.slp"), embed=False)
    labels.save(str(folder / "labels.pkg.slp"), embed="user")
    _write_found(folder, video, skeleton)


def _write_project(home: Path, pictures: list[Path], xy: np.ndarray, names: np.ndarray, suffix: str) -> None:
    """A multi-animal project by DeepLabCut's documentation: config.yaml, and a table of labels beside the pictures."""
    inside = home / "labeled-data" / "mice"
    inside.mkdir(parents=True)
    animals = [f"mouse{n + 1}" for n in range(xy.shape[1])]
    columns = pandas.MultiIndex.from_product([["me"], animals, list(names), ["x", "y"]], names=LEVELS)
    rows = pandas.MultiIndex.from_tuples([("labeled-data", "mice", picture.name) for picture in pictures])
    table = pandas.DataFrame(xy.reshape(len(pictures), -1), index=rows, columns=columns)
    path = inside / f"CollectedData_me.{suffix}"
    table.to_csv(path) if suffix == "csv" else table.to_hdf(path, key="df_with_missing", mode="w")
    for picture in pictures:
        shutil.copy(picture, inside)
    listed: dict[str, Any] = {"multianimalbodyparts": names, "individuals": animals, "uniquebodyparts": []}
    text = "".join(f"{key}:\n" + "".join(f"- {value}\n" for value in values) for key, values in listed.items())
    text = text.replace("uniquebodyparts:\n", "uniquebodyparts: []\n")
    pairs = [("snout", "leftear"), ("snout", "rightear"), ("snout", "mid-back"), ("mid-back", "TailBase")]
    text += "skeleton:\n" + "".join(f"- - {a}\n  - {b}\n" for a, b in pairs)
    (home / "config.yaml").write_text(f"Task: mice\nscorer: me\nmultianimalproject: true\nbodyparts: MULTI!\n{text}")


def _write_found(folder: Path, video: Any, skeleton: Any) -> None:
    """Predictions of two followed animals."""
    rng = np.random.default_rng(2)
    xy, score = rng.uniform(3, 200, (8, 2, len(skeleton), 2)), rng.uniform(0.1, 0.9, (8, 2, len(skeleton)))
    xy[3, 1] = xy[5, 0, 2] = np.nan
    score = np.where(np.isnan(xy[..., 0]), np.nan, score)
    tracks = [sleap_io.Track(f"track_{n}") for n in range(2)]
    frames = []
    for n in range(8):
        found = [
            sleap_io.PredictedInstance.from_numpy(
                xy[n, k],
                skeleton=skeleton,
                point_scores=np.nan_to_num(score[n, k]),
                score=float(np.nanmean(score[n, k])),
                track=tracks[k],
            )
            for k in range(2)
            if not np.isnan(xy[n, k]).all()
        ]
        frames.append(sleap_io.LabeledFrame(video=video, frame_idx=n, instances=found))
    labels = sleap_io.Labels(frames, videos=[video], skeletons=[skeleton], tracks=tracks)
    labels.save(str(folder / "found.slp"), embed=False)
    sleap_io.save_analysis_h5(labels, str(folder / "found.analysis.h5"))
    sleap_io.save_analysis_h5(labels, str(folder / "found_standard.analysis.h5"), preset="standard")
    sleap_io.save_nwb(labels, str(folder / "found.nwb"), nwb_format="predictions")
    np.savez(folder / "found.npz", xy=xy, score=score, names=np.array(skeleton.node_names))


if __name__ == "__main__":
    run({"read": read, "write": write, "read_trained": read_trained})
