"""How every kernel is compiled."""

from typing import Any

from numba import njit

from bupose import kernels

# Nothing calls them from C; numba's own types do not know of that option.
_HOW: dict[str, Any] = {"cache": kernels.caching, "nogil": True, "no_cfunc_wrapper": True}
jit = njit(**_HOW)
