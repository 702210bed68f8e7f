"""DeepLabCut's tables: as pandas writes and reads them."""

import h5py
import numpy as np
import pandas as pd
import pytest
from recordings import make_people, make_photos, make_video

from bupose import People
from bupose.errors import InputError, OptionsError
from bupose.exchange import ConvertOptions, Recording, WriteOptions, read_recordings, write_recordings
from bupose.exchange.convert import convert
from bupose.skeletons import COCO17


def theirs(levels, values, index=None):
    """A table as DeepLabCut makes it: a MultiIndex of its levels' products."""
    columns = pd.MultiIndex.from_product(list(levels.values()), names=list(levels))
    return pd.DataFrame(np.asarray(values, float), columns=columns, index=index)


def save(table, folder, suffix):
    path = folder / f"mouseDLC_resnet50.{suffix}"
    if suffix == "csv":
        table.to_csv(path)
    else:
        table.to_hdf(path, key="df_with_missing", format="table" if suffix == "h5" else "fixed", mode="w")
    return path


@pytest.mark.parametrize("suffix", ["csv", "h5"])
def test_several_animals(tmp_path, suffix):
    levels = {"scorer": ["DLC"], "individuals": ["mickey", "minnie"], "bodyparts": ["snout", "leftear", "rightear"]}
    values = np.arange(2 * 18).reshape(2, 18).astype(float)
    values[:, 2::3] = 0.25
    values[1, 9:] = np.nan
    (found,) = read_recordings(save(theirs(levels | {"coords": ["x", "y", "likelihood"]}, values), tmp_path, suffix))
    assert found.skeleton.joints == ("snout", "left_ear", "right_ear")
    assert len(found.skeleton.limbs) >= 2
    first, second = found.people
    assert first.ids.tolist() == [0, 1]
    np.testing.assert_array_equal(first["left_ear"], [[3, 4, 0.25], [12, 13, 0.25]])
    assert second.ids.tolist() == [0]
    np.testing.assert_array_equal(second.person_score, [0.25])


def test_one_animal_and_what_exists_once(tmp_path):
    levels = {"scorer": ["DLC"], "bodyparts": ["snout", "tail"], "coords": ["x", "y", "likelihood"]}
    (found,) = read_recordings(save(theirs(levels, [[1, 2, 0.5, 3, 4, 0.5]]), tmp_path, "csv"))
    assert found.people[0].ids is None
    np.testing.assert_array_equal(found.people[0].xy, [[[1, 2], [3, 4]]])
    columns = [("DLC", "m1", "snout"), ("DLC", "m1", "tail"), ("DLC", "single", "corner")]
    index = pd.MultiIndex.from_tuples([(*c, k) for c in columns for k in ("x", "y")])
    index.names = ["scorer", "individuals", "bodyparts", "coords"]
    table = pd.DataFrame([[1, 2, 3, 4, 5, 6.0]], columns=index)
    (found,) = read_recordings(save(table, tmp_path, "csv"))
    assert found.skeleton.joints == ("snout", "tail")  # labels, without likelihood
    np.testing.assert_array_equal(found.people[0].score, [[1, 1]])


def test_labels_have_their_pictures_in_three_columns(tmp_path):
    levels = {"scorer": ["me"], "bodyparts": ["snout", "tail"], "coords": ["x", "y"]}
    index = pd.MultiIndex.from_tuples([("labeled-data", "mouse", f"img{n}.png") for n in (4, 9)])
    (found,) = read_recordings(save(theirs(levels, [[1, 2, 3, 4], [5, 6, np.nan, np.nan]], index), tmp_path, "csv"))
    assert found.files == ["labeled-data/mouse/img4.png", "labeled-data/mouse/img9.png"]
    assert found.people[1].present.tolist() == [[True, False]]


def test_a_side_without_the_other(tmp_path):
    levels = {"scorer": ["me"], "bodyparts": ["snout", "left_paw"], "coords": ["x", "y"]}
    (found,) = read_recordings(save(theirs(levels, [[1, 2, 3, 4]]), tmp_path, "csv"))
    assert found.skeleton.joints == ("snout", "paw_left")


@pytest.mark.parametrize(
    "names",
    [["snout", "leftear", "rightear", "LPaw", "Tail-Base"], [j.title().replace("_", " ") for j in COCO17.joints]],
)
def test_names_of_joints_go_out_as_they_came(tmp_path, names):
    """Through every format that names joints; the second are those of a built-in skeleton in another spelling."""
    levels = {"scorer": ["DLC"], "individuals": ["m"], "bodyparts": names, "coords": ["x", "y", "likelihood"]}
    path = save(theirs(levels, [np.arange(3 * len(names)) / (3 * len(names))]), tmp_path, "csv")
    for form, where in (("coco", ""), ("sleap", "mouse.analysis.h5"), ("dlc", "mouseDLC_bupose.csv")):
        recordings = read_recordings(path)
        folder = tmp_path / form
        if form == "coco":
            convert(ConvertOptions(input=str(path), to="coco", output=str(folder)))
        else:
            write_recordings(recordings, form, folder)
        path = next(folder.rglob(where)) if where else folder
        if form == "sleap":
            with h5py.File(path) as file:
                assert [name.decode() for name in file["node_names"][()]] == names
    written = pd.read_csv(path, header=[0, 1, 2, 3], index_col=0).columns
    assert list(dict.fromkeys(column[2] for column in written)) == names


@pytest.mark.parametrize("suffix", ["csv", "h5"])
@pytest.mark.parametrize("make", [make_video, make_photos])
def test_what_is_written_is_read(tmp_path, suffix, make):
    recording = make()
    written = write_recordings([recording], "dlc", tmp_path)
    assert len(written) == 2
    (back,) = read_recordings(tmp_path / f"{recording.name}DLC_bupose.{suffix}")
    if recording.files is None:  # every frame has a row
        assert back.numbers.tolist() == list(range(13))
        back = Recording(
            "", back.skeleton, recording.numbers, recording.times, [back.people[n] for n in recording.numbers]
        )
    assert back.files == recording.files
    for one, other in zip(recording.people, back.people, strict=True):
        assert_joints(one, other, by_rank=recording.files is not None)


def assert_joints(one: People, other: People, by_rank=False):
    """A table has no scores of people: they are ordered by joint scores."""
    order = np.arange(len(one)) if by_rank else one.ids if one.ids is not None else np.zeros(0, int)
    assert sorted(order.tolist()) == sorted(other.ids.tolist() if len(other) else [])
    for n, i in enumerate(order):
        m = other.ids.tolist().index(i)
        np.testing.assert_allclose(one.xy[n], other.xy[m], atol=1e-4)
        np.testing.assert_allclose(one.score[n], other.score[m], atol=1e-4)


def test_pandas_reads_what_is_written(tmp_path):
    csv, h5 = write_recordings([make_video()], "dlc", tmp_path)
    assert read_recordings(csv)[0].name == "walk"
    table = pd.read_csv(csv, header=[0, 1, 2, 3], index_col=0)
    assert table.columns.names == ["scorer", "individuals", "bodyparts", "coords"]
    assert table.columns[3] == ("DLC_bupose", "individual1", "left_eye", "x")
    assert list(dict.fromkeys(c[1] for c in table.columns)) == ["individual1", "individual2", "individual5"]
    pd.testing.assert_frame_equal(table, pd.read_hdf(h5), check_index_type=False)


def test_one_person_is_one_animal(tmp_path):
    rng = np.random.default_rng(0)
    people = [make_people(rng, [-1] * n) for n in (1, 0, 1)]
    csv, _ = write_recordings([Recording("a", COCO17, range(3), np.arange(3) / 25, people)], "dlc", tmp_path)
    assert pd.read_csv(csv, header=[0, 1, 2], index_col=0).columns.names == ["scorer", "bodyparts", "coords"]
    (back,) = read_recordings(csv)
    assert [len(p) for p in back.people] == [1, 0, 1]
    np.testing.assert_allclose(back.people[2].xy, people[2].xy, atol=1e-4)
    np.testing.assert_allclose(back.people[2].score, people[2].score, atol=1e-4)


def test_nobody_at_all(tmp_path):
    video = Recording("a", COCO17, [0, 1], [0, 0.04], [People.nobody(COCO17)] * 2)
    csv, h5 = write_recordings([video], "dlc", tmp_path)
    for path in (csv, h5):
        (back,) = read_recordings(path)
        assert [len(p) for p in back.people] == [0, 0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\n1,2\n", "first lines begin with scorer"),
        ("scorer,a,a\nbodyparts,p,p\ncoords,x,y\n0,1,oops\n", "line 4 has 'oops'"),
        ("scorer,a,a\nbodyparts,p,p\ncoords,x,y\n\n0,1\n", "line 5 has 2 cells"),
    ],
)
def test_damaged_tables(tmp_path, text, told):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(InputError, match=told):
        read_recordings(tmp_path / "x.csv", "dlc")


@pytest.mark.parametrize("kind", ["cut", "foreign", "series"])
def test_damaged_h5_files(tmp_path, kind):
    path = tmp_path / "x.h5"
    pd.Series([1.0]).to_hdf(path, key="df_with_missing")
    if kind != "series":
        path.write_bytes(path.read_bytes()[:3000] if kind == "cut" else b"\xff\xd8\xff\xe0 a photo")
    with pytest.raises(InputError, match=r"H5 file of DeepLabCut's|no table of DeepLabCut's"):
        read_recordings(path, "dlc")


@pytest.mark.parametrize("scorer", ["/../../out", "a/b", "a\\b", "", " "])
def test_a_scorer_stays_in_the_folder(scorer):
    with pytest.raises(OptionsError, match=r"write\.scorer"):
        WriteOptions(scorer=scorer)
