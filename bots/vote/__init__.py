"""Votes: from a show of hands to an assembly of branches."""

from __future__ import annotations

from dataclasses import replace

from bots.kit.bot import Bot
from bots.vote import (
    answering,
    closing,
    commands,
    consulting,
    directly,
    holding,
    opening,
    overview,
    polls,
    presiding,
    proxying,
    recording,
    reminding,
    spreading,
)
from bots.vote.settings import SETTINGS, Settings
from bridge.letters import Joined, PollEnd, PollResponse, Reaction, Redaction

BOT = Bot(
    name="vote",
    commands=commands.COMMANDS,
    answers={
        opening.CONFIRMED: opening.confirmed,
        proxying.ANSWERED: proxying.answered,
        presiding.DECIDED: presiding.decided,
    },
    due={
        holding.CLOSE: closing.fell_due,
        opening.DROP: opening.forget_draft,
        closing.COUNT: closing.count_due,
        spreading.SPREAD: spreading.go_on,
        overview.LOOK: overview.look,
        reminding.REMIND: reminding.fell_due,
        reminding.GO_ON: reminding.go_on,
        consulting.ERASE: consulting.erase,
        presiding.LAPSE: presiding.not_decided,
        recording.RECORD: recording.fell_due,
    },
    gathers={PollResponse: polls.responded},
    listens={
        Joined: (directly.opened,),
        PollEnd: (polls.ended,),
        Reaction: (answering.tapped,),
        Redaction: (polls.removed,),
    },
    heeds=((answering.may_be_one, answering.written),),
    tables=(
        "votes",
        "vote_events",
        "vote_letters",
        "vote_places",
        "vote_roll",
        "vote_turned_away",
        "vote_unreminded",
        "vote_proxies",
        "vote_casts",
        "vote_counts",
        "vote_turnout",
    ),
)


def bot(settings: Settings) -> Bot:
    """The bot with a policy of votes and a box for confidential ballots."""
    return replace(BOT, hooks=(SETTINGS.by(lambda: settings),))
