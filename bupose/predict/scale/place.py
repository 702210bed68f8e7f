"""Where shards are: a folder, or a URL that fsspec knows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bupose import atomic
from bupose.errors import InputError
from bupose.exchange.rows import open_shard
from bupose.images.files import quote, reason
from bupose.media.remote import is_url, open_store, read_url

SUFFIX = ".parquet"


class Place:
    """A folder of shards, here or elsewhere. What is written appears whole, or not at all.

    Parameters
    ----------
    base : str
        Path or URL of the folder.
    """

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/") if is_url(base) else os.path.abspath(base)
        self.remote = is_url(base)

    def names(self) -> list[str]:
        """Those of the shards, sorted, without suffix.

        Raises
        ------
        InputError
            There is no such place, or it cannot be read.
        """
        if not self.remote:
            with suppress(FileNotFoundError):
                entries = os.listdir(self.base)
                return sorted(
                    name.removesuffix(SUFFIX)
                    for name in entries
                    if name.endswith(SUFFIX) and not name.startswith(atomic.OURS)
                )
            return []
        store, path = open_store(self.base)
        try:
            store.invalidate_cache()
            found = store.find(path) if store.exists(path) else []
        except Exception as problem:
            raise InputError(f"cannot read {quote(self.base)}: {reason(problem)}; check the URL") from None
        return sorted(os.path.basename(one).removesuffix(SUFFIX) for one in found if one.endswith(SUFFIX))

    def where(self, name: str) -> str:
        """Path or URL of a shard."""
        return f"{self.base}/{name}{SUFFIX}"

    def open(self, name: str) -> Any:
        """The pyarrow.parquet.ParquetFile of a shard."""
        where = self.where(name)
        if not self.remote:
            return open_shard(where)
        store, path = open_store(where)
        return open_shard(where, store.open(path, "rb"))

    @contextmanager
    def writing(self, name: str) -> Iterator[str]:
        """A path of this machine to write a shard to.

        Raises
        ------
        InputError
            It cannot be written; of a disk that is full or failing, a DiskError.
        """
        where = self.where(name)
        if not self.remote:
            with atomic.replacing(where, SUFFIX) as partial:
                yield str(partial)
            return
        with TemporaryDirectory(prefix="bupose-") as folder:
            partial = Path(folder) / name
            try:
                yield str(partial)
            except OSError as problem:
                raise atomic.refusal(partial, problem) from None
            self._upload(str(partial), where)

    def remove(self, where: str) -> None:
        """Remove a file, by its path or URL."""
        if self.remote:
            store, path = open_store(where)
            store.rm_file(path)
        else:
            os.unlink(where)

    def beside(self, name: str) -> str:
        """Path or URL of a file beside the folder."""
        return f"{os.path.dirname(self.base)}/{name}"

    def read_text(self, name: str) -> str:
        """A small file beside the shards' folder; "" if there is none."""
        with suppress(InputError, OSError, ValueError):
            url = self.beside(name)
            return (read_url(url) if self.remote else Path(url).read_bytes()).decode()
        return ""

    def write_text(self, name: str, text: str) -> None:
        """Write a small file beside the shards' folder."""
        where = self.beside(name)
        if not self.remote:
            return atomic.write_text(where, text)
        with TemporaryDirectory(prefix="bupose-") as folder:
            partial = Path(folder) / name
            partial.write_text(text, encoding="utf-8")
            self._upload(str(partial), where)

    def _upload(self, partial: str, where: str) -> None:
        store, path = open_store(where)
        try:
            store.put_file(partial, path)
        except Exception as problem:
            raise InputError(f"cannot write {quote(where)}: {reason(problem)}; choose another output") from None
