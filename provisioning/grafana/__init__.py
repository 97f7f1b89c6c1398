"""Grafana: dashboards written in Python, the JSON made of them, and how to load it.

`python -m provisioning.grafana` writes generated/*.json; a module in dashboards/ is a
dashboard. provisioning/ is what Grafana reads at its start.
"""
