"""The SQL of the dashboards, a module for each, under the same name."""
