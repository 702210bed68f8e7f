"""bupose: bottom-up multi-person 2D pose estimation with part affinity fields.

``import bupose`` is light; torch, OpenCV and numba are imported when a name that needs them is first used.
"""

import os
import sys

from bupose import lazy

# OpenMP's threads spin while they wait for each other. On a busy processor that slows the thread they wait for, and two
# threads take longer than one. Let them sleep, unless the user has chosen; OpenMP reads this once, when torch loads it.
# GNU's spins a moment first, as long as it would with more threads than processors: pauses between layers are short.
if not os.environ.keys() & {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"}:
    os.environ.update(OMP_WAIT_POLICY="PASSIVE", GOMP_SPINCOUNT="1000")

# onnxruntime, OpenVINO and NNCF report to their makers, OpenVINO as soon as it is imported, unless prevented before.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # as if not installed, which both allow

__version__ = "0.1.0"

__getattr__, __dir__, _public = lazy.attach(__name__, __file__)
__all__ = sorted([*_public, "__version__"])
