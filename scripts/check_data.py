"""``bupose check-data`` from a checkout; ``--help`` explains."""

import sys

from bupose.cli import main

if __name__ == "__main__":
    sys.exit(main(["check-data", *sys.argv[1:]]))
