"""Left and right must differ for everybody; Machado, Oliveira, Fernandes 2009 say what colour-blind people see."""

import cv2
import numpy as np
import pytest

from bupose.skeletons import SKELETONS

SIGHT = {  # linear RGB, severity 1 (tables of the paper)
    "usual": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def lab(colors, sight):
    c = colors / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(SIGHT[sight]).T, 0, 1)
    rgb = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    return cv2.cvtColor(rgb[None].astype(np.float32), cv2.COLOR_RGB2LAB)[0]


def family(names):
    sides = {j.split("_")[0] for j in names} & {"left", "right"}
    return sides.pop() if len(sides) == 1 else "middle"


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("name", SKELETONS)
def test_sides_are_told_apart(name, sight):
    skeleton = SKELETONS[name]
    colors = np.concatenate([skeleton.limb_colors, skeleton.joint_colors]).astype(float)
    sides = np.array([family(limb) for limb in skeleton.limbs] + [family([j]) for j in skeleton.joints])
    seen = lab(colors, sight)
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=-1)
    assert apart[sides == "left"][:, sides == "right"].min() > 45  # 2.3 is just noticeable
    assert apart[sides != "middle"][:, sides == "middle"].min() > 10


@pytest.mark.parametrize("name", ["coco17", "coco18", "body25", "crowdpose14"])
def test_neighbours_of_a_side_are_told_apart(name):
    skeleton = SKELETONS[name]
    for sight in SIGHT:
        seen = lab(skeleton.limb_colors.astype(float), sight)
        for n, limb in enumerate(skeleton.limbs):
            for m, other in enumerate(skeleton.limbs[:n]):
                if set(limb) & set(other) and family(limb) == family(other):
                    assert np.linalg.norm(seen[n] - seen[m]) > 10


@pytest.mark.parametrize("name", SKELETONS)
def test_a_part_and_its_mirror_image_have_shades_of_the_same_rank(name):
    skeleton = SKELETONS[name]
    order, _ = skeleton.mirror_limbs
    pairs = {
        (tuple(skeleton.limb_colors[n]), tuple(skeleton.limb_colors[order[n]]))
        for n, limb in enumerate(skeleton.limbs)
        if family(limb) == "left"
    }
    assert len({left for left, _ in pairs}) == len(pairs) == len({right for _, right in pairs})
