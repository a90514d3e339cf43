"""A scripted IMAP server: `$` in an answer becomes the command's tag."""

from __future__ import annotations

from dataclasses import dataclass

from tests.unit.probes.servers import Server

CAPABILITIES = "IMAP4rev1 SASL-IR AUTH=PLAIN"
GREETING = f"* OK [CAPABILITY {CAPABILITIES}] ready"
INBOX = """* FLAGS (\\Seen)
* 47110 EXISTS
* 88120 RECENT
* OK [UNSEEN 99420] Message 99420 is first unseen
* OK [UIDVALIDITY 1795468751] UIDs valid
* OK [UIDNEXT 99] Predicted next UID
$ OK [READ-ONLY] done"""
QUOTA = """* QUOTAROOT INBOX "User quota"
* QUOTA "User quota" (STORAGE 10 512 MESSAGE 47110 90000)
$ OK done"""
GOOD = {
    "CAPABILITY": f"* CAPABILITY {CAPABILITIES}\n$ OK done",
    "STARTTLS": "$ OK begin",
    "LOGIN": "$ OK [CAPABILITY IMAP4rev1 QUOTA] welcome",
    "AUTHENTICATE PLAIN ": "$ OK [CAPABILITY IMAP4rev1 QUOTA] welcome",
    "EXAMINE INBOX": INBOX,
    "GETQUOTAROOT INBOX": QUOTA,
    "LOGOUT": "* BYE see you\n$ OK bye",
}
HARMLESS = {"CAPABILITY", "STARTTLS", "LOGIN", "AUTHENTICATE", "EXAMINE", "GETQUOTAROOT", "LOGOUT"}


@dataclass(slots=True, eq=False)
class ImapServer(Server):
    """`answers`: by the longest fitting start of a command without its tag; '+' answers the rest of a command."""

    greeting: str = GREETING
    tag: str = ""  # of a command whose rest is awaited

    def answer(self, line: str) -> str:
        tag, command = (self.tag, f"+{line}") if self.tag else line.split(" ", 1)
        said = Server.answer(self, command).replace("$", tag)
        self.tag = tag if said.startswith("+") else ""
        return said

    def starts_tls(self, line: str, answer: str) -> bool:
        return line.endswith(" STARTTLS") and " OK" in answer

    @property
    def verbs(self) -> list[str]:
        return [line.split(" ")[0] for line in self.got]
