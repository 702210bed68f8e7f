"""The sets by name, and several of them as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from bupose import skeletons
from bupose.data.aichallenger import AIChallengerOptions, read_aichallenger
from bupose.data.coco import CocoOptions, read_coco
from bupose.data.crowdpose import CrowdPoseOptions, read_crowdpose
from bupose.data.folder import FolderOptions, read_folder
from bupose.data.mpii import MpiiOptions, read_mpii
from bupose.data.ochuman import OCHumanOptions, read_ochuman
from bupose.data.picture import Picture, picture_of
from bupose.data.posetrack import PoseTrackOptions, read_posetrack
from bupose.data.sample import Sample
from bupose.data.synthetic import Synthetic
from bupose.data.synthetic_options import SyntheticOptions
from bupose.errors import LabelsError, OptionsError


@dataclass
class MixtureOptions:
    """Several sets as one.

    Parameters
    ----------
    sets : dict of name -> options
        Each a dict with ``kind`` (a name in ``DATASETS``; by default the set's own name) and that kind's options.
    weights : dict of name -> number
        How often a picture comes from each set, in proportion; 1 where not given.
    seed : int
        The order in which sets take turns.
    skeleton : str, Skeleton or dict
        For all sets that do not say otherwise; they must agree.
    """

    sets: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    seed: int = 0
    skeleton: Any = "coco17"


class Mixture:
    """A sequence in which several sets take turns, each as often as its weight says.

    It is as long as it takes for the set that comes round last to be seen once; the others repeat.

    Parameters
    ----------
    sets : list of sequences of samples, of one skeleton
    weights : list of numbers above 0
    seed : int

    Raises
    ------
    OptionsError
        No sets, or weights that do not fit.
    LabelsError
        The sets are of different skeletons.
    """

    def __init__(self, sets: list, weights: list[float], seed: int = 0) -> None:
        if not sets or len(sets) != len(weights) or not all(w > 0 for w in weights):
            raise OptionsError(f"a mixture of {len(sets)} sets got weights {weights}; give one above 0 for each set")
        self.skeleton = sets[0].skeleton
        for other in sets[1:]:
            if other.skeleton != self.skeleton:
                names = f"{self.skeleton.name!r} and {other.skeleton.name!r}"
                raise LabelsError(f"sets of the skeletons {names} cannot be mixed; give all of them the same skeleton=")
        self._sets = sets
        share = np.array(weights, float) / sum(weights)
        lengths = np.array([len(s) for s in sets])
        count = int(np.ceil((lengths / share).max() - 1e-9))
        # Place n of a set of share s comes up at time (n + 0.5) / s: turns are spread evenly.
        places = [
            (np.arange(max(round(count * s), length)) + 0.5) / s for s, length in zip(share, lengths, strict=True)
        ]
        turn = np.argsort(np.concatenate(places), kind="stable")
        which = np.concatenate([np.full(len(p), n) for n, p in enumerate(places)])
        rows = np.concatenate([_orders(len(p), n, (seed, k)) for k, (p, n) in enumerate(zip(places, lengths))])
        self._which, self._rows = which[turn].astype(np.int32), rows[turn].astype(np.int32)

    def __len__(self) -> int:
        return len(self._which)

    def __getitem__(self, i: int) -> Sample:
        return self._sets[self._which[i]][int(self._rows[i])]

    def picture(self, i: int) -> Picture:
        """A picture, undecoded where its set can."""
        return picture_of(self._sets[self._which[i]], int(self._rows[i]))

    def counts(self) -> list[int]:
        """How many places each set has."""
        return np.bincount(self._which, minlength=len(self._sets)).tolist()


def _orders(count: int, length: int, seed: tuple[int, int]) -> np.ndarray:
    """Rows of a set of ``length``, all of them before any comes again."""
    rng = np.random.default_rng(seed)
    rounds = [rng.permutation(length) for _ in range(-(-count // length))]
    return np.concatenate(rounds)[:count]


def mix(options: MixtureOptions) -> Mixture:
    """Open the sets of a mixture.

    Raises
    ------
    OptionsError
        No sets, an unknown kind, or a weight for a set that is not there.
    """
    for name in options.weights:
        if name not in options.sets:
            raise OptionsError(f"mixture: a weight for {name!r}, which is not among the sets {', '.join(options.sets)}")
    skeleton = skeletons.get(options.skeleton)
    opened = []
    for name, given in options.sets.items():
        given = {"skeleton": skeleton} | dict(given)
        opened.append(open_samples(given.pop("kind", name), given))
    return Mixture(opened, [options.weights.get(name, 1.0) for name in options.sets], options.seed)


# Each kind of set: its options, and what opens it.
DATASETS = {
    "coco": (CocoOptions, read_coco),
    "crowdpose": (CrowdPoseOptions, read_crowdpose),
    "ochuman": (OCHumanOptions, read_ochuman),
    "posetrack": (PoseTrackOptions, read_posetrack),
    "mpii": (MpiiOptions, read_mpii),
    "aichallenger": (AIChallengerOptions, read_aichallenger),
    "folder": (FolderOptions, read_folder),
    "synthetic": (SyntheticOptions, Synthetic),
    "mixture": (MixtureOptions, mix),
}


def open_samples(kind: str, options: Mapping | Any = None):
    """A sequence of samples of a kind in ``DATASETS``.

    Parameters
    ----------
    kind : str
    options : its options, or a dict of what differs from the defaults

    Raises
    ------
    OptionsError
        An unknown kind or option.
    """
    if kind not in DATASETS:
        raise OptionsError(f"there is no kind of data {kind!r}; choose one of {', '.join(DATASETS)}")
    schema, read = DATASETS[kind]
    if options is None or isinstance(options, Mapping):
        known = [f.name for f in fields(schema)]
        unknown = [k for k in options or {} if k not in known]
        if unknown:
            raise OptionsError(f"data {kind!r} has no option {', '.join(unknown)}; it has {', '.join(known)}")
        options = schema(**(options or {}))
    return read(options)
