"""What is served over HTTP: the operator's console with its API, and what Prometheus asks for.

listening.py  the server under every app; metrics_app.py what Prometheus asks for, with the rule of credentials.py
approach.py   where a visitor comes from, behind which proxy; headers.py what every answer says, and what another site may not ask
door.py       the roles, and the rule that every route names; app.py puts the routes of routes.py behind it
visits.py     who asks: the session's cookie, a token, a proxy's word; people.py passwords; first.py the first administrator
staff.py      people and tokens, changed; trail.py who looked at what; erasing.py a customer forgotten
api/, pages/  the routes, one noun each; templates/ and static/ what they show; texts.py and language.py its words
"""
