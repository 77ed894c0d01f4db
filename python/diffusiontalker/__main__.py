"""`python -m diffusiontalker` is the command line."""

import sys

from diffusiontalker.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
