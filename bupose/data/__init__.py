"""Pictures with labelled people: files of the field's data sets, and what training does to them."""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "AugmentOptions": "augment",
        "DATASETS": "datasets",
        "DataOptions": "datasets",
        "Mixture": "mixture",
        "MixtureOptions": "datasets",
        "PRESETS": "augment",
        "Photos": "photos",
        "PhotosOptions": "annotated",
        "PoseDataset": "dataset",
        "augment_options": "augment",
        "collate": "dataset",
        "contact_sheet": "sheet",
        "find_defects": "check",
        "finish_batch": "batch",
        "init_worker": "dataset",
        "open_samples": "datasets",
        "survey": "check",
    },
)
