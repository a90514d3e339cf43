"""What Prometheus, Alertmanager and Grafana need to watch mailprobe; `python -m grafana.generate` writes the generated part."""
