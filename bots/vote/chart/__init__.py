"""The picture of a result: what is on it is decided here, drawn by a process of its own, and sent with the result."""
