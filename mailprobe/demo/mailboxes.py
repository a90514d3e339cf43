"""The demo's carriers and their ill mailboxes: what is true of each, what an agent was told, and what mailprobe has to say.

The servers never see this file: they answer from `CarrierState` alone, so the table's last column is a promise, not a script.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mailprobe.demo.carrier import BOTH_MX, EVERYWHERE, MOST_CONNECTIONS, NOWHERE, CarrierState, Mailbox, Service
from mailprobe.demo.tls import Certificate
from mailprobe.verdict import Code, Confidence, NoteCode, Status

LIVE = "control"  # the known good account of every carrier
DEAD = "nobody-7f3a"  # reserved: it never existed anywhere
HERE = "127.0.0.1"
NOBODY_LISTENS = "127.0.0.2"
A_MOMENT = 1.0  # seconds that the hesitant carrier puts a stranger off
WITHOUT_MAIL = ("dns", "mx", "imap", "submission")  # the probes that send nothing


@dataclass(frozen=True, slots=True)
class Setup:
    """One carrier: its state, and what its servers are like. `imap_addresses`: those that its IMAP name has in DNS; only the
    first has a server behind it. `null_mx`: its DNS says that the domain takes no mail (RFC 7505)."""

    name: str
    title_en: str
    title_ja: str
    state: CarrierState
    certificate: Certificate = Certificate.GOOD
    imap_addresses: tuple[str, ...] = (HERE,)
    null_mx: bool = False

    def title(self, language: str) -> str:
        """Its name, and what is the matter with it: on the pages it stands where a carrier's name does."""
        if language == "ja":
            return f"{self.name}（{self.title_ja}）"
        return f"{self.name} ({self.title_en[0].lower()}{self.title_en[1:]})"


def setups() -> tuple[Setup, ...]:
    """Every carrier with its live control, all else as it should be. The mailboxes of the scenarios come on top."""
    return (
        Setup(
            "mobile", "In good order, but for one mail store", "保管庫1台のみ停止", state("mobile", shards_down=frozenset({2}))
        ),
        Setup("cautious", "Puts strangers off", "初回配送を保留", state("cautious", greylist=300.0)),
        Setup("cutoff", "Its MX cannot read the directory", "宛先の照会不能", state("cutoff", cut_off=BOTH_MX)),
        Setup("strict", "Has our IP on its block list", "当方を拒否", state("strict", blocked_clients=frozenset({HERE}))),
        Setup("oldtls", "Its TLS is old", "TLSが旧式", state("oldtls"), Certificate.OLD),
        Setup(
            "half", "One IMAP server of two is down", "IMAP2台中1台が停止", state("half"), imap_addresses=(HERE, NOBODY_LISTENS)
        ),
        Setup("outage", "Its mail store is down", "メール保管庫が停止", state("outage", shards_down=frozenset({1}))),
        Setup(
            "nosend", "Nobody can sign in to send", "送信の認証が停止", state("nosend", cut_off=frozenset({Service.SUBMISSION}))
        ),
        Setup(
            "catchall",
            "Takes mail for every name but one",
            "存在しない宛先も受信",
            state("catchall", accepts_all=True, blocked_recipients=frozenset({"struck-off"})),
        ),
        Setup("hesitant", "Puts strangers off for a moment", "初回配送を短時間だけ保留", state("hesitant", greylist=A_MOMENT)),
        Setup("lostdomain", "Its DNS says: no mail here", "DNSがメール不可", state("lostdomain"), null_mx=True),
    )


def state(name: str, **changes: object) -> CarrierState:
    made = CarrierState(f"{name}.example", **changes)  # type: ignore[arg-type]  # the names above are fields of its
    made.put(Mailbox(LIVE))
    return made


class AtHand(StrEnum):
    """The secret that the prober has: the mailbox's own, another one, or none."""

    RIGHT = "right"
    OTHER = "other"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One mailbox. `local` is its id, too. `mailbox` None: no server knows it. `told`: observations as for `--observed`, with
    {yesterday} (a time) and {last_month} (a date) filled in at the start. Expected: code, status, and what is said beside.
    Where a mail takes its time: `first` is what a check has to say that ends before it has come, and `again_after` the seconds
    until the check whose verdict counts. `sent_ago`: seconds since an earlier test mail was accepted and not heard of since."""

    mailbox: Mailbox | str
    title_en: str
    title_ja: str
    code: Code
    status: Status
    carrier: str = "mobile"
    told: tuple[str, ...] = ()
    at_hand: AtHand = AtHand.RIGHT
    enrolled: bool = True
    confidence: Confidence | None = None
    notes: tuple[NoteCode, ...] = field(default=())
    probes: tuple[str, ...] = WITHOUT_MAIL
    first: Code | None = None
    again_after: float = 0.0
    sent_ago: float = 0.0

    @property
    def local(self) -> str:
        return self.mailbox if isinstance(self.mailbox, str) else self.mailbox.local


OK, DEGRADED, DOWN, UNKNOWN = Status.OK, Status.DEGRADED, Status.DOWN, Status.UNKNOWN

SCENARIOS = (
    Scenario(Mailbox("healthy"), "Everything works", "すべて正常", Code.HEALTHY, OK),
    Scenario(
        Mailbox("lost-entry", listed=NOWHERE),
        "The portal knows him, the mail servers have lost him",
        "ポータルは正常、メールサーバーから登録が消失",
        Code.DIRECTORY_OUT_OF_SYNC,
        DOWN,
        told=("portal_ok", "spelling_confirmed", "pc_used"),
        confidence=Confidence.HIGH,
        notes=(NoteCode.PC_CANNOT_CAUSE_BOUNCES,),
    ),
    Scenario(
        Mailbox("lost-untold", listed=NOWHERE),
        "The same, and nobody asked the portal yet",
        "同上、ポータル未確認",
        Code.DIRECTORY_OUT_OF_SYNC,
        DOWN,
        confidence=Confidence.MEDIUM,
    ),
    Scenario(
        Mailbox("closed", listed=NOWHERE),
        "Gone, because the contract has ended",
        "解約により消滅",
        Code.CLOSED_BY_CONTRACT,
        DOWN,
        told=("contract=closed@{last_month}",),
    ),
    Scenario(
        Mailbox("no-secret-lost", listed=NOWHERE),
        "Unknown at the door; nobody has a password to try",
        "受信側に宛先なし、サインイン未確認",
        Code.UNKNOWN_TO_MX,
        DOWN,
        told=("spelling_confirmed", "contract=active"),
        at_hand=AtHand.NONE,
    ),
    Scenario(
        Mailbox("half-known", listed=EVERYWHERE - BOTH_MX),
        "Old mail can be read, new mail bounces",
        "閲覧は可能、新着だけが返送",
        Code.MISSING_FROM_MX,
        DOWN,
    ),
    Scenario(
        Mailbox("send-only", listed=EVERYWHERE - {Service.IMAP}),
        "Sending works, reading is refused",
        "送信は可能、受信だけが拒否",
        Code.IMAP_AUTH_OUT_OF_SYNC,
        DOWN,
    ),
    Scenario(
        Mailbox("read-only", listed=EVERYWHERE - {Service.SUBMISSION}),
        "Reading works, sending is refused",
        "受信は可能、送信だけが拒否",
        Code.SUBMISSION_REFUSED,
        DEGRADED,
    ),
    Scenario(
        Mailbox("wrong-password"),
        "The password at hand is not the right one",
        "パスワードの相違",
        Code.PASSWORD_OR_LOCK,
        DEGRADED,
        at_hand=AtHand.OTHER,
    ),
    Scenario(
        Mailbox("not-propagated"),
        "Changed in the portal, never reached the mail servers",
        "ポータルでの変更がメールサーバーに未反映",
        Code.PASSWORD_NOT_PROPAGATED,
        DOWN,
        told=("mail_password_changed_at={yesterday}",),
        at_hand=AtHand.OTHER,
    ),
    Scenario(Mailbox("expired", expired=True), "The password has run out", "パスワード期限切れ", Code.SECRET_EXPIRED, DEGRADED),
    Scenario(Mailbox("suspended", disabled=True), "Suspended by the carrier", "利用停止中", Code.SUSPENDED, DOWN),
    Scenario(
        Mailbox("many-devices", connections=MOST_CONNECTIONS),
        "Too many programs signed in at once",
        "同時接続が上限",
        Code.LOGIN_RATE_LIMITED,
        DEGRADED,
    ),
    Scenario(Mailbox("full", used=204_800), "The mailbox is full", "容量いっぱい", Code.MAILBOX_FULL, DEGRADED),
    Scenario(
        Mailbox("no-store", has_store=False),
        "Signs in, but the mail is gone",
        "サインイン可、保管庫消失",
        Code.STORE_LOST,
        DOWN,
    ),
    Scenario(
        Mailbox("no-secret"),
        "Mail is accepted; no password to look further",
        "受け付けは正常、サインイン未確認",
        Code.ACCEPTS_MAIL,
        UNKNOWN,
        at_hand=AtHand.NONE,
    ),
    Scenario(
        "never-was",
        "Never existed, or misspelt",
        "存在しない、またはつづり誤り",
        Code.NO_SUCH_ADDRESS,
        UNKNOWN,
        at_hand=AtHand.NONE,
        enrolled=False,
    ),
    Scenario(Mailbox("put-off"), "First contact: come again later", "初回のため保留中", Code.WAITING, UNKNOWN, "cautious"),
    Scenario(Mailbox("unlisted"), "The directory cannot be read", "宛先の照会不能", Code.DIRECTORY_UNREACHABLE, DOWN, "cutoff"),
    Scenario(Mailbox("unseen"), "It is us who are refused", "当方が拒否されている", Code.PROBER_BLOCKED, UNKNOWN, "strict"),
    Scenario(Mailbox("old-door"), "Reachable by old TLS only", "古いTLSでのみ接続可", Code.SERVER_TLS_OLD, DEGRADED, "oldtls"),
    Scenario(
        Mailbox("other-half"),
        "Fine, though one server of two is down",
        "正常、ただしサーバー1台が停止",
        Code.HEALTHY,
        OK,
        "half",
        notes=(NoteCode.PARTIAL_BACKEND_FAULT,),
    ),
    Scenario(
        Mailbox("one-door", listed=EVERYWHERE - {Service.SECOND_MX}),
        "One MX host of two has lost him",
        "受信サーバー2台中1台のみ宛先なし",
        Code.PARTIAL_BACKEND_FAULT,
        DEGRADED,
    ),
    Scenario(
        Mailbox("on-shard-2", shard=2),
        "The one mail store that is down is his",
        "自分の保管庫だけが停止",
        Code.PARTIAL_BACKEND_FAULT,
        DEGRADED,
    ),
    Scenario(Mailbox("locked-out"), "Nobody gets at his mail", "全員が閲覧不能", Code.IMAP_OUTAGE, DOWN, "outage"),
    Scenario(Mailbox("silenced"), "Nobody can send", "全員が送信不能", Code.SUBMISSION_OUTAGE, DEGRADED, "nosend"),
    Scenario(Mailbox("struck-off"), "The MX refuses him alone", "この宛先だけを拒否", Code.BLOCKED_AT_MX, DOWN, "catchall"),
    Scenario(
        Mailbox("astray"),
        "The domain takes no mail",
        "ドメインが受信不可",
        Code.DOMAIN_MISCONFIGURED,
        DOWN,
        "lostdomain",
    ),
)
