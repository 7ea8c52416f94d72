"""What the running program counts, for Prometheus: `GET /metrics`. Nothing in it names a person or a branch."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from bots.kit.attempt import Outcome
from bridge.letters import Arrival
from kunveno.measuring import Measures

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
_SECOND: Final = timedelta(seconds=1)


class Metrics:
    """The metrics of one program. Counters begin at its start."""

    def __init__(self) -> None:
        self.registry: Final = CollectorRegistry()
        self.arrivals: Final = Counter(
            "kunveno_arrivals", "Arrivals handled, by kind.", ["kind"], registry=self.registry
        )
        self.commands: Final = Counter(
            "kunveno_commands",
            "Commands handled, by command and outcome (done, refused, failed). Confidential ones are not counted.",
            ["command", "outcome"],
            registry=self.registry,
        )
        self.command_seconds: Final = Histogram(
            "kunveno_command_seconds",
            "From the moment a command is taken up until its effects are committed.",
            registry=self.registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
        )
        self.set_aside: Final = Gauge(
            "kunveno_set_aside", "Arrivals that could not be handled and were set aside.", registry=self.registry
        )
        self.letters_waiting: Final = Gauge(
            "kunveno_letters_waiting", "Letters that wait for delivery.", registry=self.registry
        )
        self.letters_oldest: Final = Gauge(
            "kunveno_letters_oldest_seconds", "Age of the oldest letter that waits.", registry=self.registry
        )
        self.letters_dead: Final = Gauge(
            "kunveno_letters_dead", "Letters that could not be delivered.", registry=self.registry
        )
        self.letters_held: Final = Gauge(
            "kunveno_letters_held", "Letters that a restore set aside.", registry=self.registry
        )
        self.sync_age: Final = Gauge(
            "kunveno_sync_age_seconds", "Time since the homeserver last answered.", registry=self.registry
        )
        self.device_signed: Final = Gauge(
            "kunveno_device_signed", "1 while the bot's device is signed by its owner.", registry=self.registry
        )
        self.unreadable: Final = Gauge(
            "kunveno_unreadable", "Messages of the last week that could not be decrypted.", registry=self.registry
        )
        self.devices_unreachable: Final = Gauge(
            "kunveno_devices_unreachable",
            "Devices of members that could not be given a key in the last minutes.",
            registry=self.registry,
        )
        self.mirror_failed: Final = Gauge(
            "kunveno_mirror_failed_steps", "Steps of the mirror's last round that failed.", registry=self.registry
        )
        self.due_failed: Final = Counter(
            "kunveno_due_failed", "Work that fell due and failed; it is tried again.", registry=self.registry
        )

    def arrived(self, arrival: Arrival) -> None:
        """An arrival was handed over to the bots."""
        self.arrivals.labels(type(arrival).__name__.lower()).inc()

    def command(self, name: str, outcome: Outcome, seconds: float) -> None:
        """A command that is not confidential was handled."""
        self.commands.labels(name, outcome.value).inc()
        self.command_seconds.observe(seconds)

    def measured(
        self, measures: Measures, now: datetime, *, heard: datetime | None, signed: bool, unreachable: int
    ) -> None:
        """How things stand at the instant `now`; `heard` is when the homeserver last answered."""
        letters = measures.letters
        self.letters_waiting.set(letters.waiting)
        self.letters_dead.set(letters.dead)
        self.letters_held.set(letters.held)
        self.letters_oldest.set(0.0 if letters.oldest is None else (now - letters.oldest) / _SECOND)
        self.set_aside.set(measures.set_aside)
        self.unreadable.set(measures.unreadable)
        self.sync_age.set(float("nan") if heard is None else (now - heard) / _SECOND)
        self.device_signed.set(signed)
        self.devices_unreachable.set(unreachable)

    def page(self) -> bytes:
        """All of them in Prometheus's text format."""
        return generate_latest(self.registry)
