"""What is served over HTTP. `metrics_app.py` is what Prometheus asks for; `listening.py` is the server under every app."""
