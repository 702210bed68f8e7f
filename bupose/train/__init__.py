"""Training: losses, distillation, optimizers, and the loop around them, which is Lightning's."""

from importlib import import_module

_LAZY = {
    "FieldLoss": "loss",
    "LOSSES": "loss",
    "LossOptions": "loss",
    "OptimOptions": "optim",
    "PoseModule": "module",
    "Teacher": "teacher",
    "TeacherOptions": "teacher",
    "TrainOptions": "options",
    "TrainingError": "module",
    "train": "run",
}

__all__ = sorted(_LAZY)


def __getattr__(name: str):
    if name in _LAZY:
        return getattr(import_module(f"bupose.train.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'bupose.train' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
