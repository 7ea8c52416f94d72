"""From sentences to a message: plain text, HTML and mentions.

In the English source of a sentence, and in its translations, `**bold**` and `` `code` `` are marks. What fills a
sentence is never read for marks: it is put in last, escaped. So nothing that people write becomes a tag, a link or a
mention.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Self
from urllib.parse import quote

import nh3
from markdown import Markdown
from markdown.blockparser import BlockParser
from markdown.blockprocessors import ParagraphProcessor
from markdown.inlinepatterns import BACKTICK_RE, BacktickInlineProcessor, SimpleTagInlineProcessor
from markdown.postprocessors import build_postprocessors
from markdown.preprocessors import NormalizeWhitespace
from markdown.treeprocessors import build_treeprocessors
from markdown.util import Registry

from bots.kit.parts import Code, Day, Gap, Items, Line, Link, Percent, Pill, Strong, Typed, When
from bots.kit.voice import Voice
from bridge.letters import Words
from ground.texts import Text, counted

__all__ = [
    "Code",
    "Day",
    "Gap",
    "Items",
    "Line",
    "Link",
    "Percent",
    "Pill",
    "Strong",
    "Typed",
    "Voice",
    "When",
    "compose",
]

_HOLE: Final = re.compile("\ue000([0-9]+)\ue001")
"""Where a value goes, while the sentence around it is read for marks."""
_TAGS: Final = frozenset({"a", "br", "code", "li", "strong", "ul"})
_SCHEMES: Final = frozenset({"http", "https", "mailto", "matrix"})


def compose(lines: Sequence[Line], voice: Voice, *, mentions: Sequence[str] = (), notice: bool = True) -> Words:
    """The message that these lines make in a voice. `mentions` are accounts to be called beside those of the pills."""
    writing = _Writing(voice)
    blocks = [block for line in lines for block in writing.blocks(line)]
    plain = "\n".join(plain for plain, _ in blocks)
    marked = _joined([marked for _, marked in blocks])
    called = dict.fromkeys([*mentions, *writing.mentions])
    clean = nh3.clean(marked, tags=set(_TAGS), attributes={"a": {"href"}}, url_schemes=set(_SCHEMES), link_rel=None)
    return Words(plain, clean if "<" in clean else None, tuple(called), notice)


def _joined(blocks: list[str]) -> str:
    """Lines under each other. A list stands on lines of its own by itself, so a gap before it takes one break more."""
    joined = "".join(blocks[:1])
    for before, block in pairwise(blocks):
        gap = not before and not joined.endswith("</ul>")
        apart = before.startswith("<ul>") or (block.startswith("<ul>") and not gap)
        joined += block if apart else f"<br>{block}"
    return joined


class _Writing:
    """One message while it is being written."""

    def __init__(self, voice: Voice) -> None:
        self.mentions: list[str] = []
        self._voice = voice
        self._markdown = _Sentences(output_format="html")

    def blocks(self, line: Line) -> list[tuple[str, str]]:
        match line:
            case Gap():
                return [("", "")]
            case Text():
                return [self._sentence(line)]
            case Items():
                return self._items(line)
            case str() | Code() | Strong() | Typed():
                return [self._value(line)]

    def _items(self, items: Items) -> list[tuple[str, str]]:
        # One too many is shown rather than counted.
        most = items.most if len(items.items) > items.most + 1 else len(items.items)
        shown = [self._sentence(item) if isinstance(item, Text) else self._value(item) for item in items.items[:most]]
        rest = len(items.items) - most
        if rest:
            shown.append(self._sentence(counted("… and one more", "… and {count} more", rest)))
        plain = "\n".join(f"• {plain}" for plain, _ in shown)
        blocks = [(plain, f"<ul>{''.join(f'<li>{marked}</li>' for _, marked in shown)}</ul>")] if shown else []
        return [*blocks, self._sentence(items.more)] if rest and items.more is not None else blocks

    def _sentence(self, sentence: Text) -> tuple[str, str]:
        """The sentence without marks, and with them as tags."""
        values: list[tuple[str, str]] = []

        def hole(value: object) -> str:
            values.append(self._value(value))
            return f"\ue000{len(values) - 1}\ue001"

        template = self._marked(self._voice.translator.say(sentence, hole))
        plain = html.unescape(re.sub("<[^>]*>", "", template.replace("<br>", "\n")))
        return (
            _HOLE.sub(lambda match: values[int(match[1])][0], plain),
            _HOLE.sub(lambda match: values[int(match[1])][1], template),
        )

    def _marked(self, template: str) -> str:
        """Our own words as HTML: `**` and backquotes are tags, all else is text."""
        if "`" not in template and "**" not in template:
            return _escaped(template)
        self._markdown.reset()
        return self._markdown.convert(template).removeprefix("<p>").removesuffix("</p>").replace("\n", "<br>")

    def _value(self, value: object) -> tuple[str, str]:
        plain = self._voice.show(value)
        match value:
            case Pill(account):
                self.mentions.append(account)
                return plain, _link(self._voice.links + quote(account, safe="@:"), plain)
            case Strong():
                return plain, f"<strong>{_escaped(plain)}</strong>"
            case Code() | Typed():
                return plain, f"<code>{_escaped(plain)}</code>"
            case list() | tuple():
                return plain, ", ".join(self._value(one)[1] for one in value)
            case Link(label, url):
                return plain, _link(url, self._voice.show(label))
        return plain, _escaped(plain)


def _escaped(words: str) -> str:
    return html.escape(words, quote=False).replace("\n", "<br>")


def _link(url: str, label: str) -> str:
    return f'<a href="{html.escape(url)}">{_escaped(label)}</a>'


class _Sentences(Markdown):
    """Markdown that knows of no more than bold and code."""

    def build_parser(self) -> Self:
        self.preprocessors = Registry()
        self.preprocessors.register(NormalizeWhitespace(self), "normalize_whitespace", 30)
        self.parser = BlockParser(self)
        self.parser.blockprocessors.register(ParagraphProcessor(self.parser), "paragraph", 10)
        self.inlinePatterns = Registry()
        self.inlinePatterns.register(BacktickInlineProcessor(BACKTICK_RE), "backtick", 190)
        self.inlinePatterns.register(SimpleTagInlineProcessor(r"(\*\*)(.+?)\*\*", "strong"), "strong", 60)
        self.treeprocessors = build_treeprocessors(self)
        self.postprocessors = build_postprocessors(self)
        return self
