"""Who somebody is, on the word of another house: OpenID Connect Core 1.0, the code flow, with PKCE (RFC 7636).

metadata.py   where the issuer is asked, as it says itself (OpenID Connect Discovery 1.0)
keys.py       what it signs with (RFC 7517)
token.py      its ID token, believed or not, and why not
claims.py     what the token says, found by a path of keys
kept.py       an answer that is asked for once and kept for a while
issuer.py     all of it: where a browser is sent, and who comes back

`keys`, `token` and `issuer` need the extra [oidc], so they are imported where somebody signs in. Nothing is asked before somebody
wants to. What does not hold is a `Trouble`, never an exception.
"""
