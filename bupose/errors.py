"""User-facing errors: a message says what was wrong, what was given, what was expected and what to do."""

LONGEST = 1000  # characters of a message; longer ones quote something absurd


class BuposeError(Exception):
    """Base class of all errors that bupose raises."""

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
    """An option outside its range, or an unknown option."""


class InputError(BuposeError):
    """A file, folder, video or camera that cannot be read or written."""


class DiskError(InputError):
    """The disk is full, failing or read-only. Finished files are kept."""


class WeightsError(BuposeError):
    """A network file that is damaged, foreign, too new, or does not fit."""


class DependencyError(BuposeError):
    """A required optional package is not installed."""
