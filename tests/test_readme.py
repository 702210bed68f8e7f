"""The README's Python runs as it stands, and its YAML is a skeleton."""

import re
from pathlib import Path

import yaml

from bupose.skeleton import Skeleton

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


def test_python_blocks_run_one_after_the_other(capsys):
    scope: dict = {}
    assert len(blocks("python")) >= 2
    for block in blocks("python"):
        exec(block, scope)
    assert capsys.readouterr().out.startswith("5 (5, 18, 2) (5, 18) (5,)")


def test_yaml_blocks_are_skeletons():
    names = [Skeleton.from_dict(yaml.safe_load(block)).name for block in blocks("yaml")]
    assert names == ["tripod"]


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (Path(__file__).resolve().parents[1] / target).exists(), target
