from pathlib import Path

from .averaging import average as average
from .checkpoint import describe as describe
from .checkpoint import load as load
from .checkpoint import save as save
from .importers import IMPORTERS as IMPORTERS
from .importers import import_weights as import_weights
from .zoo import ZOO as ZOO
from .zoo import fetch as fetch

DEFAULT: Path

def resolve(name_or_path: str | Path | None = None, accept_license: bool = False) -> Path: ...
