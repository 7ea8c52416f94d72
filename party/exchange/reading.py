"""Files into rows. What cannot be read is a bad row; reading goes on behind it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from ground.texts import Text, text
from ground.yaml_lines import YamlFaults, read
from party.exchange.forms import FORMS, BadRow, Cell, Form, Kind, Row

_SEPARATORS: Final = ",;\t"
_YAML: Final = {".yaml", ".yml"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read."""

    rows: list[Row] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)

    def of(self, kind: Kind) -> list[Row]:
        """The rows of one kind, in the order of the files."""
        return [row for row in self.rows if row.kind == kind]


def read_files(paths: Iterable[Path]) -> Reading:
    """The rows of all files; of a folder, those of its CSV and YAML files. Raises OSError for what cannot be opened."""
    reading = Reading()
    for path in paths:
        files = (
            sorted(child for child in path.iterdir() if child.suffix in {".csv", *_YAML}) if path.is_dir() else [path]
        )
        for file in files:
            found = _read_yaml(file) if file.suffix.lower() in _YAML else _read_csv(file)
            for one in found:
                (reading.rows if isinstance(one, Row) else reading.bad).append(one)  # type: ignore[arg-type]
    return reading


def _read_text(file: Path) -> str | BadRow:
    content = file.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return BadRow(str(file), line, text("This is not written in UTF-8; save the file as UTF-8."))


def _read_csv(file: Path) -> Iterator[Row | BadRow]:
    content = _read_text(file)
    if isinstance(content, BadRow):
        yield content
        return
    first = content.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    lines = csv.reader(io.StringIO(content, newline=""), delimiter=separator, strict=True)
    columns = [column.strip().lower() for column in next(lines, [])]
    form = _form(columns)
    if isinstance(form, Text):
        yield BadRow(str(file), 1, form)
        return
    while True:
        line = lines.line_num + 1
        try:
            cells = next(lines, None)
        except csv.Error as error:
            yield BadRow(str(file), line, text("This is no CSV ({reason}).", reason=str(error)))
            continue
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield _csv_row(form, str(file), line, columns, cells)


def _csv_row(form: Form, file: str, line: int, columns: Sequence[str], cells: Sequence[str]) -> Row | BadRow:
    if len(cells) < len(columns) or any(cell.strip() for cell in cells[len(columns) :]):
        message = text("This row has {count} cells instead of {columns}.", count=len(cells), columns=len(columns))
        return BadRow(file, line, message)
    return Row(
        form.kind,
        file,
        line,
        {column: _cell(form, column, cell) for column, cell in zip(columns, cells, strict=False) if column},
    )


def _form(columns: Sequence[str]) -> Form | Text:
    """The form with these columns, or what is wrong with them."""
    named = [column for column in columns if column]
    fitting = [form for form in FORMS.values() if set(form.required) <= set(named)]
    if not fitting:
        known = "; ".join(f"{form.kind}: {', '.join(form.required)}" for form in FORMS.values())
        return text("The first line has to name the columns. Those that are needed: {columns}.", columns=known)
    form = max(fitting, key=lambda form: len(set(form.columns) & set(named)))
    return _strange(form, named) or form


def _strange(form: Form, columns: Sequence[str]) -> Text | None:
    for column in columns:
        if column not in form.columns:
            near = get_close_matches(column, form.columns, n=1) or form.columns
            return text("There is no column '{column}' in {kind}; there is {known}.",
                        column=column, kind=form.kind, known=", ".join(near))  # fmt: skip
        if columns.count(column) > 1:
            return text("The column '{column}' stands twice.", column=column)
    return None


def _cell(form: Form, column: str, cell: str) -> Cell:
    if column in form.lists:
        return tuple(cell.split())
    return cell.strip() or None


def _read_yaml(file: Path) -> Iterator[Row | BadRow]:
    content = _read_text(file)
    if isinstance(content, BadRow):
        yield content
        return
    try:
        document = read(content, as_text=True)
    except YamlFaults as faults:
        for fault in faults.faults:
            yield BadRow(str(file), fault.line, text("This is no YAML that can be read: {reason}.", reason=fault.what))
        return
    if not isinstance(document.data, dict):
        yield BadRow(str(file), 1, text("Write lists under the keys {kinds}.", kinds=", ".join(FORMS)))
        return
    for kind, rows in document.data.items():
        form = FORMS.get(kind)
        if form is None or not isinstance(rows, list | None):
            message = text("Write lists under the keys {kinds}.", kinds=", ".join(FORMS))
            yield BadRow(str(file), document.line((kind,)), message)
            continue
        for position, row in enumerate(rows or ()):
            yield _yaml_row(form, str(file), document.line((kind, position)), row)


def _yaml_row(form: Form, file: str, line: int, row: object) -> Row | BadRow:
    if not isinstance(row, Mapping):
        return BadRow(file, line, text("Write keys here: {keys}.", keys=", ".join(form.required)))
    if strange := _strange(form, list(row)):
        return BadRow(file, line, strange)
    if missing := [key for key in form.required if key not in row]:
        return BadRow(file, line, text("The key '{key}' is missing.", key=missing[0]))
    cells: dict[str, Cell] = {}
    for key, value in row.items():
        if isinstance(value, list) and key in form.lists and all(isinstance(one, str) for one in value):
            cells[key] = tuple(value)
        elif value is None or isinstance(value, str):
            cells[key] = _cell(form, key, value or "")
        else:
            return BadRow(file, line, text("The key '{key}' wants one text.", key=key))
    return Row(form.kind, file, line, cells)
