"""The one place where picture files are read: upright uint8 RGB, whatever their kind, within limits."""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "FOREIGN": "kinds",
        "Header": "header",
        "MAX_PIXELS": "kinds",
        "PICTURES": "kinds",
        "Photo": "picture",
        "PictureFile": "picture",
        "Sample": "sample",
        "VIDEOS": "kinds",
        "Video": "video",
        "from_memory": "arrays",
        "open_picture": "picture",
        "read": "picture",
        "read_image": "picture",
        "read_size": "picture",
        "shrink": "decode",
    },
)
