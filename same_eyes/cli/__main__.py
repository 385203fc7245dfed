"""``python -m same_eyes.cli`` is ``same-eyes``."""

import sys

from . import main

sys.exit(main())
