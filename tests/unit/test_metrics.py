"""Every metric is described for administrators, and fed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bots.kit.attempt import Outcome
from bridge.letters import Applied, Receipt
from bridge.letters.outbox import Counts
from kunveno.measuring import Measures
from kunveno.metrics import Metrics

PAGE = Path(__file__).resolve().parents[2] / "docs" / "admins" / "operations.md"
ROW = re.compile(r"^\| `(kunveno_[a-z_]+)` \| (counter|gauge|histogram) \| ([^|]*) \| ([^|]+) \|$", re.M)
NOW = datetime(2026, 11, 25, 14, tzinfo=UTC)


def test_every_metric_is_described_and_no_other() -> None:
    described = {
        name: (kind, labels.strip(), what.strip()) for name, kind, labels, what in ROW.findall(PAGE.read_text("utf-8"))
    }
    metrics = Metrics()
    labels = {"kunveno_arrivals": "`kind`", "kunveno_commands": "`command`, `outcome`"}
    assert described == {
        family.name + ("_total" if family.type == "counter" else ""): (
            family.type, labels.get(family.name, ""), family.documentation,
        )
        for family in metrics.registry.collect()
    }  # fmt: skip


def test_what_is_counted() -> None:
    metrics = Metrics()
    metrics.arrived(Applied(number=1, at=NOW))
    metrics.arrived(Receipt(id="1", letter="2", owner="3", outcome="delivered"))
    metrics.command("branch create", Outcome.DONE, 0.02)
    metrics.command("branch create", Outcome.REFUSED, 0.2)
    page = metrics.page().decode()
    for line in (
        'kunveno_arrivals_total{kind="applied"} 1.0',
        'kunveno_arrivals_total{kind="receipt"} 1.0',
        'kunveno_commands_total{command="branch create",outcome="done"} 1.0',
        'kunveno_commands_total{command="branch create",outcome="refused"} 1.0',
        'kunveno_command_seconds_bucket{le="0.025"} 1.0',
        "kunveno_command_seconds_count 2.0",
    ):
        assert line in page


def test_what_is_measured() -> None:
    metrics = Metrics()
    letters = Counts(waiting=4, oldest=NOW - timedelta(seconds=90), held=3, dead=2)
    metrics.measured(
        Measures(letters, set_aside=5, unreadable=6), NOW, heard=NOW - timedelta(seconds=7), signed=True, unreachable=8
    )
    page = metrics.page().decode().splitlines()
    for line in (
        "kunveno_letters_waiting 4.0",
        "kunveno_letters_oldest_seconds 90.0",
        "kunveno_letters_held 3.0",
        "kunveno_letters_dead 2.0",
        "kunveno_set_aside 5.0",
        "kunveno_unreadable 6.0",
        "kunveno_sync_age_seconds 7.0",
        "kunveno_device_signed 1.0",
        "kunveno_devices_unreachable 8.0",
    ):
        assert line in page


def test_before_the_homeserver_answered_its_age_is_no_number() -> None:
    metrics = Metrics()
    none = Measures(Counts(0, None, 0, 0), set_aside=0, unreadable=0)
    metrics.measured(none, NOW, heard=None, signed=False, unreachable=0)
    page = metrics.page().decode().splitlines()
    assert "kunveno_sync_age_seconds NaN" in page
    assert "kunveno_letters_oldest_seconds 0.0" in page
