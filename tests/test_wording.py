"""Numbers with their nouns, and that no sentence makes plurals in another way."""

import re
from pathlib import Path

import pytest

import bupose
from bupose.wording import counted

PACKAGE = Path(bupose.__file__).parent


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (0, "picture", "0 pictures"),
        (1, "picture", "1 picture"),
        (2, "picture", "2 pictures"),
        (1, "drawn person", "1 drawn person"),
        (3, "drawn person", "3 drawn people"),
        (5, "entry", "5 entries"),
    ],
)
def test_a_number_and_its_noun(number, noun, said):
    assert counted(number, noun) == said


def test_what_is_told_of_pictures_people_and_files_is_counted():
    """A count of these, written into a sentence as it is, would give "1 pictures"."""
    number = re.compile(
        r"\{[^{}]*(?:len\(|count|pictures|people|\.sum\()[^{}]*\} (?:pictures|people|files|photos|frames)\b"
    )
    plain = [
        f"{file.relative_to(PACKAGE)}: {line.strip()}"
        for file in sorted(PACKAGE.rglob("*.py"))
        for line in file.read_text(encoding="utf-8").splitlines()
        if number.search(line) and 'f"' in line
    ]
    assert plain == []
