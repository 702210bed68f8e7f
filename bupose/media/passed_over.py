"""What a search for pictures passes over, counted, so that nothing is left out without a word."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from bupose.wording import counted

NAMED = 5  # suffixes, the most frequent
NO_SUFFIX = "none"


@dataclass
class PassedOver:
    """Files and folders that were found, and not taken.

    Parameters
    ----------
    suffixes : Counter
        Files by a suffix that belongs to no picture or video, lower case; ``none`` for no suffix.
    hidden_files, hidden_folders : int
        Their names begin with a dot.
    results : int
        Folders that hold what bupose has written.
    links : int
        Links to folders that are searched anyway, or that hold the one that is.
    """

    suffixes: Counter = field(default_factory=Counter)
    hidden_files: int = 0
    hidden_folders: int = 0
    results: int = 0
    links: int = 0

    def __bool__(self) -> bool:
        return any(self.to_dict().values())

    def __str__(self) -> str:
        """Each kind that there is, with its number."""
        known = [suffix for suffix, _ in self.suffixes.most_common(NAMED)]
        known += ["…"] if len(self.suffixes) > NAMED else []
        kinds = (
            (self.suffixes.total(), "file", f" of unknown suffix ({' '.join(known)})"),
            (self.hidden_files, "hidden file", ""),
            (self.hidden_folders, "hidden folder", ""),
            (self.results, "folder", " with results of bupose"),
            (self.links, "link", " to folders searched anyway"),
        )
        return ", ".join(f"{counted(n, what)}{more}" for n, what, more in kinds if n)

    def to_dict(self) -> dict:
        """As values that JSON can hold."""
        return {**vars(self), "suffixes": dict(self.suffixes.most_common())}
