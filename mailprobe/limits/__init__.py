"""What makes us harmless: the login budget, and manners at mail hosts. The numbers come from the carrier's limits.

The decisions are pure functions of a history and a given `now` (Unix seconds); the store runs them inside the
transaction that acts on them, so all processes share one budget. A row from more than a day ahead was written under a
wrong clock and is passed over.
"""

from __future__ import annotations

from mailprobe.limits.canaries import Logbook
from mailprobe.limits.manners import Courtesy
from mailprobe.limits.sign_ins import LoginBudget

__all__ = ["Courtesy", "Logbook", "LoginBudget"]
