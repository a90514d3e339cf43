"""What makes us harmless: budgets of logins, manners at mail hosts, breakers, the guard on strangers.

The numbers come from the carrier's limits; the schedule gets `half_of` them. The decisions are pure functions of a history
and a given `now` (Unix seconds); the store runs them inside the transaction that acts on them, so all processes share one
budget. A row from more than a day ahead was written under a wrong clock and is passed over. A check that is held back says
why, what is known, and when it may be asked again: `held_in`.
"""

from __future__ import annotations

from mailprobe.limits.breakers import Approach, Breakers
from mailprobe.limits.canaries import Logbook
from mailprobe.limits.controls import Controls
from mailprobe.limits.held import Held, held_in
from mailprobe.limits.manners import Courtesy
from mailprobe.limits.master_users import MasterUsers
from mailprobe.limits.shares import half_of
from mailprobe.limits.sign_ins import LoginBudget
from mailprobe.limits.strangers import StrangerGuard
from mailprobe.limits.waiting import pace_of

__all__ = [
    "Approach",
    "Breakers",
    "Controls",
    "Courtesy",
    "Held",
    "Logbook",
    "LoginBudget",
    "MasterUsers",
    "StrangerGuard",
    "half_of",
    "held_in",
    "pace_of",
]
