"""Inspect fields, limbs and people, and adjust the grouping: bupose explore [PHOTO] [weights=FILE] [option=value …]

Opens a local page in the browser that shows people, heatmaps and limb fields of a photo, and explains for each joint
why it was joined or not. Ctrl-C ends it.
"""

from __future__ import annotations

from bupose.cli import hydra_app
from bupose.explore import explore
from bupose.explore.options import ExploreOptions


def main(options: ExploreOptions) -> int:
    return explore(options)


def run(arguments: list[str]) -> int:
    return hydra_app.run(main, "explore", arguments, paths="photo")
