"""`python -m astrotl_gui` is `astrotl`."""

import sys

from astrotl_gui.cli import main

if __name__ == "__main__":
    sys.exit(main())
