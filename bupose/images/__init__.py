"""The one place where picture files are read: upright uint8 RGB, whatever their kind, within limits."""

from importlib import import_module

_LAZY = {
    "FOREIGN": "kinds",
    "Header": "header",
    "MAX_PIXELS": "kinds",
    "PICTURES": "kinds",
    "Photo": "picture",
    "Picture": "picture",
    "VIDEOS": "kinds",
    "Video": "video",
    "open_picture": "picture",
    "read": "picture",
    "read_image": "picture",
    "read_size": "picture",
    "shrink": "decode",
}

__all__ = sorted(_LAZY)


def __getattr__(name: str):
    if name in _LAZY:
        return getattr(import_module(f"bupose.images.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'bupose.images' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
