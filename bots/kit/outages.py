"""What is said of an error that nobody foresaw: whether it may pass, and where it arose."""

from __future__ import annotations

from ground.outages import is_outage

__all__ = ["is_outage", "place_of"]


def place_of(error: BaseException) -> str:
    """The kind of an error and where in the program it arose; not what it says, which may hold what people wrote."""
    frames = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append((traceback.tb_frame.f_globals.get("__name__", "?"), traceback.tb_lineno))
        traceback = traceback.tb_next
    ours = [frame for frame in frames if frame[0].partition(".")[0] in {"kunveno", "bots", "bridge", "party", "ground"}]
    module, line = next(reversed(ours or frames), ("?", 0))
    return f"{type(error).__name__} at {module}:{line}"
