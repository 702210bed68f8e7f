"""JSON from a file, in whatever Unicode encoding it comes."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from bupose.errors import InputError
from bupose.paths import expand


def load_json(source) -> tuple[object, str]:
    """The content of a JSON file (or of what is no path), and what to call it in messages.

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
    try:
        return json.loads(content), path.name
    except (ValueError, RecursionError) as problem:
        raise InputError(f"{str(source)!r} is not JSON: {problem}") from None
