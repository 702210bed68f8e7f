"""From pictures to people: reading, preprocessing, estimating, writing."""

from importlib import import_module

_LAZY = {
    "Estimator": "bupose.infer.estimator",
    "Frame": "bupose.infer.media",
    "load": "bupose.infer.estimator",
    "open_media": "bupose.infer.media",
    "write_coco": "bupose.infer.output",
    "write_csv": "bupose.infer.output",
    "write_image": "bupose.infer.output",
    "write_openpose": "bupose.infer.output",
}

__all__ = sorted(_LAZY)


def __getattr__(name: str):
    if name in _LAZY:  # writing a file needs no torch
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'bupose.infer' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
