"""The demo's mailboxes that only a test mail tells apart: all of them are accepted at the door, and look healthy there.

They are a table of their own, since each of them sends mail: `open_demo(scenarios=(*SCENARIOS, *DELIVERIES))`.
"""

from __future__ import annotations

from mailprobe.demo.carrier import NOWHERE, Away, Mailbox, Rule
from mailprobe.demo.mailboxes import A_MOMENT, DEGRADED, DOWN, OK, WITHOUT_MAIL, AtHand, Scenario
from mailprobe.verdict import Code, NoteCode

WITH_MAIL = (*WITHOUT_MAIL, "canary")
LATE = 3.0  # seconds that a mail takes to the late mailbox
HOURS_AGO = 23 * 3600.0  # long enough to tell, and not yet given up
# a carrier's 550 at the end of data speaks of the customer's own filter, not of a name that nobody has
FILTERED = "550 5.7.1 <{recipient}>: Recipient refuses to receive mail from this domain"

DELIVERIES = (
    Scenario(
        Mailbox("delivered"),
        "A test mail arrives in the inbox",
        "テストメールが受信箱に到着",
        Code.HEALTHY,
        OK,
        probes=WITH_MAIL,
    ),
    Scenario(
        Mailbox("in-junk", rule=Rule.JUNK),
        "His spam option files it as junk",
        "迷惑メールに振り分け",
        Code.DELIVERED_TO_JUNK,
        DEGRADED,
        probes=WITH_MAIL,
    ),
    Scenario(
        Mailbox("swallowed", rule=Rule.DROP),
        "His filter drops it, and nobody is told",
        "フィルターが無通知で破棄",
        Code.SILENTLY_DROPPED,
        DEGRADED,
        probes=WITH_MAIL,
        sent_ago=HOURS_AGO,
    ),
    Scenario(
        Mailbox("bounces-later", listed=NOWHERE),
        "Accepted at the door, unknown behind it: it bounces",
        "受け付け後に宛先なしで返送",
        Code.UNKNOWN_BEHIND_GATEWAY,
        DOWN,
        "catchall",
        at_hand=AtHand.NONE,
        probes=WITH_MAIL,
    ),
    Scenario(
        Mailbox("filters-senders", filter_says=FILTERED),
        "His filter refuses the mail, once it has seen it",
        "本文受信後にフィルターが拒否",
        Code.RECIPIENT_FILTER,
        DEGRADED,
        probes=WITH_MAIL,
    ),
    Scenario(
        Mailbox("put-off-once"),
        "Put off at first contact, then delivered",
        "初回は保留、再送で到着",
        Code.HEALTHY,
        OK,
        "hesitant",
        notes=(NoteCode.GREYLISTED,),
        probes=WITH_MAIL,
        first=Code.WAITING,
        again_after=2 * A_MOMENT,
    ),
    Scenario(
        Mailbox("on-holiday", away=Away.ALWAYS),
        "An automatic answer is switched on",
        "自動返信が有効",
        Code.FORWARDED_OR_AUTO_REPLIED,
        DEGRADED,
        probes=WITH_MAIL,
        first=Code.HEALTHY,
        again_after=A_MOMENT,
    ),
    Scenario(
        Mailbox("slow-post", delay=LATE),
        "It takes its time, and arrives",
        "遅れて到着",
        Code.HEALTHY,
        OK,
        probes=WITH_MAIL,
        first=Code.WAITING,
        again_after=LATE,
    ),
)
