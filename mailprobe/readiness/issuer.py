"""Can people sign in with the company's account? As far as it shows without one: the issuer's own words, and its keys."""

from __future__ import annotations

from mailprobe.oidc.trouble import Trouble
from mailprobe.readiness import Finding, Topic, bad, good

SAME = "console.oidc.issuer must be as it names itself, to the letter; a browser reads that at /.well-known/openid-configuration"
# what is wrong, and what to do
WORDS: dict[Trouble, tuple[str, str]] = {
    Trouble.TIMEOUT: ("does not answer in time", "look for a firewall between it and this host"),
    Trouble.UNREACHABLE: ("cannot be reached", "look at its address and at the firewall between it and this host"),
    Trouble.UNTRUSTED: ("shows a certificate that nobody here trusts", "name its authority in console.oidc.tls_ca"),
    Trouble.FORBIDDEN: ("names an inner host that is not its own", "name that network in prober.allow_networks"),
    Trouble.REFUSED: ("answers with an error", SAME),
    Trouble.TOO_BIG: ("says too much", SAME),
    Trouble.NOT_UNDERSTOOD: ("says nothing that an OpenID provider has to say", SAME),
    Trouble.OTHER_ISSUER: ("calls itself otherwise", SAME),
    Trouble.NO_SECRET: ("was not asked: the client's secret cannot be read", "see console.oidc.client_secret"),
}


def issuer_finding(issuer: str, trouble: Trouble | None) -> Finding:
    if trouble is None:
        return good(Topic.ISSUER, issuer, "answers, and its keys can be read; whether it knows us shows at a sign-in")
    what, repair = WORDS.get(trouble, ("cannot be used", SAME))
    return bad(Topic.ISSUER, issuer, what, repair)
