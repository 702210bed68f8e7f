"""Data sets by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any

from bupose import skeletons
from bupose.annotations.formats import FORMATS
from bupose.data.annotated import PhotosOptions, open_photos
from bupose.data.each_person import OneOfEach
from bupose.data.mixture import Mixture
from bupose.data.unlabelled import FolderOptions, read_folder
from bupose.errors import OptionsError
from bupose.options import check, choose, option, shown
from bupose.synthetic.draw import Synthetic
from bupose.synthetic.options import MOST_PICTURES, MOST_SEED, SyntheticOptions

WEIGHTS = (1e-6, 1e6)  # weight of a set in a mixture


@dataclass
class MixtureOptions:
    """A mixture of data sets.

    Parameters
    ----------
    sets : dict of name -> options
        Each a dict with ``kind`` (a name in ``DATASETS``; by default the set's own name) and that kind's options.
    weights : dict of name -> number
        Relative frequency of each set; 1 by default.
    seed : int
        Random seed of the order.
    skeleton : str, Skeleton or dict
        Skeleton of all sets that do not say otherwise; they must agree.
    limit : int
        Number of pictures to use of each set, the first ones, unless the set says otherwise; 0 is all.
    """

    sets: dict[str, Any] = option(dict)
    weights: dict[str, float] = option(dict, *WEIGHTS)
    seed: int = option(0, 0, MOST_SEED)
    skeleton: Any = option("coco17")
    limit: int = option(0, 0, MOST_PICTURES)

    def __post_init__(self) -> None:
        check(self, "data")


def mix(options: MixtureOptions) -> Mixture:
    """Open the sets of a mixture.

    Raises
    ------
    OptionsError
        No sets, an unknown kind, or a weight for a missing set.
    """
    if not options.sets:
        raise OptionsError("a mixture got no sets; give them as in data.sets={coco:{annotations:FILE,images:FOLDER}}")
    for name in options.weights:
        if name not in options.sets:
            raise OptionsError(f"mixture: a weight for {name!r}, which is not among the sets {', '.join(options.sets)}")
    skeleton = skeletons.get(options.skeleton)
    opened = []
    for name, given in options.sets.items():
        if not isinstance(given, Mapping):
            raise OptionsError(f"data.sets.{name} is {shown(given)}; give options by name")
        given = {"skeleton": skeleton, "limit": options.limit} | {
            key: value for key, value in given.items() if value is not None
        }
        opened.append(open_samples(given.pop("kind", name), given))
    return Mixture(opened, [options.weights.get(name, 1.0) for name in options.sets], options.seed)


@dataclass
class DrawnOptions(SyntheticOptions):
    """Options of a data set of drawn pictures.

    Parameters
    ----------
    each_person : float
        Cut each picture around one of its people, to this many times the person's box, for networks of a single
        person; 0 is whole pictures.
    """

    each_person: float = option(0.0, 0, 10)


def open_drawn(options: SyntheticOptions) -> Synthetic | OneOfEach:
    """Drawn pictures, or people cut out of them."""
    margin = options.each_person if isinstance(options, DrawnOptions) else 0.0
    return OneOfEach(Synthetic(options), margin) if margin else Synthetic(options)


# Each kind of data set: its options, and the function that opens it.
DATASETS: dict[str, tuple[type, Callable[..., Any]]] = {
    **{name: (PhotosOptions, partial(open_photos, name)) for name in FORMATS},
    "folder": (FolderOptions, read_folder),
    "synthetic": (DrawnOptions, open_drawn),
    "mixture": (MixtureOptions, mix),
}


def _unset(kind: type, name: str) -> Any:
    """A field with the range that ``kind`` declares for it; None is the kind's default."""
    (declared,) = (f for f in fields(kind) if f.name == name)
    return field(default=None, metadata=declared.metadata)


@dataclass
class DataOptions:
    """Options of any kind of data set, for the command line.

    None and empty values mean the kind's own default. Each kind has an options class of its own: ``PhotosOptions``,
    ``SyntheticOptions``, …

    Parameters
    ----------
    kind : a name in ``DATASETS``
    """

    kind: str = option("coco")
    annotations: str | None = option(None, path=True)
    images: str | None = option(None, path=True)
    skeleton: Any = option(None)
    category: str | None = option(None)
    with_people: bool | None = _unset(PhotosOptions, "with_people")
    limit: int | None = _unset(PhotosOptions, "limit")
    max_box: float | None = _unset(PhotosOptions, "max_box")
    complete: bool | None = _unset(PhotosOptions, "complete")
    each_person: float | None = _unset(PhotosOptions, "each_person")
    proposals: str | None = option(None, path=True)
    cuts: int | None = _unset(PhotosOptions, "cuts")
    count: int | None = _unset(SyntheticOptions, "count")
    seed: int | None = _unset(SyntheticOptions, "seed")
    size: tuple[int, int] | None = _unset(SyntheticOptions, "size")
    people: tuple[int, int] | None = _unset(SyntheticOptions, "people")
    scene: str | None = _unset(SyntheticOptions, "scene")
    sets: dict[str, Any] = option(dict)
    weights: dict[str, float] = option(dict, *WEIGHTS)

    def __post_init__(self) -> None:
        check(self, "data")

    def open(self, skeleton: Any = "auto"):
        """Open the data set; errors are those of :func:`open_samples` and of the kind.

        Parameters
        ----------
        skeleton : name, path, Skeleton or dict
            Skeleton if the options do not say; "auto" is the kind's own default.
        """
        options = self.of_kind() if skeleton == "auto" else self.of_kind(skeleton=skeleton)
        return open_samples(self.kind, options)

    def of_kind(self, **defaults: Any):
        """The kind's own options, with ``defaults`` for those not set; unknown ones are refused."""
        given = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "kind"}
        return kind_options(self.kind, defaults | {k: value for k, value in given.items() if value not in (None, {})})


def open_samples(kind: str, options: Mapping | Any = None):
    """Open a data set of a kind in ``DATASETS``.

    Parameters
    ----------
    kind : str
    options : its options, or a dict of changes to the defaults

    Raises
    ------
    OptionsError
        An unknown kind or option; the kinds raise further errors.
    """
    _, read = choose(kind, DATASETS, "kind of data")
    return read(kind_options(kind, options or {}) if options is None or isinstance(options, Mapping) else options)


def kind_options(kind: str, given: Mapping):
    """The options dataclass of a kind in ``DATASETS``.

    Raises
    ------
    OptionsError
        An unknown kind or option.
    """
    schema, _ = choose(kind, DATASETS, "kind of data")
    known = [f.name for f in fields(schema)]
    unknown = [str(k) for k in given if k not in known]
    if unknown:
        raise OptionsError(f"data {kind!r} has no option {', '.join(unknown)}; it has {', '.join(known)}")
    return schema(**given)
