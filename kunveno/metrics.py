"""What the running program counts, for Prometheus: `GET /metrics`. Nothing in it names a person or a branch."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4


class Metrics:
    """The metrics of one program. Counters begin at its start."""

    def __init__(self) -> None:
        self.registry: Final = CollectorRegistry()
        self.arrivals: Final = Counter(
            "kunveno_arrivals", "Arrivals handled, by kind.", ["kind"], registry=self.registry
        )
        self.commands: Final = Counter(
            "kunveno_commands",
            "Commands handled, by command and outcome (done, refused, failed). What is confidential is not counted.",
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
        self.sync_age: Final = Gauge(
            "kunveno_sync_age_seconds", "Time since the homeserver last answered.", registry=self.registry
        )
        self.device_signed: Final = Gauge(
            "kunveno_device_signed", "1 while the bot's device is signed by its owner.", registry=self.registry
        )
        self.mirror_failed: Final = Gauge(
            "kunveno_mirror_failed_steps", "Steps of the mirror's last round that failed.", registry=self.registry
        )
        self.due_failed: Final = Counter(
            "kunveno_due_failed", "Work that fell due and failed; it is tried again.", registry=self.registry
        )

    def page(self) -> bytes:
        """All of them in Prometheus's text format."""
        return generate_latest(self.registry)
