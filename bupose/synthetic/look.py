"""Appearance of the drawn people: skin, hair and clothes, drawn at random from palettes."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np

from bupose.synthetic.shapes import Color

SKINS = ((255, 224, 196), (245, 205, 170), (232, 184, 144), (214, 160, 115), (186, 128, 86), (146, 96, 62),
         (110, 70, 46), (84, 54, 38))  # fmt: skip
HAIRS = ((38, 30, 28), (24, 22, 26), (70, 44, 30), (104, 66, 38), (150, 98, 52), (204, 160, 92), (226, 194, 130),
         (150, 66, 36), (150, 148, 150), (214, 212, 210))  # fmt: skip
CLOTHES = ((228, 87, 86), (242, 143, 59), (247, 197, 72), (120, 178, 92), (52, 150, 120), (56, 166, 184),
           (66, 124, 196), (62, 84, 160), (120, 90, 176), (196, 96, 156), (244, 240, 232), (232, 214, 188),
           (150, 60, 68), (44, 60, 84), (92, 104, 116), (238, 130, 150), (160, 196, 220))  # fmt: skip
TROUSERS = ((46, 62, 100), (36, 42, 58), (74, 96, 140), (112, 94, 76), (176, 154, 120), (70, 76, 82), (40, 40, 44),
            (110, 130, 150), (84, 96, 66), (140, 66, 62), (214, 204, 188))  # fmt: skip
SHOES = ((244, 244, 240), (40, 40, 44), (120, 76, 48), (206, 72, 66), (64, 92, 150), (180, 180, 184), (232, 190, 70))

PATTERNS = ("plain", "stripes", "hoops", "checks", "dots", "speckles", "block", "gradient", "emblem", "jacket")
HAIR_STYLES = ("short", "crop", "long", "bob", "bun", "ponytail", "bald", "curly")
HATS = ("cap", "beanie")


@dataclass(frozen=True)
class Look:
    """One person's colours and clothes.

    ``sleeve`` and ``leg`` are the covered shares of arm and leg; ``bottom`` is trousers or skirt.
    """

    skin: Color
    hair: Color
    hair_style: str
    hat: str
    hat_color: Color
    beard: bool
    glasses: bool
    shirt: Color
    accent: Color
    pattern: str
    sleeve: float
    bottom: str
    leg: float
    loose: float
    bottom_color: Color
    shoe: Color
    seed: int


def _any_color(rng: np.random.Generator) -> Color:
    hue, saturation, value = rng.random(3)
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.9 * saturation, 0.12 + 0.85 * value)
    return int(255 * red), int(255 * green), int(255 * blue)


def _pick(rng: np.random.Generator, choices: tuple):
    return choices[int(rng.random() * len(choices))]


def choose_look(rng: np.random.Generator, variety: float) -> Look:
    """Choose a person's look; ``variety`` is the share of clothes with colours outside the palettes."""

    def color(palette: tuple[Color, ...]) -> Color:
        return _any_color(rng) if rng.random() < variety else _pick(rng, palette)

    chance = rng.random(12)
    skin = _pick(rng, SKINS)
    style = _pick(rng, HAIR_STYLES)
    skirt = chance[0] < 0.16 and style in ("long", "bob", "bun", "ponytail")
    shirt, accent = color(CLOTHES), color(CLOTHES)
    while accent == shirt:
        accent = _pick(rng, CLOTHES)
    bottom = shirt if skirt and chance[1] < 0.5 else color(TROUSERS)
    shorts = chance[2] < 0.22
    leg = 0.36 + 0.18 * chance[11]
    return Look(
        skin=skin,
        hair=skin if style == "bald" else color(HAIRS) if chance[3] < variety * 0.3 else _pick(rng, HAIRS),
        hair_style=style,
        hat=_pick(rng, HATS) if chance[4] < 0.14 else "",
        hat_color=color(CLOTHES),
        beard=chance[5] < 0.25 and style in ("short", "crop", "bald", "curly"),
        glasses=chance[6] < 0.16,
        shirt=shirt,
        accent=accent,
        pattern="plain" if chance[7] < 0.3 else _pick(rng, PATTERNS),
        sleeve=1.0 if chance[8] < 0.42 else 0.0 if chance[8] < 0.5 else 0.22 + 0.1 * chance[9],
        bottom="skirt" if skirt else "trousers",
        leg=leg if shorts or skirt else 1.0,
        loose=1.0 + 0.35 * chance[10] ** 2,
        bottom_color=bottom,
        shoe=color(SHOES),
        seed=int(chance[9] * 2**31),
    )
