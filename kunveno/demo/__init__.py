"""A whole organisation on a homeserver of its own, to try and to test with."""
