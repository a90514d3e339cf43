"""What is known of a carrier's controls and of its doors towards us: of all accounts that tell of them, the newest counts. Pure.

An account's picture holds answers of different ages; one that was not asked lately must not take back what another has
just seen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from mailprobe.verdict.picture import Control, Known, LiveAtMx, Network, Picture, Prober, SignIn

T = TypeVar("T", bound=StrEnum)

LET_IN = (Control.GOOD, Control.GOOD_BY_MASTER)
SHUT_OUT = (Control.UNAVAILABLE, Control.CLOSED, Control.UNREACHABLE)  # by the server; a refused control is another matter
OPENED = (SignIn.OPENED, SignIn.OPENED_BY_MASTER)

NOT_ASKED, NOT_NAMED, NOT_MET = Known(Control.UNASKED), Known(LiveAtMx.UNASKED), Known(Prober.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Controls:
    """sign_in: of L; at_mx: what the MX hosts say to L; us: what they make of ourselves; from_outside: where we stand."""

    sign_in: Known[Control] = NOT_ASKED
    at_mx: Known[LiveAtMx] = NOT_NAMED
    us: Known[Prober] = NOT_MET
    from_outside: bool = False

    def after(self, picture: Picture) -> Controls:
        """With what one more picture tells."""
        return Controls(
            newer(self.sign_in, signed_in(self.sign_in, picture)),
            newer(self.at_mx, picture.live_at_mx),
            newer(self.us, picture.prober),
            picture.network.among(Network.OUTSIDE),
        )

    @property
    def good(self) -> bool | None:
        """Whether the live control is let in and accepted; None where neither is known, or the fault is ours."""
        sign_in, at_mx = self.sign_in.value, self.at_mx.value
        silent = sign_in is Control.UNREACHABLE and not self.from_outside  # from outside a time-out may be the way's
        if silent or sign_in in (Control.REFUSED, Control.UNAVAILABLE, Control.CLOSED) or at_mx is LiveAtMx.REFUSED:
            return None if self.us.among(Prober.BLOCKED, Prober.MISCONFIGURED) else False
        return True if sign_in in LET_IN or at_mx is LiveAtMx.ACCEPTED else None


def signed_in(before: Known[Control], picture: Picture) -> Known[Control]:
    """L as this picture tells. A sign-in of L counts for ten minutes; where the server has shut everybody out since, one account
    that is let in again shows that L would be."""
    told, own = picture.control_sign_in, picture.sign_in
    if before.among(*SHUT_OUT) and told.among(*LET_IN) and own.among(*OPENED) and told.at is not None and own.at is not None:
        return replace(told, at=max(told.at, own.at))
    return told


def newer(before: Known[T], told: Known[T]) -> Known[T]:
    """What has no instant was not asked."""
    if told.at is None or (before.at is not None and told.at < before.at):
        return before
    return told
