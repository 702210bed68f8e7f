"""Where pictures come from: files, folders, patterns, lists, videos, cameras, streams."""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "Frame": "sources",
        "find_pictures": "sources",
        "open_media": "sources",
    },
)
