"""How every kernel is compiled."""

from numba import njit

jit = njit(cache=True, nogil=True)
