"""Options that declare their ranges: one check for Python, the command line and files.

An options dataclass declares each field's range by :func:`option`, and calls :func:`check` in ``__post_init__``.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import pairwise
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload

from bupose.errors import BuposeError, OptionsError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
Metadata: TypeAlias = Mapping[str, Any]  # field metadata set by :func:`option`

MOST = 1000  # entries of a list or dict, by default
LONGEST = 4096  # characters of a text: the longest path that Linux takes
DEEPEST = 20  # nesting depth of an option that takes anything
_DECLARED: dict[type, dict[str, tuple[Any, Metadata]]] = {}
_KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


def option(default: T | Callable[[], T], low: float | None = None, high: float | None = None, *,
           among: Collection[Any] | None = None, least: int = 0, most: int = MOST, rising: bool = False,
           path: bool = False) -> T:  # fmt: skip
    """A field of an options dataclass.

    Parameters
    ----------
    default : value, or a callable without arguments that makes one
    low, high : float, optional
        The range of the number, or of each number in a list, tuple or dict; both ends are allowed.
    among : collection, optional
        The values to choose from.
    least, most : int
        Entries of a list or dict.
    rising : bool
        The numbers of a list or tuple must be in ascending order: (low, high).
    path : bool
        A file or folder: never empty, and not parsed by hydra.
    """
    metadata = {"low": low, "high": high, "among": among, "least": least, "most": most,
                "rising": rising, "path": path}  # fmt: skip
    if callable(default):
        return dataclasses.field(default_factory=default, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def check(options: DataclassInstance, owner: str = "") -> None:
    """Check types and ranges; converts 7 to 7.0, 7.0 to a whole number and a list to a tuple as declared.

    Parameters
    ----------
    options : dataclass instance
    owner : str
        Prefix of the option's name in messages, as in ``trainer.steps``.

    Raises
    ------
    OptionsError
        Names the option, the value and the allowed values.
    """
    for name, (hint, metadata) in declared(type(options)).items():
        value = getattr(options, name)
        made = _fit(value, hint, metadata)
        if made is _REFUSED:
            raise OptionsError(f"{owner}{'.' * bool(owner)}{name} is {shown(value)}; {_remedy(hint, metadata)}")
        if made is not value:
            object.__setattr__(options, name, made)


@dataclasses.dataclass(frozen=True)
class Needs:
    """What an option has no effect without.

    Parameters
    ----------
    met : function of the options
        Whether the option has an effect.
    told : str
        Why it has none, and what to do: the end of a sentence.
    """

    met: Callable[[Any], bool]
    told: str


def check_needs(options: DataclassInstance, needs: Mapping[str, Needs]) -> None:
    """Check that no option was set that has no effect.

    Raises
    ------
    OptionsError
        The first sentence of :func:`without_effect`.
    """
    if told := next(without_effect(options, needs), None):
        raise OptionsError(told)


def without_effect(options: DataclassInstance, needs: Mapping[str, Needs], prefix: str = "") -> Iterator[str]:
    """A sentence on each option that was set and has no effect; a group is named by the first of its options."""
    for field in dataclasses.fields(options):
        need, value = needs.get(field.name), getattr(options, field.name)
        made = field.default_factory
        default = field.default if made is dataclasses.MISSING else made()
        if need is None or value == default or need.met(options):
            continue
        name = f"{prefix}{field.name}"
        if dataclasses.is_dataclass(value):
            name += next(f".{key}" for key, one in vars(value).items() if one != getattr(default, key))
        yield f"{name} has no effect: {need.told}"


def from_dict(kind: type[T], values: Mapping[str, Any], owner: str = "") -> T:
    """``kind(**values)``, unknown names refused.

    Raises
    ------
    OptionsError
        ``values`` is no mapping, a name is no option, or a value is out of range.
    """
    owner, known = owner or kind.__name__, list(declared(kind))
    if not isinstance(values, Mapping):
        raise OptionsError(f"{owner} is {shown(values)}; give options by name, among {', '.join(known)}")
    for name in values:
        if name not in known:
            raise OptionsError(f"{owner} has no option {shown(name)}; it has {', '.join(known) or 'none'}")
    return kind(**values)


@overload
def choose(value: object, among: Mapping[str, T], what: str, error: type[BuposeError] = ...) -> T: ...
@overload
def choose(value: object, among: Collection[str], what: str, error: type[BuposeError] = ...) -> object: ...
def choose(value: object, among: Collection[str], what: str, error: type[BuposeError] = OptionsError) -> object:
    """The mapping's entry for the key ``value``; for any other collection the value itself.

    Parameters
    ----------
    value : str
    among : mapping or collection of names
    what : str
        What is being chosen, for the message.
    error : class of error

    Raises
    ------
    BuposeError
        It is not among them.
    """
    if not isinstance(value, str) or value not in among:
        raise error(f"{what} is {shown(value)}; choose one of {', '.join(among)}")
    return among[value] if isinstance(among, Mapping) else value


def declared(kind: type) -> dict[str, tuple[Any, Metadata]]:
    """Each option's type and metadata."""
    if kind not in _DECLARED:
        hints = typing.get_type_hints(kind)
        _DECLARED[kind] = {f.name: (hints[f.name], f.metadata) for f in dataclasses.fields(kind)}
    return _DECLARED[kind]


def expected(hint: Any, metadata: Metadata = types.MappingProxyType({})) -> str:
    """The values that an option accepts, in words."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    low, high = metadata.get("low"), metadata.get("high")
    span = "" if low is None else f" from {_figure(low)} {'on' if high is None else f'to {_figure(high)}'}"
    if origin in (types.UnionType, typing.Union):
        return " or ".join("null" if part is type(None) else expected(part, metadata) for part in parts)
    if metadata.get("among") and origin is None:
        return f"one of {', '.join(map(str, metadata['among']))}"
    if origin is list:
        return f"a list in brackets, each {expected(parts[0], metadata)}{_at_most(metadata)}"
    if origin is tuple and metadata.get("among"):
        return f"names in brackets, each one of {', '.join(metadata['among'])}{_at_most(metadata)}"
    if origin is tuple:
        many = "some" if parts[-1] is ... else {2: "two", 3: "three"}.get(len(parts), str(len(parts)))
        what = "whole numbers" if parts[0] is int else "numbers" if parts[0] is float else "texts"
        return f"{many} {what}{span}{' in ascending order' * bool(metadata.get('rising'))}, as in [a,b]"
    if origin is dict:
        return f"names and values, each {expected(parts[1], metadata)}{_at_most(metadata)}"
    if hint is str and metadata.get("path"):
        return "a path: not empty, and no name in it longer than 255 bytes"
    if hint is Any:
        return "a plain value"
    return _KINDS.get(hint, getattr(hint, "__name__", str(hint))) + span


def _remedy(hint: Any, metadata: Metadata) -> str:
    what = expected(hint, metadata)
    return f"choose {what}" if what.startswith("one of") else f"give {what}"


def shown(value: object, longest: int = 80) -> str:
    """``repr`` of any value on one line, truncated."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # integers of thousands of digits, self-containing lists
        return f"{type(value).__name__} too long to show"
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[:longest]}…"


_REFUSED = object()


def _fit(value: Any, hint: Any, metadata: Metadata) -> Any:
    """The value converted to the option's type, or ``_REFUSED``."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in parts:
            return None
        fitting = (_fit(value, part, metadata) for part in parts if part is not type(None))
        return next((made for made in fitting if made is not _REFUSED), _REFUSED)
    if origin in (list, tuple):
        return _fit_sequence(value, origin, parts, metadata)
    if origin is dict:
        return _fit_dict(value, parts, metadata)
    if hint is Any:
        return value if _is_plain(value, DEEPEST) else _REFUSED
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        others = getattr(hint, "TAKES_OTHERS", False) and dataclasses.is_dataclass(value)
        return value if others or isinstance(value, hint) else _REFUSED
    return _fit_single(value, hint, metadata)


def _fit_single(value: Any, hint: Any, metadata: Metadata) -> Any:
    among, low, high = (metadata.get(key) for key in ("among", "low", "high"))
    if hint is bool:
        return value if isinstance(value, bool) else _REFUSED
    if hint in (int, float):
        if not _is_number(value):
            return _REFUSED
        if not (-math.inf if low is None else low) <= value <= (math.inf if high is None else high):
            return _REFUSED  # NaN, too
        if not isinstance(value, Integral) and (not math.isfinite(value) or (hint is int and value % 1)):
            return _REFUSED
        value = value if type(value) is hint else hint(value)
    elif not isinstance(value, hint):
        return _REFUSED
    if isinstance(value, str) and not among:
        wrong = "\0" in value or len(value) > LONGEST or (metadata.get("path") and not _is_path(value))
        return _REFUSED if wrong else value
    return value if among is None or value in among else _REFUSED


def _fit_sequence(value: Any, origin: type, parts: tuple[Any, ...], metadata: Metadata) -> Any:
    if not isinstance(value, (list, tuple)) or not _is_filled(value, metadata):
        return _REFUSED
    each = [parts[0]] * len(value) if origin is list or parts[-1] is ... else list(parts)
    if len(each) != len(value):
        return _REFUSED
    made = [_fit(entry, hint, metadata) for entry, hint in zip(value, each, strict=True)]
    if any(entry is _REFUSED for entry in made):
        return _REFUSED
    if metadata.get("rising") and any(a > b for a, b in pairwise(made)):
        return _REFUSED
    return value if type(value) is origin and all(a is b for a, b in zip(value, made, strict=True)) else origin(made)


def _fit_dict(value: Any, parts: tuple[Any, ...], metadata: Metadata) -> Any:
    if not isinstance(value, dict) or not _is_filled(value, metadata):
        return _REFUSED
    fits = all(isinstance(key, parts[0]) for key in value)
    fits = fits and all(_fit(entry, parts[1], metadata) is not _REFUSED for entry in value.values())
    return value if fits else _REFUSED


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_path(value: str) -> bool:
    """Whether it can be a path: not empty, no component longer than 255 bytes."""
    return bool(value) and all(len(part.encode(errors="surrogatepass")) <= 255 for part in value.split("/"))


def _is_plain(value: object, depth: int) -> bool:
    """Whether a value is JSON-serializable or one of our objects, without endless nesting."""
    if depth == 0:
        return False
    if isinstance(value, Mapping):
        return all(_is_plain(entry, depth - 1) for entry in value.values())
    if isinstance(value, (list, tuple)):
        return all(_is_plain(entry, depth - 1) for entry in value)
    return not isinstance(value, float) or math.isfinite(value)


def _is_filled(value: Collection[object], metadata: Metadata) -> bool:
    return bool(metadata.get("least", 0) <= len(value) <= metadata.get("most", MOST))


def _at_most(metadata: Metadata) -> str:
    least, most = metadata.get("least", 0), metadata.get("most", MOST)
    return f", {least} to {most} of them" if least or most != MOST else ""


def _figure(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"
