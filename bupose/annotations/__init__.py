"""The one room where annotations are read: files of the field's formats become arrays, and sentences about what is odd.

Training, checking, validation and evaluation all start from :func:`bupose.annotations.read`.
"""

from bupose import lazy

__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    {
        "AnnotationReader": "formats",
        "Annotations": "reader",
        "FORMATS": "formats",
        "crowd_index": "crowding",
        "id_key": "values",
        "load_json": "json_file",
        "match_names": "joint_names",
        "read": "reader",
        "spell": "joint_names",
    },
)
