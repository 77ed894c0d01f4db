"""`python -m diffusiontalker` is the command line."""

import sys

from diffusiontalker.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
