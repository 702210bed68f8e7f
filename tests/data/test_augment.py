"""A lit pixel and its joint stay together through everything that is done to pictures."""

from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from bupose import geometry
from bupose.data.affine import move_labels, people_near, plan_crop
from bupose.data.augment import PRESETS, AugmentOptions, augment, augment_options
from bupose.data.mosaic import confine
from bupose.data.occlusion import hide_joints
from bupose.data.paste import body_shape, paste_person
from bupose.data.picture import Drawn, crop_image, shrink
from bupose.errors import OptionsError
from bupose.images import open_picture, read_image
from bupose.images.sample import Sample
from bupose.people import Labels
from bupose.skeleton import Skeleton
from bupose.skeletons import COCO17

SIZE = (256, 224)
LEFT = np.array([j.startswith("left") for j in COCO17.joints])
RIGHT = np.array([j.startswith("right") for j in COCO17.joints])


@pytest.fixture
def dark_border(monkeypatch):
    """Black outside photos too, so that only joints shine."""
    monkeypatch.setattr("bupose.data.picture.BORDER", 0)


def joint_errors(sample, find_light, scale, mirrored=None) -> np.ndarray:
    """Distance, px, from every joint in sight to the middle of its light; its colour is checked on the way."""
    errors = []
    for p, k in np.argwhere(sample.labels.visibility == 2):
        found = find_light(sample.image, sample.labels.xy[p, k], 3.2 * 2.5 * scale)
        if found is None:
            continue
        at, color = found
        errors.append(np.hypot(*(at - sample.labels.xy[p, k])))
        if mirrored is not None and (LEFT | RIGHT)[k]:
            red = LEFT[k] != mirrored  # what was the left hand is a right hand in the mirror
            assert np.argmax(color) == (0 if red else 1)
    return np.array(errors)


def is_frontal(labels) -> np.ndarray:
    """bool (P,): whether the body's left lies as on somebody who faces us; holds however it is turned."""
    i = COCO17.index
    left, right, hip = (labels.xy[:, i[n]] for n in ("left_shoulder", "right_shoulder", "left_hip"))
    across, down = left - right, hip - left
    return across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0] > 0


@pytest.mark.parametrize("preset", PRESETS)
def test_light_and_joints_stay_together(lit, find_light, preset, dark_border):
    options = replace(augment_options(preset), color=0.0, camera=0.0, occlusions=(0, 0), paste=0.0, mosaic=0.0)
    options.max_zoom = 1.6  # keeps neighbouring lights out of each other's windows
    count, worst = 0, 0.0
    for seed in range(40):
        sample, matrix = augment(np.random.default_rng(seed), lit, seed % len(lit), SIZE, options)
        scale = np.sqrt(geometry.area_factor(matrix))
        errors = joint_errors(sample, find_light, scale, np.linalg.det(matrix[:, :2]) < 0)
        count, worst = count + len(errors), max(worst, errors.max(initial=0))
        assert is_frontal(sample.labels).all()
    assert count > 150
    assert worst < 0.12


def test_one_wrong_pixel_would_show(lit, find_light):
    sample, matrix = augment(np.random.default_rng(0), lit, 0, SIZE, augment_options("none"))
    shifted = replace(sample, labels=sample.labels.transform(geometry.translate(0.5, 0)))
    assert joint_errors(shifted, find_light, np.sqrt(geometry.area_factor(matrix))).min() > 0.3


def test_mosaic_keeps_them_together(lit, find_light, dark_border):
    options = AugmentOptions(mosaic=1.0, picture_scale=(1.6, 2.4), rotation=30, mirror=0.5, max_zoom=1.2)
    people, count = 0, 0
    for seed in range(20):
        sample, _ = augment(np.random.default_rng(seed), lit, 0, (400, 360), options)
        people += len(sample.labels)
        whole = sample.labels.present.all(1)
        assert is_frontal(sample.labels)[whole].all()
        errors = joint_errors(sample, find_light, 1.0)
        count += len(errors)
        assert np.mean(errors < 0.25) > 0.9  # lights on a seam are cut
    assert people > 60
    assert count > 400


def test_mosaic_leaves_cut_limbs_open():
    """A joint beyond the border is gone, and the part of its limb that is left is neither person nor ground."""
    xy = np.full((1, 17, 2), 50.0)
    visibility = np.zeros((1, 17))
    visibility[0, [5, 7]], xy[0, 7] = 2, (150, 50)
    labels, unknown = confine(Labels(xy, visibility, COCO17), (100, 100))
    assert labels.present[0].nonzero()[0].tolist() == [5]
    assert unknown[50, 60:].all()
    assert not unknown[:35].any()


def test_pasted_people_bring_their_joints(lit, find_light):
    ground = Sample(np.zeros((300, 400, 3), np.uint8), Labels.nobody(COCO17), np.ones((300, 400), bool))
    for angle, mirror in ((0, 1), (20, 1), (-35, -1)):
        matrix = geometry.compose(
            geometry.translate(-130, -150), geometry.rotate(angle), np.diag([mirror * 0.9, 0.9, 1])[:2],
            geometry.translate(190.3, 150.8),
        )  # fmt: skip
        pasted = paste_person(ground, Drawn(lit[2]), 0, matrix)
        errors = joint_errors(pasted, find_light, 0.9, mirror < 0)
        assert len(errors) >= 15
        assert errors.max() < 0.12
        assert is_frontal(pasted.labels).all()
        at = np.rint(pasted.labels.xy[0]).astype(int)
        assert not pasted.ignore[at[:, 1], at[:, 0]].any()  # what was pasted is known
        assert pasted.ignore[0, 0]
        assert not ground.image.any()


def test_strong_keeps_most_together(lit, find_light, dark_border):
    """Everything at once: only lights under a patch, a seam or somebody else's border may move."""
    options = replace(augment_options("strong"), color=0.0, camera=0.0, occlusions=(0, 0), paste=1.0, max_zoom=1.0)
    errors = []
    for seed in range(30):
        sample, _ = augment(np.random.default_rng(seed), lit, seed % len(lit), (320, 320), options)
        errors.append(joint_errors(sample, find_light, 0.5))
    errors = np.concatenate(errors)
    assert len(errors) > 300
    assert np.mean(errors < 0.5) > 0.9


def test_same_seed_same_picture(lit):
    options = augment_options("strong")
    for seed in range(6):
        first, again = (augment(np.random.default_rng(seed), lit, 1, SIZE, options)[0] for _ in range(2))
        assert np.array_equal(first.image, again.image)
        assert np.array_equal(first.labels.xy, again.labels.xy, equal_nan=True)


@pytest.mark.parametrize("factor", [2, 4, 8])
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_smaller_decoding_moves_nothing(tmp_path, find_light, draw_light, factor, suffix):
    """Sides are no multiple of the factor: the last pixels of the small picture stand for less than the others."""
    rng = np.random.default_rng(factor)
    size = (811, 613)
    xy = np.stack([rng.uniform(80, 730, 17), np.linspace(70, 540, 17)], 1)[None]
    image = draw_light(size, xy, sigma=12)
    path = tmp_path / f"lights.{suffix}"
    cv2.imwrite(str(path), image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 97])
    small = open_picture(path, size=size).decode(factor)
    assert small.shape[:2] == (-(-size[1] // factor), -(-size[0] // factor))
    moved = geometry.apply(geometry.scale(1 / factor), xy[0])
    alone = [k for k in range(17) if np.sort(np.hypot(*(xy[0] - xy[0, k]).T))[1] > 75]
    errors = [np.hypot(*(find_light(small, moved[k], 36 / factor)[0] - moved[k])) for k in alone]
    assert len(errors) > 3
    assert max(errors) < 0.08
    if suffix == "png":
        assert np.abs(small.astype(int) - shrink(image, factor)).max() <= 1


def test_crops_use_the_smaller_picture(lit):
    """Decoded smaller or not, the crop shows the same."""
    picture = Drawn(lit[0])
    matrix = geometry.compose(geometry.rotate(10, (130, 150)), geometry.scale(0.3), geometry.translate(3, 5))
    crop = crop_image(picture, matrix, (90, 100))
    blurred = Drawn(replace(lit[0], image=cv2.GaussianBlur(lit[0].image, (0, 0), 1.2)))
    slow = cv2.warpAffine(blurred.decode(1), matrix, (90, 100), flags=cv2.INTER_LINEAR, borderValue=(128,) * 3)
    assert np.abs(crop.astype(int) - slow).mean() < 2


def test_orientation_flags_follow_the_annotations(tmp_path):
    """A photo with a camera's flag is turned if that gives the annotated size, else it is left as stored."""
    stored = np.zeros((40, 60, 3), np.uint8)
    stored[:10, :10] = 255
    code = cv2.imencode(".jpg", stored)[1].tobytes()
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"  # turn right
    path = tmp_path / "turned.jpg"
    path.write_bytes(code[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + code[2:])
    assert read_image(path, size=(60, 40))[5, 5].min() > 200
    turned = read_image(path, size=(40, 60))
    assert turned.shape == (60, 40, 3)
    assert turned[5, 35].min() > 200


def test_openpose_numbers():
    """Heights of people in the crop and angles span what the 2017 system's options say (openpose, 2.4)."""
    options, size = augment_options("openpose"), (368, 368)
    skeleton = Skeleton("stick", ("a", "b", "c"), (("a", "b"), ("b", "c")))
    labels = Labels([[(50, 40), (60, 90), (50, 140)]], [[2, 2, 2]], skeleton, box=[(40, 40, 30, 100)])
    options.min_joints = 1
    matrices = [plan_crop(np.random.default_rng(s), labels, (200, 200), size, options) for s in range(2000)]
    heights = np.array([100 * np.sqrt(geometry.area_factor(m)) for m in matrices]) / 368
    angles = np.rad2deg([np.arctan2(m[1, 0] * np.sign(np.linalg.det(m[:, :2])), m[1, 1]) for m in matrices])
    centers = np.array([geometry.apply(m, np.array([55.0, 90.0])) for m in matrices]) - (368 - 1) / 2
    assert heights.min() == pytest.approx(0.6 * 0.5, abs=0.002)
    assert heights.max() == pytest.approx(0.6 * 1.1, abs=0.002)
    assert np.abs(angles).max() == pytest.approx(40, abs=0.2)
    assert np.abs(centers).max() == pytest.approx(40, abs=0.2)
    assert np.mean([np.linalg.det(m[:, :2]) < 0 for m in matrices]) == pytest.approx(0.5, abs=0.05)


def test_none_is_a_letterbox(lit):
    matrix = augment(np.random.default_rng(3), lit, 0, SIZE, augment_options("none"))[1]
    assert np.allclose(matrix, geometry.letterbox((260, 300), SIZE))


def test_joints_under_things_are_hidden():
    xy = np.zeros((2, 17, 2))
    xy[:, :, 0], xy[0, :, 1], xy[1, :, 1] = np.arange(17) * 5, 10, 30
    labels = Labels(xy, np.full((2, 17), 2), COCO17)
    covered = np.zeros((20, 40), bool)
    covered[:, :22] = True
    hidden = hide_joints(labels, covered, (0, 0))
    assert hidden.visibility[0].tolist() == [1] * 5 + [2] * 12
    assert (hidden.visibility[1] == 2).all()
    gone = hide_joints(labels, np.ones((20, 100), bool))
    assert len(gone) == 1  # of the first nothing is left to see
    assert hide_joints(labels, covered, (100, 100)).visibility.min() == 2


def test_body_shape_covers_joints():
    xy = np.random.default_rng(1).uniform(20, 180, (1, 17, 2))
    labels = Labels(xy, np.full((1, 17), 2), COCO17)
    mask = body_shape(labels, (200, 200))
    at = np.rint(xy[0]).astype(int)
    assert (mask[at[:, 1], at[:, 0]] == 255).all()


def test_people_far_away_are_left_out():
    xy = np.zeros((3, 17, 2))
    xy[1], xy[2] = 5000, (-30, 20)
    near = people_near(Labels(xy, np.full((3, 17), 2), COCO17), (100, 100))
    assert near.xy[:, 0].tolist() == [[0, 0], [-30, 20]]
    assert len(people_near(Labels.nobody(COCO17), (100, 100))) == 0


def test_mirrored_twice_is_the_same():
    labels = Labels(np.random.default_rng(0).uniform(0, 99, (2, 17, 2)), np.full((2, 17), 2), COCO17)
    twice = move_labels(move_labels(labels, geometry.flip(100)), geometry.flip(100))
    assert np.allclose(twice.xy, labels.xy, atol=1e-4)
    assert np.array_equal(move_labels(labels, geometry.flip(100)).xy, labels.flip(100).xy)


def test_yaml_presets_are_the_library_s():
    folder = Path(__file__).parents[2] / "conf" / "augment"
    files = {p.stem: yaml.safe_load(p.read_text(encoding="utf-8")) or {} for p in folder.glob("*.yaml")}
    assert files.keys() == PRESETS.keys()
    for name, values in files.items():
        as_tuples = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        assert asdict(augment_options(as_tuples)) == asdict(augment_options(name))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("weak", "choose one of none, light, openpose, strong"),
        ({"rotate": 3}, "no option 'rotate'"),
        ({"max_zoom": float("inf")}, "augment.max_zoom is inf; give a number from 0 to 1000"),
        ({"pasted": (0, 10**9)}, "two whole numbers from 0 to 100"),
        ({"person_scale": 2}, "augment.person_scale is 2; give two numbers"),
        (5, "augment is 5; give options by name"),
        ({"mirror": 1.5}, "augment.mirror is 1.5; give a number from 0 to 1"),
        ({"picture_scale": (2, 1)}, "two numbers from 0.01 to 100 in ascending order"),
        ({"rotation": "much"}, "augment.rotation is 'much'"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(OptionsError, match=message):
        augment_options(options)
