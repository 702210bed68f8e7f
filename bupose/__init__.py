"""bupose: bottom-up multi-person 2D pose estimation with part affinity fields.

``import bupose`` is light; torch, OpenCV and numba are imported when a name that needs them is first used.
"""

import os

from bupose import lazy

# OpenMP's threads spin while they wait for each other. On a busy processor that slows the thread they wait for, and two
# threads take longer than one. Let them sleep, unless the user has chosen; OpenMP reads this once, when torch loads it.
if not os.environ.keys() & {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"}:
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

# onnxruntime and NNCF send telemetry unless this is set before they are imported.
for _name in ("ORT_DISABLE_TELEMETRY", "NNCF_CI"):
    os.environ.setdefault(_name, "1")

__version__ = "0.1.0"

__getattr__, __dir__, _public = lazy.attach(__name__, __file__)
__all__ = sorted([*_public, "__version__"])
