"""`python -m portctl.sandbox`: serve until interrupted."""

from __future__ import annotations

import sys

from portctl.sandbox.process import run

sys.exit(run(sys.argv[1:]))
