"""Memory of large tensors that is kept for the next one instead of being given back to Linux each time."""

from __future__ import annotations

import ctypes
import platform

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # glibc, malloc.h


def keep_memory() -> bool:
    """Tell glibc's malloc to keep freed memory and never to map a block of its own; whether it listens.

    By default every large tensor is mapped and unmapped afresh, and Linux clears each page again; training on a CPU
    then is several times slower now and then. Other systems need nothing.

    Notes
    -----
    mallopt(3). The same from outside: ``MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=17179869184 python …``.
    """
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL(None)
    return bool(libc.mallopt(_M_MMAP_MAX, 0) and libc.mallopt(_M_TRIM_THRESHOLD, -1))
