"""Angles, and files of them and of places for OpenSim, Pose2Sim and Sports2D."""

import csv
import io
import math
import re

import numpy as np
import pytest
from recordings import make_photos, make_video

from bupose import People
from bupose.errors import InputError, OptionsError
from bupose.exchange import Recording, WriteOptions, write_recordings
from bupose.exchange.angles import USUAL, angles_of, measure_angles
from bupose.exchange.formats.opensim import marker_name
from bupose.exchange.metres import body_height
from bupose.skeletons import BODY25, COCO17

# Winter 2009, figure 4.1: heights of joints over the floor as shares of the body's height.
HEIGHTS = {"ankle": 0.039, "knee": 0.285, "hip": 0.530, "shoulder": 0.818, "eye": 0.936, "ear": 0.936,
           "elbow": 0.630, "wrist": 0.485, "nose": 0.91}  # fmt: skip


def standing(height=400.0, x=100.0, floor=450.0):
    """Joints (17, 2) of a person who stands upright, pixels; arms hang."""
    names = [joint.rpartition("_")[2] for joint in COCO17.joints]
    return np.array([[x, floor - height * HEIGHTS[name]] for name in names])


def followed(frames, size=(640, 480), rate=25):
    """A recording of one person."""
    people = [People(xy[None], (~np.isnan(xy[..., 0]))[None], [0.9], COCO17, ids=[3]) for xy in frames]
    numbers = np.arange(len(frames)) + 10
    return Recording("walk", COCO17, numbers, numbers / rate, people, size, video="walk.mp4")


def test_an_upright_person_is_at_zero():
    angles = angles_of(COCO17)
    names = [angle.name for angle in angles]
    assert {"left_knee", "right_hip", "left_elbow", "right_shoulder", "trunk", "left_thigh"} <= set(names)
    assert "left_ankle" not in names  # COCO's joints have no toes
    assert "left_ankle" in [angle.name for angle in angles_of(BODY25)]
    np.testing.assert_allclose(measure_angles(standing(), COCO17, angles), 0, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_three_joints_by_the_law_of_cosines(seed, tmp_path):
    """Wherever they are, mirrored or turned."""
    (tmp_path / "a.yaml").write_text(
        "k: [left_hip, left_knee, left_ankle]\nf: {joints: [left_hip, left_knee, left_ankle], zero: 180}\n"
    )
    angles = angles_of(COCO17, str(tmp_path / "a.yaml"))
    xy = np.random.default_rng(seed).uniform(0, 100, (50, 17, 2))
    plain, flexion = measure_angles(xy, COCO17, angles).T
    for row, value in zip(xy, plain, strict=True):
        a, b, c = (row[COCO17.index[f"left_{joint}"]] for joint in ("hip", "knee", "ankle"))
        cosine = (math.dist(a, b) ** 2 + math.dist(b, c) ** 2 - math.dist(a, c) ** 2) / (
            2 * math.dist(a, b) * math.dist(b, c)
        )
        assert value == pytest.approx(math.degrees(math.acos(cosine)), abs=1e-6)
    np.testing.assert_allclose(flexion, 180 - plain)
    np.testing.assert_allclose(measure_angles([200, 100] - xy, COCO17, angles)[:, 0], plain, atol=1e-9)


@pytest.mark.parametrize(("way", "upright", "level"), [((0, -5), 0, 90), ((5, 0), 90, 0), ((0, 5), 180, -90),
                                                       ((-5, 0), -90, 180), ((3, -3), 45, 45)])  # fmt: skip
def test_segments_against_a_direction(way, upright, level, tmp_path):
    """Upright is 0 and leaning to the right positive; to the right is 0 and upwards positive; y points down."""
    (tmp_path / "a.yaml").write_text(
        "v: {joints: [mid_hip, neck], against: vertical}\nh: {joints: [mid_hip, neck], against: horizontal}\n"
    )
    xy = np.full((17, 2), np.nan)
    for joint, place in (
        ("left_hip", (10, 20)),
        ("right_hip", (12, 20)),
        ("left_shoulder", way),
        ("right_shoulder", way),
    ):
        xy[COCO17.index[joint]] = place
    xy[[5, 6]] += [11, 20]
    values = measure_angles(xy, COCO17, angles_of(COCO17, str(tmp_path / "a.yaml")))
    np.testing.assert_allclose(values, [upright, level], atol=1e-9)


def test_what_is_absent_or_coincides_has_no_angle():
    xy = standing()
    xy[COCO17.index["left_knee"]] = np.nan
    xy[COCO17.index["right_wrist"]] = xy[COCO17.index["right_elbow"]]
    angles = angles_of(COCO17)
    unknown = {a.name for a, value in zip(angles, measure_angles(xy, COCO17, angles), strict=True) if np.isnan(value)}
    assert unknown == {"left_knee", "left_hip", "left_shank", "left_thigh", "right_elbow"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("knee: [left_hip, left_knee]", ["'knee'", "2 joints", "three"]),
        ("knee: {joints: [left_hip, left_knee, left_ankle], against: vertical}", ["3 joints"]),
        ("knee: {joints: [left_hip, left_knee], against: gravity}", ["'gravity'", "vertical, horizontal"]),
        ("knee: {joints: [left_hip, left_knee, left_ankle], zero: up}", ["'up'", "degrees"]),
        ("knee: {joints: [left_hip, left_knee, left_ankle], sign: 1}", ["'sign'"]),
        ("knee: left_knee", ["'left_knee'"]),
        ("toes: [left_knee, left_ankle, left_big_toe]", ["left_big_toe", "left_shoulder"]),
        ("- knee", ["declares no angles"]),
        ("knee: [", ["YAML"]),
    ],
)
def test_declarations_that_cannot_be(text, words, tmp_path):
    (tmp_path / "angles.yaml").write_text(text)
    with pytest.raises(OptionsError) as told:
        angles_of(COCO17, str(tmp_path / "angles.yaml"))
    for word in words:
        assert word in str(told.value)


def test_height_by_the_way_over_the_joints():
    """Of a walker whose legs and trunk lean, and who is partly hidden."""
    rng = np.random.default_rng(0)
    assert body_height(standing(400)[None], COCO17) == pytest.approx(400, rel=0.001)
    frames = np.stack([standing(400, x=100 + 5 * n) for n in range(60)])
    frames[rng.uniform(size=(60, 17)) < 0.3] = np.nan
    frames[:20, :, 0] *= 1.1  # a glitch
    assert body_height(frames, COCO17) == pytest.approx(400, rel=0.01)
    assert np.isnan(body_height(np.full((3, 17, 2), np.nan), COCO17))


def test_metres(tmp_path):
    """A person of 1.80 m has shoulders at 0.818 of that over the ankles' 0.039; a scale is taken as it is."""
    frames = [standing(400, x=100 + n) for n in range(4)]
    (path,) = write_recordings([followed(frames)], "trc", tmp_path, WriteOptions(height=1.8))
    head, names, table = read_trc(path)
    assert path.name == "walk_person3.trc"
    assert head[2].split("\t") == ["25", "25", "4", "19", "m", "25", "10", "4"]
    places = dict(zip(names, np.moveaxis(table[:, 2:].reshape(4, -1, 3), 1, 0), strict=True))
    np.testing.assert_allclose(places["LShoulder"][:, 1] - places["RAnkle"][:, 1], 1.8 * (0.818 - 0.039), rtol=1e-3)
    np.testing.assert_allclose(np.diff(places["Nose"][:, 0]), 1.8 / 400, rtol=1e-2)
    np.testing.assert_allclose(places["Hip"], (places["LHip"] + places["RHip"]) / 2, atol=1e-6)
    np.testing.assert_allclose(places["Neck"], places["LShoulder"], atol=1e-6)
    np.testing.assert_allclose(table[:, :2], [[n, n / 25] for n in range(10, 14)])
    (path,) = write_recordings([followed(frames)], "trc", tmp_path, WriteOptions(scale=100))
    _, names, table = read_trc(path)
    assert table[0, 2 + 3 * names.index("LAnkle") + 1] == pytest.approx((479 - standing()[15, 1]) / 100, abs=1e-6)
    with pytest.raises(OptionsError, match="both"):
        WriteOptions(height=1, scale=1)
    head_only = standing()
    head_only[5:] = np.nan
    with pytest.raises(InputError, match="ankles"):
        write_recordings([followed([head_only])], "trc", tmp_path, WriteOptions(height=1))


def read_trc(path):
    """Header lines, markers, and the table, as OpenSim lays them out: every line has all its cells."""
    lines = path.read_text(encoding="utf-8").splitlines()
    names = lines[3].split("\t")[2::3]
    width = 2 + 3 * len(names)
    assert all(len(line.split("\t")) == width for line in lines[3:])
    assert "" not in [cell for line in lines[5:] for cell in line.split("\t")]
    assert lines[4].split("\t")[2:8] == ["X1", "Y1", "Z1", "X2", "Y2", "Z2"]
    return lines[:5], names, np.array([[float(cell) for cell in line.split("\t")] for line in lines[5:]])


def test_every_person_has_a_file_from_their_first_frame_to_their_last(tmp_path):
    video = make_video(frames=8)
    paths = write_recordings([video], "trc", tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in paths] == [f"films/walk_person{i}.trc" for i in (0, 1, 4)]
    for path, i in zip(paths, (0, 1, 4), strict=True):
        head, _, table = read_trc(path)
        seen = [n for n, people in zip(video.numbers, video.people) if people.ids is not None and i in people.ids]
        assert table[:, 0].tolist() == [n for n in video.numbers if seen[0] <= n <= seen[-1]]
        assert head[2].split("\t")[4] == "px"
        for row in table:
            people = video.people[video.numbers.tolist().index(row[0])]
            mine = [] if people.ids is None else np.flatnonzero(people.ids == i)
            wanted = people.xy[mine[0]] * [1, -1] + [0, 479] if len(mine) else np.full((17, 2), np.nan)
            np.testing.assert_allclose(row[2:].reshape(-1, 3)[:17, :2], wanted, atol=1e-3)


def test_motions_have_no_gaps(tmp_path):
    """OpenSim's Storage ends at the first value that is missing."""
    frames = []
    for n in range(6):
        xy = standing()
        turn = np.radians(10 * n)
        xy[15] = xy[13] + 60 * np.array([np.sin(turn), np.cos(turn)])  # the left ankle swings
        xy[9:11] = np.nan
        frames.append(xy)
    frames[0][13] = frames[2][13] = frames[3][13] = np.nan
    (path,) = write_recordings([followed(frames)], "mot", tmp_path)
    head, _, body = path.read_text(encoding="utf-8").partition("endheader\n")
    rows = list(csv.reader(io.StringIO(body), delimiter="\t"))
    assert re.findall(r"n(?:Rows|Columns)=\d+", head) == ["nRows=6", f"nColumns={len(rows[0])}"]
    assert "inDegrees=yes" in head
    assert rows[0][:2] == ["time", "left_knee"]
    assert "left_elbow" not in rows[0]
    values = np.array(rows[1:], float)
    np.testing.assert_allclose(values[:, 0], np.arange(10, 16) / 25, atol=1e-6)
    np.testing.assert_allclose(values[:, 1], [10, 10, 20, 30, 40, 50], atol=1e-3)


def test_a_table_of_angles(tmp_path):
    video = make_video()
    (path,) = write_recordings([video], "angles", tmp_path)
    rows = list(csv.DictReader(path.open()))
    assert [*rows[0]] == ["frame", "time", "id", *(name for name in USUAL if "ankle" not in name)]
    assert len(rows) == sum(map(len, video.people))
    angles = angles_of(COCO17)
    for row in rows:
        people = video.people[video.numbers.tolist().index(int(row["frame"]))]
        xy = people.xy[people.ids.tolist().index(int(row["id"]))]
        assert float(row["time"]) == pytest.approx(int(row["frame"]) / 25)
        for angle, value in zip(angles, measure_angles(xy, COCO17, angles), strict=True):
            assert (
                row[angle.name] == "" if np.isnan(value) else float(row[angle.name]) == pytest.approx(value, abs=0.006)
            )
    (path,) = write_recordings([make_photos()], "angles", tmp_path)
    assert {row["frame"] for row in csv.DictReader(path.open())} == {"7.jpg", "c.jpg"}


def test_people_without_ids_have_no_motion(tmp_path):
    for kind in ("trc", "mot"):
        with pytest.raises(InputError, match="no ids"):
            write_recordings([make_photos()], kind, tmp_path)


def test_markers_are_called_as_pose2sims():
    names = ("right_hip", "left_big_toe", "mid_hip", "neck", "nose", "left_ear")
    assert [marker_name(name) for name in names] == ["RHip", "LBigToe", "Hip", "Neck", "Nose", "LEar"]
