"""bupose: bottom-up multi-person 2D pose estimation with part affinity fields.

``import bupose`` is light; torch, OpenCV and numba are imported when a name that needs them is first used.
"""

import os
from importlib import import_module

# OpenMP's threads spin while they wait for each other, and so keep the one they wait for off the processor when others
# are at work there: two threads then take longer than one. They sleep instead, unless the user has chosen; OpenMP
# reads this once, when torch loads it.
if not os.environ.keys() & {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"}:
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

# onnxruntime and NNCF report their use over the network, unless told not to before they are imported.
for _name in ("ORT_DISABLE_TELEMETRY", "NNCF_CI"):
    os.environ.setdefault(_name, "1")

__version__ = "0.1.0"

_LAZY = {
    "BuposeError": "bupose.errors",
    "Skeleton": "bupose.skeleton",
    "People": "bupose.people",
    "Labels": "bupose.people",
    "Grid": "bupose.maps",
    "Fields": "bupose.methods.paf",
    "FieldCodec": "bupose.methods.paf",
    "TargetOptions": "bupose.methods.paf",
    "DecodeOptions": "bupose.methods.paf",
    "Estimator": "bupose.estimate.estimator",
    "load": "bupose.estimate.estimator",
    "show_messages": "bupose.messages",
}
_SUBMODULES = (
    "data",
    "estimate",
    "fields_file",
    "geometry",
    "images",
    "kernels",
    "media",
    "methods",
    "nn",
    "predict",
    "skeletons",
    "synthetic",
    "viz",
    "weights",
)

__all__ = sorted([*_LAZY, *_SUBMODULES, "__version__"])


def __getattr__(name: str):
    if name in _SUBMODULES:
        return import_module(f"bupose.{name}")
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'bupose' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
