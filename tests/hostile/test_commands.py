"""Command lines that nobody should write, and somebody will."""

import pytest

from bupose.commands import COMMANDS

MISTAKES = [
    ("a command that is none", ["infre"], "did you mean 'infer'"),
    ("a command in capitals", ["INFER", "a.jpg"], "there is no command"),
    ("an empty command", [""], "there is no command"),
    ("a path as the command", ["../../etc/passwd"], "there is no command"),
    ("a command of 100 000 letters", ["x" * 100_000], "there is no command"),
    ("a command with a line break", ["infer\nerror: 2"], "there is no command"),
    ("a command that a terminal would obey", ["\x1b[2J"], "there is no command"),
    ("a private module", ["pairs"], "there is no command"),
    ("a dunder", ["__init__"], "there is no command"),
    ("a flag of another program", ["--verbose"], "there is no command"),
]


@pytest.mark.parametrize(("arguments", "words"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_mistaken_commands(hostile, arguments, words):
    hostile.judge(hostile.run(*arguments), 2, words)


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"explore"}))
def test_a_flag_that_is_none(hostile, name):
    hostile.judge(hostile.run(name, "--nonsense"), 2, "--nonsense")
