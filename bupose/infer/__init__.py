"""From pictures to people: reading, preprocessing, estimating, writing."""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "Estimator": "estimator",
        "Frame": "media",
        "load": "estimator",
        "open_media": "media",
        "write_coco": "output",
        "write_csv": "output",
        "write_image": "output",
        "write_openpose": "output",
    },
)
