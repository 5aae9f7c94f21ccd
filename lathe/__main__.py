"""`python -m lathe` is the command `lathe`."""

import sys

from lathe.command import main

if __name__ == "__main__":
    sys.exit(main())
