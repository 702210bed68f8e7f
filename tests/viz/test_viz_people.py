import cv2
import numpy as np
import pytest

from bupose import skeletons
from bupose.errors import InputError
from bupose.people import People
from bupose.synthetic import SceneOptions, draw_scene
from bupose.viz import as_rgb, draw_legend, draw_people

COCO = skeletons.COCO17
GREY = np.full((240, 320, 3), 120, np.uint8)


def standing(x=160.0, top=30.0, size=1.0, score=0.9, skeleton=COCO) -> People:
    """One upright person, 180 px tall at size 1; nothing of it overlaps."""
    places = {
        "nose": (0, 10), "eye": (8, 4), "ear": (16, 10), "neck": (0, 32), "shoulder": (26, 34), "elbow": (38, 66),
        "wrist": (46, 98), "hip": (18, 96), "knee": (22, 138), "ankle": (26, 180),
    }  # fmt: skip
    xy = []
    for name in skeleton.joints:
        side = -1 if name.startswith("right_") else 1
        dx, dy = places[name.removeprefix("left_").removeprefix("right_")]
        xy.append((x + size * side * dx, top + size * dy))
    return People([xy], np.full((1, len(xy)), score), [score], skeleton)


def several(*people: People) -> People:
    joined = [np.concatenate([getattr(p, name) for p in people]) for name in ("xy", "score", "person_score")]
    return People(*joined, people[0].skeleton)


def at(picture, xy):
    x, y = np.rint(xy).astype(int)
    return picture[y, x].astype(int)


def change(picture, image=GREY):
    return np.abs(picture.astype(int) - image).max(-1)


@pytest.mark.parametrize("name", ["coco17", "coco18"])
def test_limbs_wear_their_colours_on_the_segment(name):
    skeleton = skeletons.get(name)
    people = standing(skeleton=skeleton, score=1)
    drawn = draw_people(GREY, people, opacity=1)
    for limb in ("left_knee-left_ankle", "right_elbow-right_wrist", "left_shoulder-left_elbow"):
        n = skeleton.limb_names.index(limb)
        a, b = people.xy[0, skeleton.limb_joints[n]]
        for t in (0.4, 0.5, 0.6):
            assert np.abs(at(drawn, a + t * (b - a)) - skeleton.limb_colors[n]).max() <= 3
    for k, color in enumerate(skeleton.joint_colors):
        assert np.abs(at(drawn, people.xy[0, k]) - color).max() <= 3


def test_nothing_changes_far_from_people():
    people = standing()
    far = np.ones(GREY.shape[:2], np.uint8)
    for a, b in COCO.limb_joints:
        ends = [tuple(np.rint(people.xy[0, k]).astype(int).tolist()) for k in (a, b)]
        cv2.line(far, *ends, 0, 20)
    changed = change(draw_people(GREY, people))
    assert changed[far == 1].max() == 0
    assert changed.max() > 50


def test_the_photo_shows_through_and_is_not_modified():
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (240, 320, 3), np.uint8)
    before, people = photo.copy(), standing(score=0.5)
    drawn = draw_people(photo, people)
    np.testing.assert_array_equal(photo, before)
    a, b = people.xy[0, COCO.index["left_knee"]], people.xy[0, COCO.index["left_ankle"]]
    line = np.rint(a + np.linspace(0.3, 0.7, 15)[:, None] * (b - a)).astype(int)
    under, over = photo[line[:, 1], line[:, 0]].ravel(), drawn[line[:, 1], line[:, 0]].ravel()
    assert np.corrcoef(under.reshape(-1, 3)[:, 2], over.reshape(-1, 3)[:, 2])[0, 1] > 0.9


def test_surer_joints_are_less_transparent():
    n = COCO.limb_names.index("left_hip-left_knee")
    changed = []
    for score in (0.02, 0.1, 0.3, 0.6, 1.0):
        people = standing(score=score)
        middle = people.xy[0, COCO.limb_joints[n]].mean(0)
        changed.append(np.abs(at(draw_people(GREY, people), middle) - 120).sum())
    assert changed == sorted(changed)
    assert min(np.diff(changed)) >= 8  # each step is visible
    assert changed[0] < 0.4 * changed[-1]


def test_the_weaker_end_decides_a_limb():
    people = standing()
    people.score[0, COCO.index["left_ankle"]] = 0.05
    drawn = draw_people(GREY, people)
    pale, strong = (
        np.abs(at(drawn, people.xy[0, [COCO.index[f"{side}_knee"], COCO.index[f"{side}_ankle"]]].mean(0)) - 120).max()
        for side in ("left", "right")
    )
    assert pale < 0.6 * strong


def test_completed_joints_are_rings():
    k = COCO.index["left_wrist"]
    full = standing(size=3, top=-200, score=1)
    ring = People(full.xy, full.score, full.person_score, COCO, np.arange(17)[None] == k)
    center = full.xy[0, k]
    assert change(draw_people(GREY, full))[tuple(np.rint(center[::-1]).astype(int))] > 80
    changed = change(draw_people(GREY, ring))
    x, y = np.rint(center).astype(int)
    assert changed[y, x] == 0  # the photo in the middle of the ring
    assert changed[y - 12 : y + 13, x].max() > 40
    forearm = (center + full.xy[0, COCO.index["left_elbow"]]) / 2
    pale, strong = (at(change(draw_people(GREY, p))[..., None], forearm) for p in (ring, full))
    assert pale < 0.8 * strong


def test_hidden_joints_have_a_dark_centre():
    k = COCO.index["left_wrist"]
    full = standing(size=3, top=-200, score=1)
    hidden = People(full.xy, full.score, full.person_score, COCO, hidden=np.arange(17)[None] == k)
    before, after = draw_people(GREY, full), draw_people(GREY, hidden)
    x, y = np.rint(full.xy[0, k]).astype(int)
    assert before[y, x].max() > 120 > 60 > after[y, x].max()
    differ = np.argwhere((before != after).any(2))
    assert np.hypot(*(differ - [y, x]).T).max() < 12  # nothing but the centre


def test_absent_and_unsure_joints_are_left_out():
    people = standing()
    k = COCO.index["left_ankle"]
    away = people.xy.copy()
    away[0, k] = np.nan
    absent = draw_people(GREY, People(away, people.score, people.person_score, COCO))
    people.score[0, k] = 0.1
    np.testing.assert_array_equal(absent, draw_people(GREY, people, min_score=0.5))
    assert change(absent)[tuple(np.rint(people.xy[0, k, ::-1]).astype(int))] == 0


def test_mirrored_pictures_are_drawn_mirrored():
    people = several(standing(80.3), standing(230.8, 20, 0.7))
    colors = [(255, 0, 0), (0, 0, 255)]
    rng = np.random.default_rng(1)
    photo = cv2.GaussianBlur(rng.integers(0, 256, (240, 320, 3), np.uint8), (0, 0), 3)
    drawn = draw_people(photo, people, person_colors=colors).astype(int)
    mirrored = draw_people(photo[:, ::-1], people.flip(320), person_colors=colors)[:, ::-1]
    difference = np.abs(drawn - mirrored).max(-1)
    assert (difference > 12).mean() < 0.002  # cv2's smooth edges are not quite symmetric


def test_half_a_pixel_matters():
    one, two = (draw_people(GREY, standing(x)).astype(int) for x in (160.0, 160.5))
    difference = np.abs(one - two).max(-1)
    assert difference.max() > 10
    assert difference[one.max(-1) != 120].mean() < 40


def test_lines_grow_with_person_and_picture():
    def wide(height, size):
        image = np.full((height, height * 4 // 3, 3), 120, np.uint8)
        people = standing(image.shape[1] / 2, 0.05 * height, size)
        middle = people.xy[0, [COCO.index["left_hip"], COCO.index["left_knee"]]].mean(0)
        row = change(draw_people(image, people), image)[round(middle[1])]
        near = row[max(0, round(middle[0]) - round(20 * size)) : round(middle[0]) + round(20 * size)]
        return (near > 20).sum()

    assert wide(480, 0.25) < wide(480, 1) < wide(480, 2.4)
    assert wide(200, 0.9) < wide(2000, 9)
    assert 2 <= wide(200, 0.5) <= 6


def test_only_limbs_that_make_the_picture_clearer():
    dense = skeletons.COCO17_DENSE
    people = standing(score=1, skeleton=dense)
    drawn = draw_people(GREY, people)
    a, b = (people.xy[0, dense.index[j]] for j in ("left_ankle", "right_ankle"))
    assert at(change(drawn)[..., None], (a + b) / 2) == 0  # ankle-ankle is redundant
    a, b = (people.xy[0, dense.index[j]] for j in ("left_hip", "right_hip"))
    assert at(change(drawn)[..., None], (a + b) / 2) > 50  # hip-hip closes the torso
    alone = np.full_like(people.xy, np.nan)
    held = [dense.index["left_ankle"], dense.index["right_ankle"]]
    alone[0, held] = people.xy[0, held]
    drawn = draw_people(GREY, People(alone, people.score, people.person_score, dense))
    assert at(change(drawn)[..., None], alone[0, held].mean(0)) > 50  # here it is all there is


def test_people_partly_or_wholly_outside():
    image = GREY[:200, :200]
    for x, y in ((0, 0), (200, 150), (-300, 30), (100, -500), (5e4, 5e4), (3e8, 0), (np.inf, 0)):
        drawn = draw_people(image, standing(x, y))
        assert drawn.shape == image.shape
    inside = several(standing(100), standing(-500), standing(2e5))
    np.testing.assert_array_equal(draw_people(image, inside), draw_people(image, standing(100)))


def test_a_person_at_the_border_is_cut_not_changed():
    for dx, dy in ((-160, 0), (150, 0), (0, -100), (0, 150)):
        whole, cut = draw_people(GREY, standing()), draw_people(GREY, standing(160 + dx, 30 + dy))
        moved = np.roll(whole, (dy, dx), (0, 1))
        rows = slice(max(0, dy), 240 + min(0, dy))
        columns = slice(max(0, dx), 320 + min(0, dx))
        assert change(cut[rows, columns], moved[rows, columns].astype(int)).max() <= 2  # rounding


@pytest.mark.parametrize("where", [3e8, -3e8, np.inf])
def test_a_joint_absurdly_far_away_is_absent(where):
    far, absent = standing(), standing()
    far.xy[0, 15] = where
    absent.xy[0, 15] = np.nan
    np.testing.assert_array_equal(draw_people(GREY, far), draw_people(GREY, absent))


def test_nobody():
    drawn = draw_people(GREY, People.nobody(COCO), labels=[])
    np.testing.assert_array_equal(drawn, GREY)
    absent = People(np.full((1, 17, 2), np.nan), np.zeros((1, 17)), [0], COCO)
    np.testing.assert_array_equal(draw_people(GREY, absent, labels=["x"]), GREY)


def test_any_kind_of_picture():
    people = standing()
    reference = draw_people(GREY, people)
    grey = GREY[..., 0]
    rgba = np.dstack([GREY, np.full(grey.shape, 255, np.uint8)])
    kinds = [grey, grey[..., None], rgba, GREY / 255, (grey / 255).astype(np.float32), grey.astype(np.uint16) * 257]
    for image in [*kinds, np.asfortranarray(GREY)]:
        drawn = draw_people(image, people)
        assert drawn.dtype == np.uint8
        np.testing.assert_array_equal(drawn, reference)
    clear = np.zeros((4, 4, 4), np.uint8)
    assert (as_rgb(clear) == 255).all()  # transparent is white, as on paper
    assert as_rgb(np.eye(3, dtype=bool)).max() == 255


@pytest.mark.parametrize("image", [np.zeros((4, 4, 2)), np.zeros(5), np.zeros((0, 4, 3)), np.zeros((4, 4), np.int64)])
def test_no_picture(image):
    with pytest.raises(InputError, match="a picture"):
        draw_people(image, standing())


def test_one_label_and_colour_for_each():
    with pytest.raises(InputError, match="labels has 2 entries for 1 person"):
        draw_people(GREY, standing(), labels=["a", "b"])
    with pytest.raises(InputError, match="person_colors has 0"):
        draw_people(GREY, standing(), person_colors=[])


def test_labels_are_written_above_people():
    people = standing(top=60)
    plain, labelled = draw_people(GREY, people), draw_people(GREY, people, labels=["0.93"])
    rows, columns = np.nonzero((plain != labelled).any(-1))
    assert rows.max() <= 66
    assert 120 < columns.mean() < 200
    outside = draw_people(GREY, standing(top=-150), labels=["edge"])  # pushed back into the picture
    assert (outside[:20] == 255).all(-1).any()


def test_person_colours():
    people = several(standing(80), standing(240))
    drawn = draw_people(GREY, people, opacity=1, person_colors=[(250, 10, 10), (10, 250, 10)])
    assert np.argmax(at(drawn, people.xy[0, 15])) == 0
    assert np.argmax(at(drawn, people.xy[1, 15])) == 1


def test_best_person_on_top():
    first, second = standing(160), standing(161)
    drawn = draw_people(GREY, several(first, second), opacity=1, person_colors=[(255, 0, 0), (0, 0, 255)])
    for k in range(17):
        assert at(drawn, first.xy[0, k])[0] > 200


def test_legend_names_both_sides():
    image = np.zeros((300, 400, 3), np.uint8)
    legend = draw_legend(image, COCO)
    assert image.max() == 0
    shades = {tuple(c) for c in legend.reshape(-1, 3).tolist()}
    for side in ("left", "right"):
        mine = [tuple(c) for j, c in zip(COCO.joints, COCO.joint_colors.tolist()) if j.startswith(side)]
        assert set(mine) <= shades


@pytest.mark.parametrize("text", ["", "\n"])
def test_an_empty_label_writes_nothing(text):
    people = standing()
    np.testing.assert_array_equal(draw_people(GREY, people, labels=[text]), draw_people(GREY, people))


def test_parts_beside_the_body_are_drawn_finer():
    whole = skeletons.COCO_WHOLEBODY
    labels = draw_scene(
        3, (640, 640), 1, whole, SceneOptions(facing=(0, 0), poses=("stand",), height=(0.9, 0.9))
    ).labels
    people, blank = labels.to_people(), np.full((640, 640, 3), 120, np.uint8)
    body = change(draw_people(blank, people.to(COCO)), blank) > 20
    both = change(draw_people(blank, people), blank) > 20
    hand = people.xy[0, whole.part_joints["left_hand"]]
    left, top = np.floor(hand[1:].min(0)).astype(int) - 3
    right, bottom = np.ceil(hand[1:].max(0)).astype(int) + 3
    around = both[top:bottom, left:right]
    assert 0.1 < around.mean() < 0.6  # fingers can be told apart
    assert (body <= both).all()
