"""How every kernel is compiled."""

from numba import njit

from bupose import kernels

jit = njit(cache=kernels.caching, nogil=True)
