"""`python -m tests.e2e.real.ahead SECONDS WORD...`: mailprobe on a machine whose clock on the wall is so many seconds ahead.

Nothing else is another than in `python -m mailprobe WORD...`. So a test meets what a mail looks like hours after its acceptance,
and neither waits for hours nor writes into the store.
"""

from __future__ import annotations

import sys
import time


def go_ahead(seconds: float) -> None:
    """Before anything of mailprobe is loaded: it may take hold of the clock as soon as it is."""
    right = time.time
    time.time = lambda: right() + seconds


if __name__ == "__main__":
    go_ahead(float(sys.argv.pop(1)))
    from mailprobe.cli import main

    main()
