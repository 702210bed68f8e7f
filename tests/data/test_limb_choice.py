"""Limbs chosen by data: what the right ones are is known of animals whose joints hang together in a known way."""

import json
from dataclasses import replace

import numpy as np
import pytest

from bupose import cli
from bupose.data import choose_limbs
from bupose.errors import LabelsError
from bupose.images import Sample
from bupose.kernels.reference.lines import project_line
from bupose.maps import Grid
from bupose.methods.paf import FieldCodec, Fields
from bupose.people import Labels
from bupose.skeleton import Skeleton
from bupose.train.options import TrainOptions
from bupose.train.sets import open_sets

JOINTS = ("c", "a", "e", "b", "d")  # of a worm: a, b, c, d, e, one after the other
ORDER = np.array([1, 3, 0, 4, 2])
STAR = Skeleton("worm", JOINTS, tuple(("c", joint) for joint in JOINTS[1:]))


def worms(pictures=8, people=7, seed=0):
    """Crowds of bent worms, each joint 16 px from the last."""
    rng = np.random.default_rng(seed)
    for n in range(pictures):
        turns = np.cumsum(rng.normal(0, 0.6, (people, 5)), 1) + rng.uniform(0, 2 * np.pi, (people, 1))
        steps = 16 * np.stack([np.cos(turns), np.sin(turns)], 2)
        steps[:, 0] = rng.uniform(40, 160, (people, 2))
        xy = np.empty((people, 5, 2))
        xy[:, ORDER] = np.cumsum(steps, 1)
        visibility = np.where(rng.uniform(size=(people, 5)) < 0.9, 2, 0)
        yield Sample(np.zeros((200, 200, 3), np.uint8), Labels(xy, visibility, STAR), name=f"{n}.png")


def test_the_tree_is_the_animals_own():
    choice = choose_limbs(list(worms(24)), STAR)
    limbs = [set(limb) for limb in choice.skeleton.limbs]
    assert all(set(pair) in limbs[:4] for pair in ("ab", "bc", "cd", "de"))
    assert len(limbs) == 6
    assert choice.pictures == 24
    assert len(choice.pairs) == 10
    assert "a-b" in str(choice) or "b-a" in str(choice)
    near = [n for n, pair in enumerate(choice.pairs) if set(pair) in limbs[:4]]
    assert choice.distance[near].min() > np.delete(choice.distance, near).max()


def test_shares_are_counted_one_by_one():
    """Every pair of every two people, by the kernels' specification."""
    samples = list(worms(3, 12, seed=1))
    choice = choose_limbs(samples, STAR)
    whole = Skeleton("whole", JOINTS, tuple(choice.pairs))
    factor = 512 / 200
    for n, (a, b) in enumerate(whole.limb_joints):
        wins = compared = 0
        for sample in samples:
            xy = (sample.labels.xy.astype(np.float64) + 0.5) * factor - 0.5
            labels = Labels(xy, sample.labels.visibility, whole)
            paf = FieldCodec(whole, Grid(8)).encode(labels, (512, 512)).paf
            cells, there = Grid(8).to_cells(labels.xy), labels.present
            firsts, seconds = np.flatnonzero(there[:, a]), np.flatnonzero(there[:, b])
            score = {
                (i, j): max(project_line(paf, n, np.concatenate([cells[i, a], cells[j, b]]), 12, 1.0, 0.0)[0], 0)
                for i in firsts
                for j in seconds
            }
            for i in set(firsts) & set(seconds):
                others = [v for (p, q), v in score.items() if (p == i) != (q == i)]
                compared += bool(others)
                wins += bool(others) and (score[i, i] > max(others)) + 0.5 * (score[i, i] == max(others))
        if compared >= 30:
            assert choice.fields[n] == pytest.approx(wins / compared, abs=1.01 / compared)  # float32 may turn one
        else:
            assert np.isnan(choice.fields[n])


def test_sides_are_treated_alike():
    names = ("left_x", "right_x", "y", "left_z", "right_z")
    skeleton = Skeleton("s", names, (("y", "left_x"), ("y", "right_x"), ("left_x", "left_z"), ("right_x", "right_z")))
    samples = [Sample(s.image, Labels(s.labels.xy, s.labels.visibility, skeleton)) for s in worms(6)]
    choice = choose_limbs(samples, skeleton)
    assert set(choice.skeleton.joints) == set(names)
    order, _ = choice.skeleton.mirror_limbs  # it would have refused limbs without a mirror image
    assert sorted(order) == list(range(len(order)))


def test_a_networks_fields_are_counted_pair_by_pair():
    """Fields at another scale, with limbs in another order and direction, and noise."""
    rng, scale = np.random.default_rng(3), 2.0
    matrix = np.array([[scale, 0, 3], [0, scale, 1]])
    turned = Skeleton("all", JOINTS, [(b, a) for n, a in enumerate(JOINTS) for b in JOINTS[n + 1 :]][::-1])
    fields = {}

    def look(picture):
        codec = FieldCodec(turned, Grid(8))
        labels = replace(picture.labels.transform(matrix), skeleton=turned)
        ideal = codec.encode(labels, (408, 408))
        paf = ideal.paf + rng.normal(0, 0.2, ideal.paf.shape).astype(np.float32)
        fields[picture.name] = Fields(ideal.heat, paf, Grid(8), turned), labels
        return fields[picture.name][0], matrix

    samples = list(worms(4, 9, seed=2))
    choice = choose_limbs(samples, STAR, look)
    limbs = {frozenset(limb): n for n, limb in enumerate(turned.limbs)}
    for n, (a, b) in list(enumerate(choice.pairs))[::4]:
        own, others = [], []
        for maps, labels in fields.values():
            cells = maps.grid.to_cells(labels.xy)
            k = limbs[frozenset((a, b))]
            first, second = (JOINTS.index(joint) for joint in turned.limbs[k])
            for p in range(len(labels)):
                for q in range(len(labels)):
                    if labels.present[p, first] and labels.present[q, second]:
                        ends = np.concatenate([cells[p, first], cells[q, second]])
                        value = project_line(maps.paf, k, ends, 12, 1.0, 0.0)[0]
                        (own if p == q else others).append(max(value, 0.0))
        wins = np.mean([(x > y) + (x == y) / 2 for x in own for y in others])
        assert choice.fields[n] == pytest.approx(wins, abs=2e-3)  # float32 integrals may swap neighbours
        assert choice.value[n] == choice.fields[n]
    assert {frozenset(limb) for limb in choice.skeleton.limbs} >= {frozenset(p) for p in ("ab", "bc", "cd", "de")}
    with pytest.raises(LabelsError, match="trained with limbs=all"):
        choose_limbs(samples, STAR, lambda picture: (FieldCodec(STAR).encode(picture.labels, (200, 200)), matrix))


def test_all_pairs_are_trained_on(tmp_path):
    options = TrainOptions(limbs="all", hold_out=0.25)
    options.data.annotations = str(write_worms(tmp_path))
    assert len(open_sets(options).skeleton.limbs) == 10


def test_without_crowds_there_is_nothing_to_choose_by():
    with pytest.raises(LabelsError, match="of which there are 0"):
        choose_limbs(list(worms(3, 1)), STAR)
    many = Skeleton("m", [f"j{n}" for n in range(41)], [(f"j{n}", f"j{n + 1}") for n in range(40)])
    with pytest.raises(LabelsError, match="more than the 40"):
        choose_limbs([], many)


def write_worms(folder):
    """As annotations in COCO's form, with the limbs of a star."""
    import cv2

    images, people = [], []
    for n, sample in enumerate(worms(8)):
        cv2.imwrite(str(folder / sample.name), sample.image)
        images.append({"id": n, "file_name": sample.name, "width": 200, "height": 200})
        for xy, seen in zip(sample.labels.xy.tolist(), sample.labels.visibility.tolist(), strict=True):
            keypoints = [v for (x, y), s in zip(xy, seen, strict=True) for v in ((x, y, s) if s else (0, 0, 0))]
            people.append({"id": len(people), "image_id": n, "category_id": 1, "keypoints": keypoints})
    category = {"id": 1, "name": "worm", "keypoints": list(JOINTS), "skeleton": [[1, k] for k in (2, 3, 4, 5)]}
    (folder / "worms.json").write_text(json.dumps({"images": images, "annotations": people, "categories": [category]}))
    return folder / "worms.json"


def test_training_and_checking_take_them(tmp_path, capsys):
    file = write_worms(tmp_path)
    options = TrainOptions(limbs="auto", hold_out=0.25)
    options.data.annotations = str(file)
    sets = open_sets(options)
    assert sets.skeleton.limbs == choose_limbs(list(worms(8)), STAR).skeleton.limbs
    assert sets.train[0].labels.skeleton == sets.skeleton
    assert any("Limbs chosen of 10 pairs" in note for note in sets.notes)
    out = tmp_path / "check"
    assert cli.main(["check-data", f"data.annotations={file}", f"output={out}", "limbs=auto", "pictures=0"]) == 0
    assert "Limbs chosen" in capsys.readouterr().out
    assert (
        Skeleton.from_dict(json.loads((out / "skeleton.yaml").read_text(encoding="utf-8"))).limbs == sets.skeleton.limbs
    )
    assert len((out / "limbs.csv").read_text(encoding="utf-8").splitlines()) == 11
