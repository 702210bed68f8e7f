"""YAML files that users write: plain values, of a bounded size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bupose.errors import BuposeError
from bupose.options import shown
from bupose.paths import expand

MOST_BYTES = 1_000_000


def read_yaml(path: str | Path, what: str, error: type[BuposeError], references: bool = False) -> Any:
    """The content of a YAML (or JSON) file.

    Parameters
    ----------
    path : path
    what : str
        What it should be, for messages: ``skeleton file``.
    error : class of error
    references : bool
        Allow ``*references``, which other programs write for lists that are the same.

    Raises
    ------
    BuposeError
        The file is missing, too large, or not YAML.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """Plain values; without ``*references``, by which a few lines stand for more than any memory holds."""

        def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
            if not references and self.check_event(yaml.AliasEvent):
                name = self.peek_event().anchor
                raise yaml.YAMLError(f"it refers to another part by *{name}; write that out")
            return super().compose_node(parent, index)

    path = expand(path)
    try:
        if path.exists() and not path.is_file():
            raise error(f"the {what} {shown(str(path), 300)} is no ordinary file; give another")
        if path.stat().st_size > MOST_BYTES:
            raise error(f"the {what} {shown(str(path), 300)} is larger than {MOST_BYTES:,} bytes; is it one?")
        return yaml.load(path.read_text(encoding="utf-8-sig"), Loader)
    except OSError as problem:
        raise error(f"cannot read the {what} {shown(str(path), 300)}: {problem.strerror}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as problem:  # ValueError: not UTF-8, an impossible date
        told = shown(" ".join(str(problem).split()), 300)[1:-1]
        raise error(f"{shown(str(path), 300)} is not a YAML file: {told}") from None
