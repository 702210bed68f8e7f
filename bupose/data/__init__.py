"""Pictures with labelled people: files of the field's data sets, drawn scenes, and what training does to them."""

from importlib import import_module

_LAZY = {
    "Sample": "sample",
    "SceneOptions": "synthetic_options",
    "Synthetic": "synthetic",
    "SyntheticOptions": "synthetic_options",
    "draw_creature": "synthetic",
    "draw_scene": "synthetic",
}

__all__ = sorted(_LAZY)


def __getattr__(name: str):
    if name in _LAZY:
        return getattr(import_module(f"bupose.data.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'bupose.data' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
