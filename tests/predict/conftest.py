"""A network that sees coloured blobs, so that where people are found can be told from where they were drawn."""

import json
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from bupose import weights
from bupose.maps import Grid
from bupose.runtimes import start
from bupose.skeleton import Skeleton

SPRITE = Skeleton("sprite", ["nose", "left_ear", "right_ear"], [["nose", "left_ear"], ["nose", "right_ear"]])


class BlobNetwork:
    """Takes a red blob for a nose, and green blobs for ears: the left one is the one on the right, we see a face.

    Heat is the mean of a colour over a cell's pixels; each limb's field points from blob to blob, everywhere.
    """

    skeleton, grid, multiple, pad, method = SPRITE, Grid(8), 16, (0, 0, 0), "paf"

    def __init__(self, **decoder):
        self.decoder, self.preprocess, self.target, self.category, self.batches = decoder, {}, {}, {}, []

    def __call__(self, images):
        assert images.dtype == np.uint8
        assert images.flags.c_contiguous
        assert not images.shape[1] % 16
        assert not images.shape[2] % 16
        self.batches.append(len(images))
        found = [self._look(image) for image in images]
        return tuple(np.stack(maps).astype(np.float32) for maps in zip(*found, strict=True))

    def _look(self, image):
        h, w = image.shape[0] // 8, image.shape[1] // 8
        red, green, _ = np.moveaxis(image.reshape(h, 8, w, 8, 3).mean((1, 3)) / 255, -1, 0)
        columns = np.arange(w)
        nose = _centre(red)
        left, right = green * (columns > nose[0]), green * (columns < nose[0])
        paf = np.zeros((2, 2, h, w))
        for limb, ear in enumerate((left, right)):
            way = _centre(ear) - nose
            paf[limb] = (way / max(np.hypot(*way), 1e-9))[:, None, None]
        return np.stack([red, left, right]), paf


def _centre(heat):
    v, u = np.indices(heat.shape)
    return np.array([(heat * u).sum(), (heat * v).sum()]) / max(heat.sum(), 1e-9)


def draw_face(width, height, nose, ears, radius):
    """uint8 RGB: a red blob at the nose, green ones at the ears; positions and standard deviation in pixels."""
    v, u = np.indices((height, width), np.float32)
    image = np.zeros((height, width, 3), np.float32)
    for channel, points in ((0, [nose]), (1, ears)):
        for x, y in points:
            image[..., channel] += np.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * radius**2))
    return np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)


@pytest.fixture
def face():
    """A face of 200x150 px with its joints: nose, left ear, right ear."""
    joints = np.array([[98.3, 70.2], [140.6, 50.9], [55.1, 58.4]])
    return draw_face(200, 150, joints[0], joints[1:], 5), joints


@pytest.fixture(scope="session")
def lab():
    """The tools of these tests: sprite, net(**decoder), draw_face, save, read_json."""
    return SimpleNamespace(sprite=SPRITE, net=BlobNetwork, draw_face=draw_face, save=save, read_json=read_json)


def save(path, rgb, *parameters):
    """Write a picture with OpenCV, whatever the file name."""
    done, data = cv2.imencode(path.suffix, rgb[..., ::-1], list(parameters))
    assert done
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.tobytes())
    return path


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def net(lab, monkeypatch, tmp_path):
    """Runs use the network that sees blobs."""
    made = lab.net()
    (tmp_path / "net.safetensors").write_bytes(b"")
    monkeypatch.setattr(weights, "resolve", lambda *_: tmp_path / "net.safetensors")
    monkeypatch.setattr(weights, "load", lambda path: made)
    monkeypatch.setattr(start, "choose_runtime", lambda *_: start.Choice("torch", ""))  # it is no file
    return made
