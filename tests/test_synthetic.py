"""Drawn people: the labels agree with what is painted, and every picture can be had again."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from bupose import skeletons
from bupose.errors import LabelsError, OptionsError
from bupose.skeleton import Skeleton
from bupose.synthetic import SceneOptions, Synthetic, SyntheticOptions, draw_creature, draw_scene
from bupose.synthetic.angles import POSES
from bupose.synthetic.creature import lay_out, plan_creatures
from bupose.synthetic.options import SCENES
from bupose.synthetic.pose import BODY, WHOLE_BODY
from bupose.synthetic.scene import plan_scene

MAGENTA = (255, 0, 255)
FINGERS = ("thumb", "index", "little")
HAND = Skeleton(
    "hand",
    ("root", *(f"{f}_{n}" for f in FINGERS for n in range(3))),
    [limb for f in FINGERS for limb in (("root", f"{f}_0"), (f"{f}_0", f"{f}_1"), (f"{f}_1", f"{f}_2"))],
)
DOT = Skeleton("dot", ("only",), ())


def scene_on_magenta(seed, people, **options):
    scene = plan_scene(np.random.default_rng(seed), (320, 300), people, SceneOptions(props=(0, 0), **options))
    scene.background[:] = MAGENTA
    return scene


def same(a, b):
    return np.array_equal(a.image, b.image) and np.array_equal(a.labels.xy, b.labels.xy)


@pytest.mark.parametrize("options", sorted(SCENES))
def test_a_seed_draws_one_picture(options):
    assert same(draw_scene(7, options=options), draw_scene(7, options=options))
    assert not same(draw_scene(7, options=options), draw_scene(8, options=options))


def test_a_set_does_not_depend_on_order_or_instance():
    options = SyntheticOptions(count=6, seed=3, size=(160, 128))
    forward = [Synthetic(options)[i] for i in range(6)]
    again = Synthetic(options)
    assert all(same(again[i], forward[i]) for i in reversed(range(6)))
    assert len(again) == 6
    assert forward[2].image.shape == (128, 160, 3)
    assert (forward[2].image_id, again[-1].image_id) == (2, 5)
    assert not same(Synthetic(replace(options, seed=4))[0], forward[0])
    with pytest.raises(IndexError):
        again[6]
    assert len(list(again)) == 6


@pytest.mark.parametrize("options", sorted(SCENES))
def test_labels_lie_in_the_picture(options):
    for seed in range(12):
        sample = draw_scene(seed, (300, 200), 4, skeletons.BODY25, options)
        labels = sample.labels
        x, y = np.moveaxis(labels.xy[labels.present], -1, 0)
        assert (x >= -0.5).all()
        assert (x <= 299.5).all()
        assert (y >= -0.5).all()
        assert (y <= 199.5).all()
        corner = labels.box[:, :2] + labels.box[:, 2:]
        assert (labels.box[:, :2] >= -0.5).all()
        assert (corner <= (299.5, 199.5)).all()
        assert (labels.area > 0).all()
        assert (labels.area <= labels.box[:, 2] * labels.box[:, 3]).all()


def test_a_visible_joint_is_on_the_painted_person():
    seen = 0
    for seed, pose in enumerate(POSES):
        scene = scene_on_magenta(seed, 1, poses=(pose,))
        painted = scene.paint()
        labels, _ = scene.label(painted, BODY, 0)
        x, y = np.rint(labels.xy[labels.visibility == 2]).astype(int).T
        assert (painted.image[y, x] != MAGENTA).any(1).all(), pose
        seen += len(x)
    assert seen > 12 * len(POSES)


def test_taking_a_person_away_changes_the_pixels_of_its_visible_joints():
    changed = []
    for seed in range(8):
        scene = plan_scene(np.random.default_rng(seed), (320, 300), 5, SceneOptions(places=("studio",)))
        painted = scene.paint()
        for n, figure in enumerate(scene.figures):
            without = scene.paint(without=(n,)).image
            labels, _ = replace(scene, figures=scene.figures[: n + 1]).label(painted, BODY, 0)
            if len(labels) == n + 1:
                x, y = np.rint(figure.joints[labels.visibility[n] == 2]).astype(int).T
                changed += (painted.image[y, x] != without[y, x]).any(1).tolist()
    assert len(changed) > 300
    assert np.mean(changed) > 0.98  # two people may wear the same colour


def test_a_hidden_joint_is_covered_by_something_nearer():
    by_others = 0
    for seed in range(10):
        scene = scene_on_magenta(seed, 6, spread=1)
        painted, ground = scene.paint(), {t.figure: t.ground for t in scene.things}
        for n, figure in enumerate(scene.figures):
            alone = scene.paint(without=[m for m in range(6) if m != n])
            here, _ = scene.label(painted, BODY, 0)
            if len(here) < 6:
                continue
            hidden = here.visibility[n] == 1
            x, y = np.rint(figure.joints[hidden]).astype(int).T
            assert (painted.image[y, x] != MAGENTA).any(1).all()
            for px, py in zip(x, y, strict=True):
                covering = [m for m in range(6) if painted.silhouette(m)[py, px]]
                if alone.silhouette(n)[py, px] and covering and covering != [n]:
                    assert ground[covering[0]] >= ground[n]
                    by_others += 1
    assert by_others > 20


def test_area_and_box_are_the_silhouettes():
    for seed in range(6):
        scene = scene_on_magenta(seed, 1, height=(0.6, 0.7))
        painted = scene.paint()
        labels, _ = scene.label(painted, BODY, 0)
        mask = painted.silhouette(0)
        y, x = np.nonzero(mask)
        assert labels.area[0] == mask.sum()
        assert labels.box[0].tolist() == [x.min() - 0.5, y.min() - 0.5, np.ptp(x) + 1, np.ptp(y) + 1]
        stool = sum(t.figure < 0 for t in scene.things)
        coloured = (painted.image != MAGENTA).any(2)  # its antialiased rim is a little wider
        assert not (mask & ~coloured).any()
        if not stool:
            assert mask.sum() <= coloured.sum() <= 1.3 * mask.sum()


@pytest.mark.parametrize(("facing", "sign"), [(0.0, 1), (180.0, -1)])
def test_left_is_the_persons_own(facing, sign):
    options = SceneOptions(facing=(facing, facing), poses=("stand",))
    for seed in range(10):
        labels = draw_scene(seed, people=1, skeleton=BODY, options=options).labels
        at = dict(zip(BODY.joints, labels.xy[0], strict=True))
        for joint in ("shoulder", "hip", "ankle"):
            assert sign * (at["left_" + joint][0] - at["right_" + joint][0]) > 5, joint
        assert at["top_head"][1] < at["neck"][1] < at["mid_hip"][1] < at["left_knee"][1] < at["left_ankle"][1]
        assert at["left_ankle"][1] < at["left_heel"][1]


def test_a_face_seen_from_behind_is_unlabelled_unless_wanted():
    back = SceneOptions(facing=(180, 180), poses=("stand",))
    face = [BODY.index[j] for j in ("nose", "left_eye", "right_eye")]
    for seed in range(5):
        assert (draw_scene(seed, people=1, skeleton=BODY, options=back).labels.visibility[:, face] == 0).all()
        wanted = replace(back, face_from_behind=True)
        assert (draw_scene(seed, people=1, skeleton=BODY, options=wanted).labels.visibility[:, face] == 1).all()
    front = draw_scene(1, people=1, skeleton=BODY, options=SceneOptions(facing=(0, 0), poses=("stand",), props=(0, 0)))
    assert (front.labels.visibility[:, face] == 2).all()


@pytest.mark.parametrize("skeleton", skeletons.SKELETONS.values(), ids=lambda s: s.name)
def test_every_built_in_skeleton_is_labelled_whole(skeleton):
    options = SceneOptions(facing=(0, 0), poses=("stand",), props=(0, 0))
    labels = draw_scene(2, people=1, skeleton=skeleton, options=options).labels
    body = draw_scene(2, people=1, skeleton=WHOLE_BODY, options=options).labels
    away = {"left_ear", "right_ear", *(f"{side}_contour_{n}" for side in ("left", "right") for n in (1, 2, 3))}
    missing = {j for j, present in zip(skeleton.joints, labels.present[0], strict=True) if not present}
    assert missing <= {j for j in away if j.startswith("left")} or missing <= {j for j in away if j.startswith("right")}
    here = labels.present[0]
    moved = labels.xy[0] - body.xy[0, [WHOLE_BODY.index[j] for j in skeleton.joints]]  # fingers may reach farther
    np.testing.assert_allclose(moved[here], np.broadcast_to(moved[here][0], moved[here].shape), atol=1e-3)
    for joint, parts in skeleton.derived:
        middle = labels.xy[0, [skeleton.index[p] for p in parts]].mean(0)
        np.testing.assert_allclose(labels.xy[0, skeleton.index[joint]], middle, atol=1e-3)


def test_joints_no_body_has_stay_unlabelled():
    tail = Skeleton("cat_person", ("nose", "neck", "tail"), (("nose", "neck"), ("neck", "tail")))
    labels = draw_scene(0, people=3, skeleton=tail, options=SceneOptions(props=(0, 0))).labels
    assert (labels.visibility[:, 2] == 0).all()
    assert labels.visibility[:, 1].any()


def test_a_skeleton_that_is_no_body_gets_creatures():
    with pytest.raises(LabelsError, match=r"none of the joints of 'hand'.*draw_creature"):
        draw_scene(0, skeleton=HAND)
    sample = Synthetic(SyntheticOptions(skeleton=HAND.to_dict(), people=(2, 2), scene=SceneOptions(props=(0, 0))))[0]
    assert sample.labels.visibility.shape == (2, len(HAND.joints))
    assert sample.labels.present.all()
    assert same(draw_creature(4, skeleton=HAND), draw_creature(4, skeleton=HAND))


def test_a_creature_is_its_limb_graph():
    parents, directions, _ = lay_out(HAND)
    assert parents[HAND.index["root"]] == -1
    for a, b in HAND.limb_joints:
        assert parents[b] == a
    fingers = [directions[HAND.index[f + "_0"]] for f in FINGERS]
    assert min(np.diff(sorted(fingers))) > 1.5


def test_a_joint_is_painted_exactly_where_its_label_is():
    off = []
    for seed in range(20):
        scene = plan_creatures(np.random.default_rng(seed), (128, 128), 1, DOT, SceneOptions())
        scene.background[:] = MAGENTA
        painted = scene.paint()
        weight = np.abs(painted.image.astype(float) - MAGENTA).sum(2)
        y, x = np.indices(weight.shape)
        center = np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()
        labels, _ = scene.label(painted, DOT, 0)
        off.append(labels.xy[0, 0] - center)
    assert np.abs(off).max() < 0.15
    assert np.abs(np.mean(off, 0)).max() < 0.04


def test_a_crowd_of_sixty_and_nobody():
    crowd = draw_scene(1, (640, 480), 60, options=SceneOptions(spread=1, min_visible=0.3))
    assert 20 < len(crowd.labels) < 60
    assert crowd.ignore.any()  # those nearly hidden
    assert crowd.labels.area.sum() + crowd.ignore.sum() <= 640 * 480
    assert (crowd.labels.visibility == 1).any()
    nobody = draw_scene(1, people=0)
    assert len(nobody.labels) == 0
    assert nobody.ignore is None
    assert nobody.image.std() > 1


@pytest.mark.parametrize("size", [(8, 8), (31, 200), (500, 40)])
def test_odd_sizes_and_every_place(size):
    for place in ("park", "street", "room", "beach", "studio", "noise", "polygons"):
        options = replace(SCENES["training"](), places=(place,))
        image = draw_scene(0, size, 3, options=options).image
        assert image.shape == (size[1], size[0], 3)
        assert image.dtype == np.uint8


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: draw_scene(0, options="tidy"), "tidy.*clean, simple, training"),
        (lambda: draw_scene(0, size=(4, 4)), "at least 8"),
        (lambda: draw_scene(0, people=-1), "people.*-1"),
        (lambda: SceneOptions(poses=("fly",)), "fly.*stand"),
        (lambda: SceneOptions(camera=2), "camera.*2"),
        (lambda: SceneOptions(height=(0.5, 0.2)), "height"),
        (lambda: SyntheticOptions(count=0), "count is 0"),
        (lambda: SyntheticOptions(size=(10**6, 10**6)), "size is .*from 8 to 8192"),
        (lambda: SyntheticOptions(people=(1, 10**9)), "people is .*from 0 to 1000"),
        (lambda: SyntheticOptions(scene="tidy"), "tidy.*clean, simple, training"),
        (lambda: SyntheticOptions(scene={"tidy": 1}), "tidy.*clean, simple, training"),
        (lambda: SceneOptions(places=()), "places is .*each one of park, street"),
        (lambda: SceneOptions(clutter=(0, 10**9)), "clutter is .*from 0 to 1000"),
        (lambda: draw_scene(0, people=10**9), "people.*from 0 to 1000"),
    ],
)
def test_a_bad_option_is_one_sentence(make, words):
    with pytest.raises(OptionsError, match=words):
        make()


def test_options_survive_hydra():
    from omegaconf import OmegaConf

    config = OmegaConf.merge(OmegaConf.structured(SyntheticOptions), {"size": [96, 64], "scene": {"camera": 0.5}})
    sample = Synthetic(OmegaConf.to_object(config))[0]
    assert sample.image.shape == (64, 96, 3)


def test_importing_the_package_stays_light():
    code = "import sys, bupose.data; print('cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
