"""Keeps the memory of freed large tensors instead of returning it to Linux each time."""

from __future__ import annotations

import ctypes
import platform

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # glibc, malloc.h


def keep_memory() -> bool:
    """Make glibc's malloc keep freed memory and never use mmap; returns whether it could.

    By default every large tensor is mapped and unmapped, and Linux clears each page again, which can make training on a
    CPU several times slower. Other systems are not affected.

    Notes
    -----
    mallopt(3). Equivalent environment variables: ``MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=17179869184 python …``.
    """
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL(None)
    return bool(libc.mallopt(_M_MMAP_MAX, 0) and libc.mallopt(_M_TRIM_THRESHOLD, -1))
