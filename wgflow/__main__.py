"""``python -m wgflow`` is ``wgflow``."""

import sys

from wgflow.cli import main

if __name__ == "__main__":
    sys.exit(main())
