"""``python -m bupose.explore [photo or video]``."""

import sys

from bupose.explore.command import main

if __name__ == "__main__":
    sys.exit(main())
