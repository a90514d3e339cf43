"""Alerts about mailboxes: spikes, groups, single ones."""

from __future__ import annotations

from tests.e2e.alerting.timeline import Labels, Moment, Timeline, hold
from tests.e2e.alerting.timelines.series import AT, ILL, WELL, bounced, mail_ops, tested

WEEK = 7 * 24  # steps of an hour


def spike(actor: str, cls: str) -> Labels:
    return {"severity": "page", "layer": "cause", "actor": actor, "carrier": "ill", "class": cls}


def account(name: str, carrier: str, status: str, values: str) -> dict[str, str]:
    return {f'mailprobe_account_status{{{AT},account="{name}",carrier="{carrier}",status="{status}"}}': values}


def verdict(name: str, code: str, actor: str) -> dict[str, str]:
    labels = f'{AT},account="{name}",carrier="ill",code="{code}",actor="{actor}"'
    return {f"mailprobe_account_verdict_info{{{labels}}}": hold((1, 9))}


OF_MAILBOXES = (
    Timeline(
        "MailprobeBounceSpike",
        "no history: surely more than 5 %; 3 % is none, nor are six of six, nor a single tenth of a small number",
        bounced("ill", "unknown_user", hold((0, 20), (20, 15), (0, 40)))
        | tested("ill", hold((200, 75)))
        | bounced("well", "unknown_user", hold((0, 20), (12, 55)))
        | tested("well", hold((400, 75)))
        | bounced("small", "unknown_user", hold((6, 75)))
        | tested("small", hold((6, 75))),
        (
            Moment("20m"),
            Moment("25m", (spike("provisioning", "unknown_user"),), ("6.567%",)),
            Moment("45m", (spike("provisioning", "unknown_user"),), ("6.567%",)),  # kept for a while, so that it does not flap
            Moment("60m"),
        ),
    ),
    Timeline(
        "MailprobeBounceSpike",
        "full mailboxes are for the mail servers' desk; refusals of our own mail for ours",
        bounced("ill", "mailbox_full", hold((30, 10), (0, 30)))
        | bounced("ill", "blocked_sender_reputation", hold((60, 10), (0, 30)))
        | tested("ill", hold((100, 40))),
        (
            Moment("1m"),
            Moment("5m", (spike("mail_ops", "mailbox_full"), spike("prober", "blocked_sender_reputation")), ("21.89%", "50.2%")),
            Moment("39m"),
        ),
    ),
    Timeline(
        "MailprobeBounceSpike",
        "a week of history: five of a hundred is usual at one carrier, and four times as much as ever at another",
        bounced("ill", "unknown_user", hold((2, WEEK), (24, 3), (2, 10)))
        | tested("ill", hold((200, WEEK + 13)))
        | bounced("well", "unknown_user", hold((16, WEEK), (26, 3), (16, 10)))
        | tested("well", hold((200, WEEK + 13))),
        (
            Moment("167h"),
            Moment("170h", (spike("provisioning", "unknown_user"),), ("8.198%",)),
            Moment("175h"),
        ),
        step="1h",
    ),
    Timeline(
        "MailprobeBounceSpike",
        "a class that is only seen now is compared with a week in which nothing bounced",
        bounced("ill", "mailbox_disabled", f"_x{WEEK} {hold((14, 3), (0, 10))}") | tested("ill", hold((200, WEEK + 13))),
        (
            Moment("167h"),
            Moment("170h", (spike("provisioning", "mailbox_disabled"),), ("4.215%",)),
            Moment("175h"),
        ),
        step="1h",
    ),
    Timeline(
        "MailprobeBouncesAtLowVolume",
        "three mailboxes that never bounced; five that always did are no news, two are not enough, full ones are not gone",
        bounced("ill", "unknown_user", hold((0, 150), (3, 6), (0, 2)), "1h")
        | bounced("well", "unknown_user", hold((5, 150), (7, 8)), "1h")
        | bounced("full", "mailbox_full", hold((0, 150), (9, 8)), "1h"),
        (
            Moment("1490m"),
            Moment(
                "1520m",
                ({"severity": "ticket", "layer": "cause", "actor": "provisioning", "carrier": "ill"},),
                ("3",),
            ),
            Moment("1560m"),
        ),
        step="10m",
    ),
    Timeline(
        "MailprobeGroupDown",
        "a quarter of a shard; not four mailboxes of four",
        {
            f'mailprobe_accounts{{{ILL},group="shard-1",status="down"}}': hold((0, 5), (10, 5), (0, 5)),
            f'mailprobe_accounts{{{ILL},group="shard-1",status="ok"}}': hold((40, 5), (30, 5), (40, 5)),
            f'mailprobe_accounts{{{WELL},group="shard-2",status="down"}}': hold((4, 15)),
            f'mailprobe_accounts{{{WELL},group="shard-3",status="down"}}': hold((5, 15)),
            f'mailprobe_accounts{{{WELL},group="shard-3",status="ok"}}': hold((35, 15)),
        },
        (Moment("6m"), Moment("8m", (mail_ops("page", "symptom", group="shard-1"),), ("25%",)), Moment("11m")),
    ),
    Timeline(
        "MailprobeMailboxDown",
        "who must act comes from the verdict; degraded is no alert",
        account("tanaka", "ill", "down", hold((0, 3), (1, 3), (0, 3)))
        | account("sato", "ill", "down", hold((0, 9)))
        | account("sato", "ill", "degraded", hold((1, 9)))
        | verdict("tanaka", "directory_out_of_sync", "provisioning")
        | verdict("sato", "mailbox_full", "customer"),
        (
            Moment("2m"),
            Moment(
                "4m",
                (
                    {
                        "severity": "ticket",
                        "layer": "account",
                        "actor": "provisioning",
                        "carrier": "ill",
                        "account": "tanaka",
                        "code": "directory_out_of_sync",
                    },
                ),
            ),
            Moment("7m"),
        ),
    ),
)
