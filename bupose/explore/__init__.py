"""A page on this machine for looking into one photo: fields, people, and why joints were joined or not.

``python -m bupose.explore photo.jpg`` opens it. ``sight`` and ``session`` know nothing of the web, ``page`` nothing of
poses; ``command`` reads the command line.
"""

from bupose.explore.command import main

__all__ = ["main"]
