"""Network files: bupose's own format, importers of published networks, and downloads."""

from __future__ import annotations

import contextlib
from pathlib import Path

from bupose import lazy
from bupose.errors import WeightsError
from bupose.paths import cache_home, expand
from bupose.weights.zoo import ZOO, check_license, fetch
from bupose.weights.zoo import get as get_published

__getattr__, __dir__, _names = lazy.attach(__name__, __file__)
__all__ = sorted([*_names, "resolve"])

DEFAULT = Path(__file__).resolve().parents[1] / "assets" / "default.safetensors"


def resolve(name_or_path: str | Path | None = None, accept_license: bool = False) -> Path:
    """The file of a network; published networks are downloaded and imported.

    Parameters
    ----------
    name_or_path : str or path, optional
        A file, or a key of :data:`ZOO`; None or "default" is the network shipped with bupose.
    accept_license : bool
        As :func:`fetch`.

    Returns
    -------
    Path
        A bupose network file, for :func:`load`.

    Raises
    ------
    WeightsError
        No such file or name, or errors of :func:`fetch` and :func:`import_weights`.
    """
    if name_or_path in (None, "default"):
        if not DEFAULT.is_file():
            raise WeightsError(f"this bupose comes without a network; give a file, or one of {', '.join(ZOO)}")
        return DEFAULT
    if not isinstance(name_or_path, (str, Path)):
        raise WeightsError(f"the network is {name_or_path!r}; give a file, or one of {', '.join(ZOO)}")
    with contextlib.suppress(OSError, ValueError):  # not a valid file name
        if (path := expand(name_or_path)).is_file():
            return path
    return _resolve_published(str(name_or_path), accept_license)


def _resolve_published(name: str, accept_license: bool) -> Path:
    entry = get_published(name)
    if entry.kind is None:
        raise WeightsError(f"{name} is {entry.what}, not a pose network; give it to a trunk, or choose another name")
    check_license(name, accept_license)
    imported = cache_home() / name / f"{name}.safetensors"
    if imported.is_file():
        return imported
    from bupose.weights import checkpoint
    from bupose.weights.importers import import_weights

    net = import_weights(fetch(name, accept_license), entry.kind)
    return checkpoint.save(net, imported)
