"""API v1, one file per noun; the console's own pages use nothing else. `routers` is all of it."""
