"""The declaration that rebuilds a network, in plain values; needs no torch."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bupose import methods
from bupose.annotations.categories import CategoryOptions
from bupose.errors import OptionsError
from bupose.nn.normalisation import Normalisation
from bupose.options import check, from_dict, option, shown
from bupose.skeleton import Skeleton


@dataclass
class PreprocessOptions:
    """How a network's pictures are resized where its user says nothing else.

    Parameters
    ----------
    height : int, network pixels
    width : int, network pixels
        Of a crop, for networks of one person.
    scales : list of float
        Relative to ``height``; the fields of all are averaged.
    first_cell : float, network pixels
        Along both axes, where the network's first cell is centred, if not in the middle of the pixels that it covers.
    """

    height: int | None = option(None, 8, 10_000)
    width: int | None = option(None, 8, 10_000)
    scales: list[float] | None = option(None, 0.05, 20, least=1, most=16)
    first_cell: float | None = option(None, -1024, 1024)

    def __post_init__(self) -> None:
        check(self, "preprocess")


@dataclass
class NetworkConfig:
    """All that rebuilds a network, and what its user has to know to run it; plain values but for the skeleton.

    Parameters
    ----------
    skeleton : Skeleton
    trunk, head : str
        Names in ``TRUNKS`` and ``HEADS``.
    trunk_options, head_options : dict
        What differs from their defaults; a built network holds them all.
    normalisation : dict, optional
        ``order`` (rgb or bgr), ``mean`` and ``std`` in that order, for pixels in 0..255; by default what the trunk's
        weights want.
    target, decoder, preprocess, metrics, origin : dict
        Stored with the network: how its targets were drawn, how to decode and preprocess, what it reached, where its
        weights come from and under which licence.
    category : dict
        What it finds, as the annotations call it that it learned from; empty is COCO's person.
    method : str
        How people are read out of what it says: a key of :data:`bupose.methods.METHODS`.
    activations : dict
        By the name of each convolution that may be computed in 8 bits, of its input the ``range`` that 8 bits have to
        tell apart and each channel's ``mean`` (:func:`bupose.export.calibrate`); empty where nobody has looked.
    """

    skeleton: Skeleton
    trunk: str
    head: str
    trunk_options: dict[str, Any] = option(dict)
    head_options: dict[str, Any] = option(dict)
    normalisation: dict[str, Any] | None = None
    target: dict[str, Any] = option(dict)
    decoder: dict[str, Any] = option(dict)
    preprocess: dict[str, Any] = option(dict)
    metrics: dict[str, Any] = option(dict)
    origin: dict[str, Any] = option(dict)
    category: dict[str, Any] = option(dict)
    method: str = "paf"
    activations: dict[str, Any] = option(dict)

    def __post_init__(self) -> None:
        check(self, "network")
        method = methods.get(self.method)
        from_dict(method.Target, self.target, "target")
        from_dict(method.Decoder, self.decoder, "decoder")
        from_dict(PreprocessOptions, self.preprocess, "preprocess")
        from_dict(CategoryOptions, self.category, "category")
        if self.normalisation is not None:
            self.normalisation = Normalisation.from_dict(self.normalisation).to_dict()
        for name, known in self.activations.items():
            if not _is_activation(known):
                raise OptionsError(
                    f"activations.{name} is {shown(known)}; give its range around 0, and channels' means"
                )

    def to_dict(self) -> dict:
        """Plain values, ready for JSON."""
        values = {f.name: copy.deepcopy(getattr(self, f.name)) for f in dataclasses.fields(self)}
        for name in ("category", "activations"):
            if not values[name]:
                del values[name]  # older readers do not know them
        return values | {"skeleton": self.skeleton.to_dict()}

    @classmethod
    def from_dict(cls, values: Mapping) -> NetworkConfig:
        """The inverse of :meth:`to_dict`.

        Raises
        ------
        OptionsError
            A key is missing or unknown.
        SkeletonError
            The skeleton cannot be read.
        """
        known = [f.name for f in dataclasses.fields(cls)]
        if not isinstance(values, Mapping) or not {"skeleton", "trunk", "head"} <= set(values) <= set(known):
            odd = [name for name in values if name not in known] if isinstance(values, Mapping) else []
            got = shown(odd or (list(values) if isinstance(values, Mapping) else values))
            raise OptionsError(f"a network needs skeleton, trunk and head, and knows {', '.join(known)}; got {got}")
        plain = {name: copy.deepcopy(value) for name, value in values.items() if name != "skeleton"}
        return cls(skeleton=Skeleton.from_dict(values["skeleton"]), **plain)


def _is_activation(known: object) -> bool:
    if (
        not isinstance(known, dict)
        or set(known) != {"range", "mean"}
        or not all(isinstance(v, list) for v in known.values())
    ):
        return False
    numbers = [*known["range"], *known["mean"]]
    if not all(type(number) in (int, float) and math.isfinite(number) for number in numbers):
        return False
    return len(known["range"]) == 2 and known["range"][0] <= 0 <= known["range"][1]
