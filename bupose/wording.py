"""Numbers with their nouns."""

_IRREGULAR = {"person": "people", "entry": "entries", "box": "boxes"}


def counted(number: int, noun: str) -> str:
    """A number with its noun (``drawn person``), singular or plural: ``0 drawn people``."""
    before, space, last = noun.rpartition(" ")
    return f"{number} {before}{space}{last if number == 1 else _IRREGULAR.get(last, f'{last}s')}"
