"""Files on other machines, by their URLs: whatever fsspec reads, as s3://, gs:// and https://."""

from __future__ import annotations

import re
from collections.abc import Container
from importlib import import_module
from posixpath import splitext
from typing import Any

from bupose.errors import DependencyError, InputError
from bupose.images.files import MAX_BYTES, quote, reason
from bupose.requirements import of_module

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_VARYING = re.compile(r"[*\[]")


def is_url(text: str) -> bool:
    """Whether a text is the URL of something; ``C:/`` is none."""
    return bool(_URL.match(text))


def is_url_pattern(text: str) -> bool:
    """Whether a URL stands for several: a question mark does not make it so."""
    return is_url(text) and bool(_VARYING.search(text.partition("?")[0]))


def suffix_of(path: str) -> str:
    """The suffix of a path or URL, lower case; what follows a question mark is no part of a URL's."""
    return splitext(path.partition("?")[0] if is_url(path) else path)[1].lower()


def open_store(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it.

    Raises
    ------
    DependencyError
        fsspec, or what it needs for such URLs, is not installed.
    InputError
        There are no such URLs.
    """
    try:
        fsspec = import_module("fsspec.core")
    except ImportError:
        raise DependencyError(
            f"{quote(url)} needs fsspec, which is not installed; {of_module('fsspec').remedy}"
        ) from None
    try:
        return fsspec.url_to_fs(url)
    except ImportError as problem:
        raise DependencyError(f"{quote(url)} needs a package that is not installed: {reason(problem)}") from None
    except Exception as problem:  # of any store, whose errors are its own
        raise InputError(
            f"cannot open {quote(url)}: {reason(problem)}; give a path, or a URL that fsspec knows, as s3://BUCKET/KEY"
        ) from None


def read_url(url: str) -> bytes:
    """The content of a file.

    Raises
    ------
    InputError
        There is no such file, it cannot be read, or it exceeds ``MAX_BYTES``.
    """
    store, path = open_store(url)
    try:
        data: bytes = store.cat_file(path)
    except Exception as problem:
        raise _refusal(url, problem) from None
    if len(data) > MAX_BYTES:
        raise InputError(f"{quote(url)} has {len(data) / 1e6:.0f} MB, no picture has more than {MAX_BYTES // 10**6}")
    return data


def open_file(path: str) -> Any:
    """A file, by its path or URL, open for reading from its beginning to its end.

    Raises
    ------
    InputError
        There is no such file.
    """
    try:
        if not is_url(path):
            return open(path, "rb")
        store, place = open_store(path)
        return store.open(place, "rb")
    except (InputError, DependencyError):
        raise
    except Exception as problem:
        raise _refusal(path, problem) from None


def find_urls(url: str, suffixes: Container[str]) -> list[str]:
    """Files below a folder, or that fit a pattern, with one of the suffixes; sorted.

    Raises
    ------
    InputError
        There is no such folder or bucket, it cannot be read, or it holds no such file.
    """
    store, path = open_store(url)
    try:
        found = store.glob(path) if is_url_pattern(url) else store.find(path) if store.exists(path) else None
    except Exception as problem:
        raise _refusal(url, problem) from None
    if found is None:
        raise InputError(f"there is no file, folder or bucket {quote(url)}; check the URL and who may read it")
    urls = sorted(store.unstrip_protocol(one) for one in found if suffix_of(one) in suffixes)
    if not urls:
        raise InputError(f"{quote(url)} holds no picture or video; check the URL")
    return urls


def _refusal(url: str, problem: Exception) -> InputError:
    told = "there is no such file" if isinstance(problem, FileNotFoundError) else reason(problem)
    return InputError(f"cannot read {quote(url)}: {told}; check the URL and who may read it")
