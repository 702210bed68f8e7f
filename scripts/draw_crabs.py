"""Draw crabs on a beach, labelled as CVAT exports "COCO Keypoints 1.0", to try training on: draw_crabs.py FOLDER [60]

Writes FOLDER/annotations/person_keypoints_default.json and FOLDER/images/default/. Six joints: front and back of the
shell, elbows and claws. A joint behind another crab is labelled as hidden, one outside the picture not at all.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bupose.atomic import write_text
from bupose.cli.pairs import split_pairs
from bupose.errors import OptionsError
from bupose.predict import write_image
from bupose.process import run

SIZE = (640, 480)
JOINTS = ("front", "back", "left elbow", "left claw", "right elbow", "right claw")
PAIRS = [[1, 2], [1, 3], [3, 4], [1, 5], [5, 6]]  # counted from 1
FINE = 4  # OpenCV draws between pixels with so many bits
SHELLS = ((196, 84, 40), (214, 120, 60), (150, 60, 52), (120, 96, 74), (176, 58, 70))


def draw_beach(rng: np.random.Generator) -> np.ndarray:
    """Sand in light and shade, with pebbles and sticks."""
    width, height = SIZE
    ground = np.array((206, 184, 146)) * rng.uniform(0.75, 1.1) + rng.normal(0, 8, 3)
    image = np.full((height, width, 3), ground, np.float32)
    for cells, strength in ((3, 22), (12, 10), (60, 7), (240, 6)):
        noise = rng.normal(0, strength, (cells * 3 // 4 + 1, cells, 1)).astype(np.float32)
        image += cv2.resize(noise, SIZE, interpolation=cv2.INTER_CUBIC)[..., None]
    image = np.clip(image, 0, 255).astype(np.uint8)
    for _ in range(rng.integers(4, 22)):
        color = (np.array((150, 140, 128)) * rng.uniform(0.4, 1.4) + rng.normal(0, 14, 3)).clip(0, 255).tolist()
        at, turn = rng.uniform((0, 0), SIZE), rng.uniform(0, 360)
        if rng.random() < 0.7:
            ellipse(image, at, rng.uniform(3, 22, 2), turn, color)
        else:
            line(image, at, at + rng.uniform(20, 90) * unit(turn), rng.integers(2, 7), color)
    return image


def plan_crab(rng: np.random.Generator) -> tuple[np.ndarray, float, float]:
    """Where its six joints are, which way it looks, and half the width of its shell, px."""
    size, turn = rng.uniform(26, 62), rng.uniform(0, 360)
    ahead, left = unit(turn), unit(turn - 90)  # y points down: its left is clockwise backwards
    middle = rng.uniform((30, 30), np.array(SIZE) - 30)
    joints = [middle + 0.6 * size * ahead, middle - 0.6 * size * ahead]
    for side in (left, -left):
        out = rng.uniform(0.75, 1.05)
        elbow = middle + size * (out * side + rng.uniform(0.55, 0.95) * ahead)
        claw = elbow + size * rng.uniform(0.55, 0.8) * unit(turn + rng.uniform(-35, 35))
        joints += [elbow, claw]
    return np.array(joints), turn, size


def draw_crab(image: np.ndarray, owner: np.ndarray, number: int, crab: tuple, rng: np.random.Generator) -> None:
    """Paint one into the picture, and its number where it is seen."""
    joints, turn, size = crab
    front, back, *arms = joints
    middle, left = (front + back) / 2, unit(turn - 90)
    color = np.array(SHELLS[rng.integers(len(SHELLS))]) * rng.uniform(0.8, 1.2) + rng.normal(0, 6, 3)
    dark, light = (color * 0.72).clip(0, 255).tolist(), (color * 1.25).clip(0, 255).tolist()
    color, thick = color.clip(0, 255).tolist(), max(2, round(size / 11))
    for target, paint in ((image, (dark, color, light, (20, 18, 16))), (owner, (number,) * 4)):
        for side in (left, -left):
            for reach in (-0.55, -0.2, 0.15):
                knee = middle + size * (1.25 * side + reach * unit(turn))
                line(target, middle + 0.5 * size * side, knee, thick, paint[0])
                line(target, knee, knee + size * (0.35 * side + (reach - 0.25) * unit(turn)), thick, paint[0])
        for elbow, claw in (arms[:2], arms[2:]):
            line(target, middle + 0.5 * (elbow - middle), elbow, 2 * thick, paint[0])
            line(target, elbow, claw, 2 * thick, paint[1])
            ellipse(target, claw, (0.26 * size, 0.17 * size), turn, paint[2])
        ellipse(target, middle, (0.62 * size, size), turn, paint[1])
        ellipse(target, middle - 0.1 * size * unit(turn), (0.4 * size, 0.7 * size), turn, paint[2])
        for side in (left, -left):
            ellipse(target, front + size * (0.1 * unit(turn) + 0.22 * side), (0.08 * size,) * 2, 0, paint[3])


def label_crab(joints: np.ndarray, number: int, owner: np.ndarray, ids: tuple[int, int]) -> dict | None:
    """Its annotation, as CVAT has it; None where fewer than two joints are in the picture."""
    inside = np.all((joints > 0) & (joints < np.array(SIZE) - 1), 1)
    if inside.sum() < 2:
        return None
    seen = [owner[round(y), round(x)] == number if here else False for (x, y), here in zip(joints, inside)]
    triples = [(*xy.round(2), 1 + int(s)) if here else (0, 0, 0) for xy, here, s in zip(joints, inside, seen)]
    low, high = joints[inside].min(0), joints[inside].max(0)
    box = [round(float(v), 2) for v in (*low, *(high - low))]
    entry = {"id": ids[0], "image_id": ids[1], "category_id": 1, "segmentation": [], "area": round(box[2] * box[3], 2)}
    entry |= {"bbox": box, "iscrowd": 0, "attributes": {"occluded": False, "keyframe": False}}
    return entry | {"keypoints": [float(v) for t in triples for v in t], "num_keypoints": int(inside.sum())}


def unit(degrees: float) -> np.ndarray:
    """The direction of an angle, clockwise from the right."""
    return np.array((np.cos(np.radians(degrees)), np.sin(np.radians(degrees))))


def fine(xy: Sequence[float] | np.ndarray) -> tuple[int, int]:
    """A place for OpenCV's drawing between pixels."""
    x, y = xy
    return round(float(x) * 2**FINE), round(float(y) * 2**FINE)


def line(image, start, end, thick, color) -> None:
    """A thick line, smooth in pictures of colours."""
    smooth = cv2.LINE_AA if image.ndim == 3 else cv2.LINE_8
    cv2.line(image, fine(start), fine(end), color, int(thick), smooth, FINE)


def ellipse(image, at, axes, turn, color) -> None:
    """A filled ellipse, smooth in pictures of colours."""
    smooth = cv2.LINE_AA if image.ndim == 3 else cv2.LINE_8
    cv2.ellipse(image, fine(at), fine(axes), float(turn), 0, 360, color, -1, smooth, FINE)


def main() -> int:
    if {"-h", "--help"} & set(sys.argv):
        print(__doc__)
        return 0
    _, given = split_pairs(sys.argv[1:], ())
    if not 1 <= len(given) <= 2 or not all(text.isdecimal() and int(text) for text in given[1:]):
        raise OptionsError(
            f"got {' '.join(given) or 'nothing'}; write draw_crabs.py FOLDER, or FOLDER and how many pictures"
        )
    folder, count = Path(given[0]), int(given[1]) if len(given) > 1 else 60
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for n in range(1, count + 1):
        rng = np.random.default_rng(n)
        image, owner = draw_beach(rng), np.zeros(SIZE[::-1], np.uint8)
        crabs = [plan_crab(rng) for _ in range(rng.integers(1, 6))]
        for number, crab in enumerate(crabs, 1):
            draw_crab(image, owner, number, crab, rng)
        found = [label_crab(crab[0], k, owner, (len(annotations) + k, n)) for k, crab in enumerate(crabs, 1)]
        annotations += [entry for entry in found if entry]
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 1.2)) + rng.normal(0, 4, image.shape)
        images.append({"id": n, "width": SIZE[0], "height": SIZE[1], "file_name": f"beach_{n:03d}.jpg"})
        images[-1] |= {"license": 0, "flickr_url": "", "coco_url": "", "date_captured": 0}
        write_image(folder / "images" / "default" / images[-1]["file_name"], image.clip(0, 255).astype(np.uint8))
    for number, entry in enumerate(annotations, 1):
        entry["id"] = number
    category = {"id": 1, "name": "crab", "supercategory": "", "keypoints": list(JOINTS), "skeleton": PAIRS}
    data = {"licenses": [{"name": "", "id": 0, "url": ""}], "info": {"description": ""}}
    data |= {"categories": [category], "images": images, "annotations": annotations}
    write_text(folder / "annotations" / "person_keypoints_default.json", json.dumps(data))
    print(f"{count} pictures with {len(annotations)} crabs: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
