"""The one room where annotations are read: files of the field's formats become arrays, and sentences about what is odd.

Training, checking, validation and evaluation all start from :func:`bupose.annotations.read`.
"""

from importlib import import_module

_LAZY = {
    "Annotations": "reader",
    "FORMATS": "formats",
    "crowd_index": "crowding",
    "id_key": "values",
    "load_json": "files",
    "match_names": "names",
    "read": "reader",
    "spell": "names",
}

__all__ = sorted(_LAZY)


def __getattr__(name: str):
    if name in _LAZY:
        return getattr(import_module(f"bupose.annotations.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'bupose.annotations' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
