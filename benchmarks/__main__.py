"""`python -m benchmarks [NAME]`: a table and one line of JSON for each.

Status 1 when one misses its floor, 2 when there is none of that name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks import ballots, burst, cascade, command, memory, mirror, noop, plan, start, tally
from benchmarks.result import Result

BENCHMARKS: Final[Mapping[str, Callable[[], Result]]] = {
    "mirror": mirror.run,
    "plan": plan.run,
    "noop": noop.run,
    "command": command.run,
    "burst": burst.run,
    "start": start.run,
    "memory": memory.run,
    "tally": tally.run,
    "cascade": cascade.run,
    "ballots": ballots.run,
}


def main(arguments: Sequence[str], benchmarks: Mapping[str, Callable[[], Result]] = BENCHMARKS) -> int:
    """Run all, or those that are named; returns the status to leave with."""
    if unknown := [name for name in arguments if name not in benchmarks]:
        known = ", ".join(benchmarks)
        print(f"There is no benchmark '{unknown[0]}'. There are: {known}.", file=sys.stderr)
        return 2
    console = Console()
    ok = True
    for name in arguments or benchmarks:
        with Console(stderr=True).status(f"{name} …"):
            result = benchmarks[name]()
        console.print(table(result))
        print(result.line(), flush=True)
        ok = ok and result.ok
    return 0 if ok else 1


def table(result: Result) -> Table:
    """What people read."""
    head, *rows = result.rows
    shown = Table(title=f"{result.bench}: {'good' if result.ok else 'misses its floor'}", title_justify="left")
    for number, column in enumerate(head):
        shown.add_column(column, justify="right" if number else "left")
    for row in rows:
        shown.add_row(*row)
    return shown


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
