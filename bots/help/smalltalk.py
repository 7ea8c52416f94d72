"""What people write to a bot that is no command, and what is no question either. Pure."""

from __future__ import annotations

from typing import Final, Literal

from bots.kit.matching import fold

_GREETINGS: Final = frozenset(
    {
        "hello", "hi", "hey", "hello there", "hi there", "good morning", "good evening", "good afternoon",
        "bonjour", "bonsoir", "salut", "coucou", "bonjour a tous", "bonjour kunveno", "hello kunveno",
    }
)  # fmt: skip
_THANKS: Final = frozenset(
    {
        "thanks", "thank you", "thx", "many thanks", "thanks a lot", "thank you very much", "ok", "okay", "ok thanks",
        "great", "perfect", "fine", "bye", "goodbye", "good night", "have a nice day",
        "merci", "merci beaucoup", "merci bien", "mille mercis", "ok merci", "merci a toi", "merci a vous", "d'accord",
        "super", "super merci", "parfait", "parfait merci", "top", "c'est bon", "ca marche", "bien recu", "entendu",
        "au revoir", "a bientot", "bonne journee", "bonne soiree", "bonne nuit",
    }
)  # fmt: skip
_MARKS: Final = str.maketrans(".,;:!…", "      ")


def talk_in(written: str) -> Literal["greeting", "thanks"] | None:
    """A greeting; or thanks, a farewell or a mere sign, which want no answer; None for anything else."""
    said = " ".join(fold(written).translate(_MARKS).split())
    if said in _GREETINGS:
        return "greeting"
    if said in _THANKS or not any(char.isalnum() or char == "?" for char in said):
        return "thanks"
    return None
