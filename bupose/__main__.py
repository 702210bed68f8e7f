"""``python -m bupose``: the console command where its folder is not on the path."""

import sys

from bupose.cli import main

if __name__ == "__main__":
    sys.exit(main())
