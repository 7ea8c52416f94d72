"""Draws the picture of a result: JSON (`sketch.Sketch`) on standard input, PNG on standard output.

A program of its own, so that neither a drawing library nor a font is ever in the memory of the bot, and its event loop
never waits. It is run by its path and knows nothing but Pillow. A light card with dark words, which is read on a phone
in a light and in a dark theme; colours are Okabe and Ito's, which the colour-blind tell apart, and never the only sign.
"""

from __future__ import annotations

import io
import json
import sys
import unicodedata
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFont

FONT: Final = Path(__file__).with_name("DejaVuSans.ttf")
SCALE: Final = 3
"""Pixels for each of the 390 points that a phone is wide."""
WIDTH: Final = 390 * SCALE
EDGE: Final = 18 * SCALE
CARD, INK, FAINT, TRACK = "#fbfaf7", "#1b1b1f", "#55555c", "#e3e1da"
FILL: Final = {"for": "#0072b2", "against": "#d55e00", "abstain": "#7f7f7f", "won": "#0072b2", "lost": "#8fb8d4"}
_SPECIAL: Final = {"\u202f": "\u00a0", "\u2011": "-"}


class Words:
    """Words in one size, as the font has them."""

    def __init__(self, points: float, *, bold: bool = False) -> None:
        self.font = ImageFont.truetype(str(FONT), round(points * SCALE))
        self.stroke = 1 if bold else 0
        self.height = round(points * SCALE * 1.3)
        self._missing = bytes(self.font.getmask("\U0010fffe"))
        self._known: dict[str, bool] = {}

    def has(self, char: str) -> bool:
        """Whether the font has a character, and does not draw a box."""
        if char not in self._known:
            shown = char.isspace() or unicodedata.category(char) in {"Mn", "Cf"}
            self._known[char] = shown or bytes(self.font.getmask(char)) != self._missing
        return self._known[char]

    def plain(self, words: str) -> str:
        """What can be drawn of some words: pictures are left out. Empty where letters would be missing."""
        composed = unicodedata.normalize("NFC", words)
        kept = "".join(_SPECIAL.get(char, char) for char in composed if char not in "\ufe0f\u200d")
        if any(char.isalpha() and not self.has(char) for char in kept):
            return ""
        left = " ".join("".join(char for char in kept if self.has(char)).split())
        return left.replace(" .", ".").replace(" ,", ",") if len(left) < len(kept) else left

    def width(self, words: str) -> float:
        return self.font.getlength(words)

    def lines(self, words: str, width: float, most: int) -> list[str]:
        """Words on so many lines of a width at most; what is beyond ends in an ellipsis."""
        found: list[str] = []
        left = self.plain(words).split()
        while left and len(found) < most:
            line = left.pop(0)
            while left and self.width(f"{line} {left[0]}") <= width:
                line = f"{line} {left.pop(0)}"
            if self.width(line) > width and len(found) < most - 1:
                cut = self._fitting(line, width)
                left.insert(0, line[cut:])
                line = line[:cut]
            found.append(line)
        if found and (left or self.width(found[-1]) > width):
            last = found[-1]
            found[-1] = last[: self._fitting(last, width - self.width("…"))].rstrip() + "…"
        return found

    def _fitting(self, words: str, width: float) -> int:
        cut = len(words)
        while cut > 1 and self.width(words[:cut]) > width:
            cut -= 1
        return cut


class Sheet:
    """A card that grows downwards."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (WIDTH, 4000 * SCALE // 3), CARD)
        self.pen = ImageDraw.Draw(self.image)
        self.y = EDGE

    def say(self, x: float, words: str, style: Words, colour: str = INK, *, right: bool = False) -> None:
        at = x - style.width(words) if right else x
        self.pen.text((at, self.y), words, font=style.font, fill=colour, stroke_width=style.stroke, stroke_fill=colour)

    def gap(self, points: float) -> None:
        self.y += round(points * SCALE)

    def bar(self, share: float, style: str, height: int, *, hatched: bool = False) -> None:
        """A bar over the whole width, filled by a share; a hatched one is told apart without its colour."""
        pen, top, left, right = self.pen, self.y, EDGE, WIDTH - EDGE
        radius = height // 4
        pen.rounded_rectangle((left, top, right, top + height), radius, fill=TRACK)
        end = left + round((right - left) * min(1.0, share))
        if share > 0:
            end = max(end, left + 2 * SCALE)  # one of a thousand is seen too
            pen.rounded_rectangle((left, top, end, top + height), min(radius, (end - left) // 2), fill=FILL[style])
            if hatched:
                self._hatch(left, end, top, height)
        self.y += height

    def _hatch(self, left: int, end: int, top: int, height: int) -> None:
        for x in range(left, end - height, 9 * SCALE):
            self.pen.line((x + height, top + 1, x, top + height - 1), fill=CARD, width=SCALE)

    def mark(self, share: float, top: int, bottom: int) -> int:
        """A line across a bar, and its place."""
        x = EDGE + round((WIDTH - 2 * EDGE) * min(1.0, share))
        self.pen.line((x, top - 3 * SCALE, x, bottom + 3 * SCALE), fill=CARD, width=4 * SCALE)
        self.pen.line((x, top - 3 * SCALE, x, bottom + 3 * SCALE), fill=INK, width=2 * SCALE)
        return x

    def png(self) -> bytes:
        """What was drawn, in few colours."""
        card = self.image.crop((0, 0, WIDTH, min(self.y + EDGE, self.image.height)))
        few = card.quantize(colors=64, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        written = io.BytesIO()
        few.save(written, "PNG", optimize=True)
        return written.getvalue()


def draw(sketch: dict[str, Any]) -> bytes:
    """The picture of a sketch."""
    sheet, inner = Sheet(), WIDTH - 2 * EDGE
    small, plain, strong, title = Words(13), Words(15), Words(15, bold=True), Words(17, bold=True)
    for line in title.lines(sketch["title"], inner, 4):
        sheet.say(EDGE, line, title)
        sheet.y += title.height
    sheet.gap(3)
    for line in plain.lines(sketch["verdict"], inner, 3):
        sheet.say(EDGE, line, plain, FAINT)
        sheet.y += plain.height
    sheet.gap(12)
    for bar in sketch["bars"]:
        _bar(sheet, bar, sketch, strong if bar["style"] in {"won", "for", "against"} else plain, small)
    for line in [line for note in sketch["notes"] for line in small.lines(note, inner, 3)]:
        sheet.say(EDGE, line, small, FAINT)
        sheet.y += small.height
    if (turnout := sketch["turnout"]) is not None:
        _turnout(sheet, turnout, small)
    return sheet.png()


def _bar(sheet: Sheet, bar: dict[str, Any], sketch: dict[str, Any], style: Words, small: Words) -> None:
    left, right = EDGE, WIDTH - EDGE
    tick = 20 * SCALE if bar["won"] else 0
    room = right - left - style.width(bar["shown"]) - 14 * SCALE - tick
    lines = style.lines(bar["label"], room, 2) or [bar["instead"]]
    if tick:
        _tick(sheet, left, sheet.y + style.height // 2 - SCALE)
    first = sheet.y
    for line in lines:
        sheet.say(left + tick, line, style)
        sheet.y += style.height
    last, sheet.y = sheet.y, first
    sheet.say(right, bar["shown"], style, right=True)
    sheet.y = last
    sheet.gap(2)
    top = sheet.y
    sheet.bar(bar["value"] / sketch["whole"], bar["style"], 20 * SCALE, hatched=bar["style"] in {"against", "lost"})
    if (line := bar["line"]) is not None:
        x = sheet.mark(line["at"] / sketch["whole"], top, sheet.y)
        sheet.gap(5)
        width = small.width(line["label"])
        sheet.say(min(max(left, x - width / 2), right - width), line["label"], small, INK)
        sheet.y += small.height
    sheet.gap(14)


def _tick(sheet: Sheet, x: int, y: int) -> None:
    size = 7 * SCALE
    sheet.pen.line(
        [(x, y), (x + size * 2 // 3, y + size * 2 // 3), (x + size * 2, y - size * 4 // 5)],
        fill=INK, width=round(2.5 * SCALE), joint="curve",
    )  # fmt: skip


def _turnout(sheet: Sheet, turnout: dict[str, Any], small: Words) -> None:
    sheet.gap(2)
    for line in small.lines(turnout["label"], WIDTH - 2 * EDGE, 2):
        sheet.say(EDGE, line, small, INK)
        sheet.y += small.height
    sheet.gap(5)
    top = sheet.y
    sheet.bar(turnout["value"] / (turnout["of"] or 1), "abstain", 9 * SCALE)
    if (line := turnout["line"]) is not None:
        x = sheet.mark(line["at"] / (turnout["of"] or 1), top, sheet.y)
        sheet.gap(5)
        width = small.width(line["label"])
        sheet.say(min(max(EDGE, x - width / 2), WIDTH - EDGE - width), line["label"], small, INK)
        sheet.y += small.height


if __name__ == "__main__":
    sys.stdout.buffer.write(draw(json.load(sys.stdin)))
