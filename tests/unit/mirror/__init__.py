"""The mirror's decisions, from values to values: no server, no database."""
