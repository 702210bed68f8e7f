"""JSON files in any Unicode encoding."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from bupose.errors import InputError
from bupose.paths import expand

_PACKED = {
    b"\x1f\x8b": "gunzip",
    b"PK\x03\x04": "unzip",
    b"BZh": "bunzip2",
    b"\xfd7zXZ": "unxz",
    b"\x28\xb5\x2f\xfd": "unzstd",
}


def _object(pairs: list[tuple]) -> dict:
    """A JSON object, without duplicate keys."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"{next(k for k in keys if keys.count(k) > 1)!r:.40} stands twice in one object")
    return found


def load_json(source) -> tuple[object, str]:
    """The content of a JSON file (or the given content), and its name in messages.

    UTF-8, UTF-16 and UTF-32 are told apart by their first bytes, with a byte order mark or without (RFC 8259 and
    RFC 4627, section 3).

    Raises
    ------
    InputError
        No such regular file, or no JSON.
    """
    if not isinstance(source, (str, Path)):
        return list(source) if isinstance(source, tuple) else source, "what was given"
    try:
        path = expand(source)
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe or a device may never end
            raise InputError(f"cannot read {str(source)!r}: it is no regular file; give the path of a JSON file")
        content = path.read_bytes()
    except OSError as problem:
        raise InputError(f"cannot read {str(source)!r}: {problem.strerror}; give the path of a JSON file") from None
    except ValueError as problem:  # a NUL in the path
        raise InputError(f"cannot read {str(source)!r}: {problem}; give the path of a JSON file") from None
    for start, packer in _PACKED.items():
        if content.startswith(start):
            raise InputError(f"{str(source)!r} is not JSON but compressed; unpack it with {packer}")
    try:
        return json.loads(content, object_pairs_hook=_object), path.name
    except (ValueError, RecursionError) as problem:
        raise InputError(f"{str(source)!r} is not JSON: {problem}") from None
