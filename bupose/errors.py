"""Errors a user can act on: a message says what was wrong, what was got, what was expected and what to do."""

LONGEST = 1000  # characters of a message; a longer one quotes something absurd


class BuposeError(Exception):
    """Anything bupose refuses; catch this one to catch them all."""

    def __str__(self) -> str:
        text = super().__str__()
        return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"


class SkeletonError(BuposeError):
    """A skeleton's declaration contradicts itself, or no such skeleton is known."""


class FieldsError(BuposeError):
    """Heatmaps or part affinity fields of the wrong shape, type or channel count."""


class LabelsError(BuposeError):
    """Annotations or predictions whose arrays do not fit together."""


class OptionsError(BuposeError):
    """An option outside its range, or of an unknown name."""


class InputError(BuposeError):
    """A file, folder, video or camera that cannot be read or written."""


class DiskError(InputError):
    """Nothing more can be written: the disk is full, failing or read-only. What is finished stays."""


class WeightsError(BuposeError):
    """A network file that is damaged, foreign, too new, or does not fit."""


class DependencyError(BuposeError):
    """An optional package is needed for what was asked, and is not installed."""
