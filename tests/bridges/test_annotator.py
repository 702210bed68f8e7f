"""Pose pictures for ControlNet: its sizes, its colours, its JSON."""

import numpy as np
import pytest
from PIL import Image

from bupose import bridges, viz
from bupose.bridges import annotator
from bupose.errors import OptionsError
from bupose.estimate.stream import Estimate
from bupose.people import People
from bupose.skeletons import COCO17, COCO18, COCO_WHOLEBODY

# controlnet_aux, open_pose/util.py: of limbs, at 0.6, and of joints.
COLORS = [
    (255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0), (0, 255, 0), (0, 255, 85),
    (0, 255, 170), (0, 255, 255), (0, 170, 255), (0, 85, 255), (0, 0, 255), (85, 0, 255), (170, 0, 255), (255, 0, 255),
    (255, 0, 170), (255, 0, 85),
]  # fmt: skip
LIMBS = [
    (2, 3), (2, 6), (3, 4), (4, 5), (6, 7), (7, 8), (2, 9), (9, 10), (10, 11), (2, 12), (12, 13), (13, 14), (2, 1),
    (1, 15), (15, 17), (1, 16), (16, 18),
]  # fmt: skip


def of_joints(places, skeleton=COCO18):
    xy = np.full((1, len(skeleton.joints), 2), np.nan)
    for joint, place in places.items():
        xy[0, joint] = place
    return People(xy, ~np.isnan(xy[..., 0]), [0.9], skeleton)


@pytest.mark.parametrize("n", range(17))
def test_a_limb_is_an_ellipse_of_its_colour(n):
    """Pixel by pixel, to one pixel; its ends are covered by discs of radius 4."""
    a, b = np.array([30.0, 40.0]), np.array([95.0, 70.0])
    first, second = (number - 1 for number in LIMBS[n])
    picture = viz.draw_openpose(of_joints({first: a, second: b}), (128, 112))
    v, u = np.indices(picture.shape[:2])
    along = (b - a) / np.hypot(*(b - a))
    at = np.stack([u, v], -1) - (a + b) / 2
    across = np.abs(at @ [-along[1], along[0]])
    half = np.hypot(*(b - a)) / 2
    inside, outside = (((at @ along) / (half + d)) ** 2 + (across / (4 + d)) ** 2 <= 1 for d in (-1, 1))
    discs = [np.hypot(u - x, v - y) for x, y in (a, b)]
    free = (discs[0] > 5.5) & (discs[1] > 5.5)
    assert (picture[inside & free] == [int(0.6 * c) for c in COLORS[n]]).all()
    assert not picture[~outside & free].any()
    for joint, disc in ((first, discs[0]), (second, discs[1])):
        assert (picture[disc < 3] == COLORS[joint]).all()


def test_a_neck_is_derived_and_ears_do_not_reach_shoulders():
    body = of_joints({5: (80, 50), 6: (40, 50), 3: (70, 20), 4: (50, 20)}, COCO17)  # shoulders and ears
    picture = viz.draw_openpose(body, (120, 80))
    assert picture[50, 60].tolist() == list(COLORS[1])
    assert not picture[28:42].any()


def test_hands_and_faces():
    whole = COCO_WHOLEBODY
    face_points, wrist, index_finger = range(23, 91), 91, 96
    people = of_joints({**dict.fromkeys(face_points, (40, 40)), wrist: (80, 80), index_finger: (110, 80)}, whole)
    nothing, face, hands = (
        viz.draw_openpose(people, (128, 128), body=False, **more) for more in ({}, {"face": True}, {"hands": True})
    )
    assert not nothing.any()
    assert set(map(tuple, face.reshape(-1, 3))) == {(0, 0, 0), (255, 255, 255)}
    assert hands[80, 80].tolist() == hands[80, 110].tolist() == [0, 0, 255]
    assert hands[80, 95].tolist() == [204, 255, 0]  # the fifth of twenty hues, 72 degrees
    assert not viz.draw_openpose(of_joints({0: (5, 5)}), (16, 16), body=False, hands=True, face=True).any()


def test_nobody_and_far_away():
    assert not viz.draw_openpose(People.nobody(COCO18), (20, 10)).any()
    assert not viz.draw_openpose(of_joints({0: (1e30, 5), 1: (-1e30, 5)}), (20, 10)).any()


class Seer:
    """Finds a nose in a third of a picture's width, and half of its height."""

    def __call__(self, photo):
        width, height = photo.size
        return of_joints({0: (width / 3 - 0.5, height / 2 - 0.5)})

    def stream(self, media):
        for frame in media:
            yield Estimate(frame, self(frame), frame.size, np.eye(3)[:2])


@pytest.fixture
def detector(monkeypatch):
    loaded = []
    monkeypatch.setattr(annotator, "load", lambda weights, **options: loaded.append((weights, options)) or Seer())
    made = bridges.OpenposeDetector.from_pretrained("lllyasviel/ControlNet")
    made.loaded = loaded
    return made


def test_a_call(detector):
    """A picture of 300x200 becomes 768x512: the shorter side as asked for, both multiples of 64."""
    image = np.zeros((200, 300, 3), np.uint8)
    drawn = detector(Image.fromarray(image))
    assert (type(drawn), drawn.size) == (Image.Image, (768, 512))
    assert drawn.getpixel((256, 256)) == COLORS[0]
    small = detector(image, 512, 256, output_type="np")
    assert small.shape == (256, 384, 3)
    assert small[128, 128].tolist() == list(COLORS[0])
    both, told = detector(image, image_and_json=True, include_body=False, hand_and_face=True)
    assert not np.any(both)
    assert (told["canvas_width"], told["canvas_height"]) == (768, 512)
    (person,) = told["people"]
    np.testing.assert_allclose(person["pose_keypoints_2d"][:3], [1 / 3, 1 / 2, 1], atol=1 / 500)
    assert person["pose_keypoints_2d"][3:] == 51 * [0]
    assert person["face_keypoints_2d"] is None
    with pytest.raises(OptionsError, match="output_type"):
        detector(image, output_type="jpg")
    with pytest.raises(OptionsError, match="no option 'foo'; it has detect_resolution"):
        detector(image, foo=3)
    with pytest.raises(OptionsError, match="9 options"):
        detector(image, *[512] * 9)


def test_networks_that_callers_name(detector):
    assert detector.to("cuda") is detector
    bridges.OpenposeDetector.from_pretrained("mine.safetensors", height=256)
    assert detector.loaded == [(None, {}), (None, {"device": "cuda"}), ("mine.safetensors", {"height": 256})]


def test_frames(detector, monkeypatch):
    frames = [type("Frame", (), {"size": (64, 64 * n)})() for n in (1, 2)]
    monkeypatch.setattr(annotator, "open_media", lambda source: frames)
    assert [picture.shape for picture in detector.frames("walk.mp4", 64, output_type="np")] == [
        (64, 64, 3),
        (128, 64, 3),
    ]
