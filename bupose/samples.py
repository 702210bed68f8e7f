"""Sample pictures: a drawn crowd with known joints, and a portrait from matplotlib's sample data."""

from __future__ import annotations

from pathlib import Path

from bupose.images.sample import Sample
from bupose.skeletons import COCO18
from bupose.synthetic.draw import draw_scene
from bupose.synthetic.options import SceneOptions


def draw_crowd(people: int = 12, seed: int = 7) -> Sample:
    """People of all sizes, some half hidden by others: 960x544 px, labelled with the joints of COCO-18."""
    return draw_scene(seed, (960, 544), people, COCO18, SceneOptions(spread=2, height=(0.4, 0.75)))


def find_portrait() -> Path | None:
    """The public-domain portrait of Grace Hopper from matplotlib's sample data; None if that is not installed."""
    from matplotlib.cbook import get_sample_data

    try:
        return Path(get_sample_data("grace_hopper.jpg", asfileobj=False))
    except OSError:
        return None
