"""Pictures with labelled people: files of the field's data sets, drawn scenes, and what training does to them."""

from importlib import import_module

_LAZY = {
    "AugmentOptions": "augment",
    "CocoOptions": "annotated",
    "DATASETS": "datasets",
    "DataOptions": "datasets",
    "Mixture": "mixture",
    "MixtureOptions": "datasets",
    "PRESETS": "augment",
    "Photos": "photos",
    "PoseDataset": "dataset",
    "Sample": "sample",
    "SceneOptions": "synthetic_options",
    "Synthetic": "synthetic",
    "SyntheticOptions": "synthetic_options",
    "augment_options": "augment",
    "collate": "dataset",
    "contact_sheet": "sheet",
    "draw_creature": "synthetic",
    "draw_scene": "synthetic",
    "find_defects": "check",
    "finish_batch": "batch",
    "init_worker": "dataset",
    "open_samples": "datasets",
    "survey": "check",
}

__all__ = sorted(_LAZY)


def __getattr__(name: str):
    if name in _LAZY:
        return getattr(import_module(f"bupose.data.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'bupose.data' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
