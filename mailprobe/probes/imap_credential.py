"""With what a sign-in is tried: whose credential it is, and the one IMAP command that it makes for a server."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from mailprobe.carriers import AuthForm, Carrier, Endpoint, LiveControl, MasterForm, MasterUser, Relation
from mailprobe.config import Account
from mailprobe.evidence import As, Withheld
from mailprobe.secret import Secret, SecretError, SecretRef
from mailprobe.wire import imap_command
from mailprobe.wire.imap_command import Command


@dataclass(frozen=True, slots=True)
class Credential:
    """`user` signs in; `acting_as`: whose mailbox, for a master user by SASL PLAIN; `master`: whose login it is in truth."""

    who: As
    user: str
    secret: Secret
    form: AuthForm
    acting_as: str = ""
    master: str = ""

    @property
    def key(self) -> str:
        """Whose budget it is: a refused master user must not use up the budget of the customer, nor of all others."""
        return f"{self.acting_as}*{self.user}" if self.acting_as else self.user

    def command(self, tag: str, offered: Collection[str], endpoint: Endpoint) -> Command | None:
        """RFC 9051 sections 6.2.2 and 6.2.3: LOGIN unless it is disabled, else a mechanism that the server names; None if there
        is none. Raises OurFault for a user name or secret that cannot be sent as it is."""
        secret = self.secret.reveal()
        if self.form is AuthForm.XOAUTH2:
            return imap_command.xoauth2(tag, self.user, secret, offered) if "AUTH=XOAUTH2" in offered else None
        if self.form is AuthForm.OAUTHBEARER:
            bearer = imap_command.oauthbearer
            usable = "AUTH=OAUTHBEARER" in offered
            return bearer(tag, self.user, secret, endpoint.host, endpoint.port, offered) if usable else None
        if not self.acting_as and "LOGINDISABLED" not in offered:
            return imap_command.login(tag, self.user, secret)
        if "AUTH=PLAIN" not in offered:
            return None
        return imap_command.plain(tag, self.user, secret, acting_as=self.acting_as, offered=offered)


@dataclass(frozen=True, slots=True)
class Lacking:
    """There is no credential."""

    why: Withheld
    who: As | None = None


async def of_target(account: Account, carrier: Carrier) -> Credential | Lacking:
    """The customer's own, or else the carrier's master user, who may look only at enrolled accounts or at our own carrier's."""
    if account.secret is not None:
        secret = await _read(account.secret)
        return Credential(As.CUSTOMER, account.username, secret, carrier.auth) if secret else _unreadable(As.CUSTOMER)
    master = carrier.master_user
    if master is None or not (account.enrolled or carrier.relation is Relation.OWN):
        return Lacking(Withheld.NO_SECRET)
    return await _of_master(account.username, master)


async def of_control(control: LiveControl, ref: SecretRef, carrier: Carrier) -> Credential | Lacking:
    secret = await _read(ref)
    return Credential(As.CONTROL, control.username, secret, carrier.auth) if secret else _unreadable(As.CONTROL)


async def of_control_by_master(control: LiveControl, master: MasterUser) -> Credential | Lacking:
    """A known good account, opened as the target will be: it proves the master user."""
    return await _of_master(control.username, master)


def master_key(username: str, master: MasterUser) -> str:
    """`Credential.key` of a login through the master user, known without its secret."""
    return f"{username}*{master.name}" if master.form is MasterForm.AUTHZID else f"{username}{master.separator}{master.name}"


async def _of_master(username: str, master: MasterUser) -> Credential | Lacking:
    secret = await _read(master.secret)
    if secret is None:
        return _unreadable(As.MASTER)
    if master.form is MasterForm.AUTHZID:
        return Credential(As.MASTER, master.name, secret, AuthForm.PASSWORD, acting_as=username, master=master.name)
    user = f"{username}{master.separator}{master.name}"
    return Credential(As.MASTER, user, secret, AuthForm.PASSWORD, master=master.name)


def _unreadable(who: As) -> Lacking:
    return Lacking(Withheld.SECRET_UNREADABLE, who)


async def _read(ref: SecretRef) -> Secret | None:
    try:
        return await ref.read()
    except SecretError:
        return None
