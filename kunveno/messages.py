"""The catalogues of translations, kept up to date with the sentences in the code: `python -m kunveno.messages`.

A sentence is marked by being written as `text("…")` or `counted("…", "…", number)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).resolve().parent.parent
LOCALE: Final = Path(__file__).parent / "locale"

_FLOORS: Final = ("ground", "party", "bridge", "bots", "kunveno")
_MARKS: Final = "from ground.texts import"
_KEYWORDS: Final[Mapping[str, tuple[int, ...]]] = {"text": (1,), "counted": (1, 2)}


def extract() -> Catalog:
    """Every sentence marked in the code, with the files where it stands."""
    catalog = Catalog(project="Kunveno", charset="utf-8")
    for floor in _FLOORS:
        found = extract_from_dir(ROOT / floor, method_map=[("**.py", "python")], keywords=_KEYWORDS)
        for file, _line, message, comments, _context in found:
            if _MARKS not in (ROOT / floor / file).read_text(encoding="utf-8"):
                continue  # another text(…), such as SQLAlchemy's
            catalog.add(message, locations=[(f"{floor}/{file}", 0)], auto_comments=comments)
    return catalog


def update(path: Path, sentences: Catalog) -> None:
    """Add to a catalogue what is new in the code, left empty, and take away what is gone from it."""
    with path.open("rb") as file:
        catalog = read_po(file, locale=path.parent.parent.name)
    catalog.update(sentences, no_fuzzy_matching=True, update_creation_date=False)
    with path.open("wb") as file:
        write_po(file, catalog, width=120, ignore_obsolete=True, include_lineno=False, sort_by_file=True)


def main() -> None:
    """Update all catalogues."""
    sentences = extract()
    for path in sorted(LOCALE.glob("*/LC_MESSAGES/kunveno.po")):
        update(path, sentences)


if __name__ == "__main__":
    main()
