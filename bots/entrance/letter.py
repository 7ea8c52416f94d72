"""What stands in the letter that invites a member, on paper, in an e-mail or in chat; and the picture of its link."""

from __future__ import annotations

import io
from typing import Final
from urllib.parse import quote

import segno

from ground.texts import Text, text

SCALE: Final = 8
"""Pixels of one square of the picture."""
BORDER: Final = 4


def link_to(account: str) -> str:
    """The address that opens a conversation with an account in whatever Matrix app there is."""
    return f"https://matrix.to/#/{quote(account, safe='@:')}"


def lines(*, name: object, branch: object, bot: object, link: object, code: object, until: object) -> tuple[Text, ...]:
    """The letter, a sentence a line. `until` is the last day on which the code is good."""
    return (
        text("Hello {name},", name=name),
        text("{branch} talks on Matrix. This code lets you in: {code}", branch=branch, code=code),
        text("1. Open Element, or any other Matrix app. If you have no account yet, make one there."),
        text("2. Open a conversation with {bot}: {link}", bot=bot, link=link),
        text("3. Send this message: join {code}", code=code),
        text(
            "The code is for you alone. It can be used once, until {until} included. Send it to nobody else, and do "
            "not write it in a room.",
            until=until,
        ),
    )


def picture(link: str) -> tuple[bytes, int]:
    """The QR picture of a link as PNG, and its width and height in pixels."""
    code = segno.make(link, error="m", micro=False)
    kept = io.BytesIO()
    code.save(kept, kind="png", scale=SCALE, border=BORDER)
    width, _height = code.symbol_size(scale=SCALE, border=BORDER)
    return kept.getvalue(), int(width)


def drawing(link: str) -> bytes:
    """The QR picture of a link as SVG, for a printer."""
    kept = io.BytesIO()
    segno.make(link, error="m", micro=False).save(kept, kind="svg", scale=SCALE, border=BORDER)
    return kept.getvalue()


def blocks(link: str) -> str:
    """The QR picture of a link in block characters, for a terminal."""
    kept = io.StringIO()
    segno.make(link, error="m", micro=False).terminal(out=kept, border=2, compact=True)
    return kept.getvalue().rstrip("\n")
