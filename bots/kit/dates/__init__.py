"""Dates and durations as people type them in French and English, and as the bots say them back.

A grammar of our own, over folded text (no capitals, accents or typography): each phrase is a rule that says which part
of a date it names, rules join in any order, and only a text that is understood wholly is a date.
"""

from bots.kit.dates.reading import find, read, read_duration
from bots.kit.dates.saying import say, say_day
from bots.kit.dates.values import DateProblem, Direction, Duration, Understood

__all__ = ["DateProblem", "Direction", "Duration", "Understood", "find", "read", "read_duration", "say", "say_day"]
