"""The only place that speaks the Matrix HTTP API."""
