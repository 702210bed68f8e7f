"""Wheels carry conf/ as bupose/conf; a checkout uses conf/ itself (bupose.cli.schemas.folder)."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithConf(build_py):
    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            shutil.copytree("conf", Path(self.build_lib, "bupose", "conf"), dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithConf})
