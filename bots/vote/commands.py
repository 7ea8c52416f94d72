"""`!vote` and what belongs to it, as data."""

from __future__ import annotations

import re
from typing import Final

from bots.kit.command import Command
from bots.vote import closing, consulting, directly, opening, proxying, recording, reminding, showing, voters
from ground.texts import text

_A_VOTE: Final = re.compile(r"v?\d+")
_NOTHING: Final = re.compile(r"(?!)")

COMMANDS: Final = (
    Command(
        name="vote",
        run=opening.vote,
        admits=directly.admitted,
        summary=text("Ask the members something, or vote."),
        aliases={"fr": ("voter",)},
        examples={
            "en": "vote Shall we join the strike? --closes friday 18:00",
            "fr": "voter Participons-nous à la grève ? --clôture vendredi 18h",
        },
        details=text(
            "Choices are lines that begin with a dash; without any they are for, against and abstain. With the number "
            "of a vote you vote in it. In a confidential vote other members and officers will not see who chose what; "
            "whoever runs the server could."
        ),
    ),
    Command(
        name="vote list",
        takes=_NOTHING,
        run=showing.listed,
        summary=text("The votes of the branch."),
        aliases={"fr": ("voter liste", "votes")},
        examples={"en": "vote list", "fr": "voter liste"},
    ),
    Command(
        name="vote show",
        takes=_A_VOTE,
        run=showing.show,
        summary=text("What a vote is about, and its rules."),
        aliases={"fr": ("voter voir",)},
        examples={"en": "vote show V12", "fr": "voter voir V12"},
    ),
    Command(
        name="vote result",
        takes=_A_VOTE,
        run=showing.told,
        summary=text("The result of a vote."),
        aliases={"en": ("result",), "fr": ("voter résultat", "résultat")},
        examples={"en": "vote result V12", "fr": "voter résultat V12"},
    ),
    Command(
        name="vote record",
        takes=_A_VOTE,
        run=recording.record,
        summary=text("The record of a vote, as a file that anybody can check."),
        aliases={"fr": ("voter procès-verbal", "voter pv")},
        examples={"en": "vote record V12", "fr": "voter procès-verbal V12"},
    ),
    Command(
        name="vote who",
        takes=_A_VOTE,
        run=showing.turnout,
        summary=text("How many voted, and in public votes who, once they are closed."),
        aliases={"fr": ("voter qui",)},
        examples={"en": "vote who V12", "fr": "voter qui V12"},
    ),
    Command(
        name="vote close",
        takes=_A_VOTE,
        run=closing.close,
        summary=text("Close a vote before its time."),
        aliases={"fr": ("voter clôturer", "voter clore")},
        examples={"en": "vote close V12", "fr": "voter clôturer V12"},
        right="vote.close",
        anywhere=True,
    ),
    Command(
        name="vote extend",
        takes=_A_VOTE,
        run=closing.extend,
        summary=text("Give people more time to vote."),
        aliases={"fr": ("voter prolonger",)},
        examples={"en": "vote extend V12 sunday 20:00", "fr": "voter prolonger V12 dimanche 20h"},
        right="vote.extend",
        anywhere=True,
    ),
    Command(
        name="vote cancel",
        takes=_A_VOTE,
        run=closing.cancel,
        summary=text("Cancel a vote, with the reason."),
        aliases={"fr": ("voter annuler",)},
        examples={
            "en": "vote cancel V12 The question was not clear.",
            "fr": "voter annuler V12 La question n'était pas claire.",
        },
        right="vote.cancel",
        anywhere=True,
    ),
    Command(
        name="vote remind",
        takes=_A_VOTE,
        run=reminding.remind,
        summary=text("Remind those who have not voted, privately and once."),
        aliases={"fr": ("voter rappeler",)},
        examples={"en": "vote remind V12", "fr": "voter rappeler V12"},
        right="vote.remind",
        anywhere=True,
    ),
    Command(
        name="vote roll",
        takes=_A_VOTE,
        run=voters.on_roll,
        summary=text("Who is on the electoral roll of a vote."),
        aliases={"fr": ("voter inscrits",)},
        examples={"en": "vote roll V12", "fr": "voter inscrits V12"},
        right="vote.roll",
        anywhere=True,
    ),
    Command(
        name="proxy give",
        run=proxying.give,
        summary=text("Let somebody vote for you."),
        aliases={"fr": ("procuration donner",)},
        examples={"en": "proxy give @jeanne for V12", "fr": "procuration donner @jeanne pour V12"},
    ),
    Command(
        name="proxy end",
        run=proxying.end,
        summary=text("Take your proxy back."),
        aliases={"fr": ("procuration retirer",)},
        examples={"en": "proxy end for V12", "fr": "procuration retirer pour V12"},
    ),
    Command(
        name="proxy list",
        run=proxying.listed,
        summary=text("The proxies that you gave and hold."),
        aliases={"fr": ("procuration liste", "procurations")},
        examples={"en": "proxy list", "fr": "procuration liste"},
    ),
    Command(
        name="reminders",
        run=reminding.switch,
        summary=text("Whether I remind you of votes in which you have not voted."),
        aliases={"fr": ("rappels",)},
        examples={"en": "reminders off", "fr": "rappels non"},
    ),
    Command(
        name="decisions",
        run=consulting.listed,
        summary=text("What a branch decided: all, or what has certain words."),
        aliases={"fr": ("décisions",)},
        examples={"en": "decisions rhone strike", "fr": "décisions rhone grève"},
        details=text(
            "Capitals and accents do not matter; all words have to occur. To look for a word that is also the name of "
            "a branch, write the branch before it."
        ),
    ),
    Command(
        name="decisions export",
        run=consulting.export,
        summary=text("The same as files, sent to you privately."),
        aliases={"fr": ("décisions exporter", "décisions export")},
        examples={"en": "decisions export rhone --below", "fr": "décisions exporter rhone --dessous"},
    ),
)
