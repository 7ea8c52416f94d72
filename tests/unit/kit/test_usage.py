"""What is said about commands: what is wrong with a line, and how it is written."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import pytest

from bots.kit.command import Argument, Command, Moment, Option, Where
from bots.kit.usage import help_of, list_of, usage_line, wrong_place
from ground.texts import text
from party.branches import Branch
from tests.support.typed import answered, said


async def vote(
    request: object,
    question: Annotated[
        str,
        Argument(
            what=text("the question"), example={"en": "Shall we strike?", "fr": "Faisons-nous grève ?"}, rest=True
        ),
    ],
    *,
    closes: Annotated[
        Moment | None, Option(names={"en": ("closes",), "fr": ("clôture",)}, what=text("when the vote ends"))
    ] = None,
    majority: Annotated[Fraction | None, Option(names={"en": ("majority",)}, what=text("the majority"))] = None,
    confidential: Annotated[bool, Option(names={"en": ("confidential",)}, what=text("names stay hidden"))] = False,
) -> None: ...


async def add(
    request: object,
    title: Annotated[str, Argument(what=text("the title"), rest=True)],
    when: Annotated[Moment, Argument(what=text("when it is"))],
) -> None: ...


async def rename(
    request: object,
    branch: Annotated[Branch, Argument(what=text("the branch"))],
    name: Annotated[str, Argument(what=text("the new name"), rest=True, missing=text("A branch needs a name. Try:"))],
) -> None: ...


async def move(
    request: object,
    branch: Annotated[Branch | None, Argument(what=text("the branch"))] = None,
    *,
    to: Annotated[Branch, Option(names={"en": ("to",), "fr": ("vers",)}, what=text("its new parent"))],
) -> None: ...


async def nothing(request: object) -> None: ...


async def choose(request: object, choices: Annotated[list[str], Argument(what=text("the choices"))]) -> None: ...


VOTE = Command(
    name="vote",
    aliases={"fr": ("voter", "scrutin")},
    run=vote,
    summary=text("open a vote"),
    examples={"en": "vote Shall we take part in the strike?", "fr": "voter Participons-nous à la grève ?"},
    where=frozenset({Where.BRANCH}),
)
COMMANDS = [
    VOTE,
    Command(name="agenda add", aliases={"fr": ("agenda ajouter",)}, run=add, summary=text("put on the agenda")),
    Command(name="branch", aliases={"fr": ("branche",)}, run=nothing, summary=text("where you are")),
    Command(name="branch rename", run=rename, summary=text("give another name")),
    Command(name="branch move", run=move, summary=text("put elsewhere")),
    Command(name="choose", run=choose, summary=text("choose")),
]


@pytest.mark.parametrize(
    ("typed", "language", "answer"),
    [
        # Options that are nearly right.
        (
            "!vote Budget --close vendredi",
            "en",
            "I know `--closes`, not `--close`. Try:\n!vote Budget --closes vendredi",
        ),
        (
            "!voter Budget —cloture2=vendredi\n- Oui",
            "fr",
            "I know `--clôture`, not `--cloture2`. Try:\n!voter Budget --clôture=vendredi\n- Oui",
        ),
        (
            "!vote Budget --banana x",
            "en",
            "There is no option `--banana` here, only: --closes, --majority, --confidential",
        ),
        ("!agenda add --x Budget friday", "en", "There is no option `--x` here. Try:\n!agenda add Budget friday"),
        (
            "!vote Budget --closes friday --closes sunday",
            "en",
            "`--closes` stands there twice.",
        ),
        # What is missing.
        ("!vote", "en", "What is missing: the question. For example:\n!vote Shall we take part in the strike?"),
        ("!voter", "fr", "What is missing: the question. For example:\n!voter Participons-nous à la grève ?"),
        (
            "!vote --majority 2/3",
            "en",
            "What is missing: the question. For example:\n!vote Shall we strike? --majority 2/3",
        ),
        (
            "!vote Budget --closes",
            "en",
            "What is missing after `--closes`: when the vote ends. For example:\n!vote Budget --closes tomorrow 18:00",
        ),
        ("!vote Budget\nclôture :", "fr", "What is missing after `clôture`: when the vote ends."),
        (
            "!agenda ajouter Réunion",
            "fr",
            "What is missing: when it is. For example:\n!agenda ajouter Réunion demain 18h",
        ),
        ("!branch rename Loire", "en", "A branch needs a name. Try:\n!branch rename Loire …"),
        ("!branch rename", "en", "What is missing: the branch. For example:\n!branch rename lyon …"),
        ("!branch move Loire", "en", "What is missing: its new parent. For example:\n!branch move Loire --to lyon"),
        ("!choose", "en", "What is missing: the choices. For example:\n!choose\n- Yes\n- No"),
        # What is wrong.
        (
            "!agenda add réunion 31 février 19h",
            "fr",
            "Février 2027 has no 31. Did you mean 28 février 2027 à 19:00?\n"
            "!agenda add réunion dimanche 28 février 2027 à 19:00",
        ),
        (
            "!vote Budget --closes tuesday 24/11/2026 --confidential",
            "en",
            "Tuesday 24 November 2026 has passed. Did you mean Wednesday 24 November 2027?\n"
            "!vote Budget --closes Wednesday 24 November 2027 --confidential",
        ),
        (
            "!vote Budget --closes vendredi 18h75",
            "en",
            "No clock shows 18:75. Did you mean 27 November 2026, 18:59?\n"
            "!vote Budget --closes Friday 27 November 2026, 18:59",
        ),
        (
            "!vote Budget --closes whenever",
            "en",
            "I do not read 'whenever' as a date. Write for example: tomorrow 18:00",
        ),
        (
            "!vote Budget --closes vendredi 18h Loire",
            "en",
            "I do not read 'vendredi 18h Loire' as a date. Write for example: tomorrow 18:00",
        ),
        ("!vote --majority lots Budget", "en", "I do not read 'lots' as a share. Write for example: 2/3, or 50 %"),
        (
            "!vote Budget\nclosing: x\ncloses: whenever",
            "en",
            "I do not read 'whenever' as a date. Write for example: tomorrow 18:00",
        ),
        (
            "!branch rename Loir-e Forez",
            "en",
            "I know no branch 'Loir-e'. Did you mean Loire?\n!branch rename Loire Forez",
        ),
        # What is too much, and names that are nearly right.
        ("!branch Lyon now", "en", "I do not know what to do with 'Lyon now'. Try:\n!branch"),
        (
            "!branch renam Loire Forez",
            "en",
            "I do not know `branch renam`. Did you mean this?\n!branch rename Loire Forez",
        ),
        ("!vot Budget", "en", "I do not know `vot`. Did you mean this?\n!vote Budget"),
        ("!agenda", "en", "These begin with `agenda`: !agenda add"),
        ("!xyz", "en", "I do not know `xyz`. What I can do here: !help"),
    ],
)
async def test_what_is_wrong_is_said_with_a_line_that_is_right(typed: str, language: str, answer: str) -> None:
    assert await answered(COMMANDS, typed, language=language) == answer


async def test_a_line_to_try_is_one_that_works() -> None:
    """What is proposed for a slip is understood, apart from examples of what only the person knows."""
    for typed in (
        "!vote Budget --close vendredi",
        "!vote",
        "!vote Budget --closes",
        "!agenda add réunion 31 février 19h",
        "!agenda add réunion",
        "!vote Budget --closes vendredi 18h75",
        "!branch rename Loir-e Forez",
        "!branch Lyon now",
        "!vot Budget",
        "!choose",
    ):
        proposed = (await answered(COMMANDS, typed)).split("\n", 1)[1]
        with pytest.raises(AssertionError, match="nothing is wrong"):
            await answered(COMMANDS, proposed)


async def elect(
    request: object,
    question: Annotated[str, Argument(what=text("the question"), rest=True)],
    *,
    by: Annotated[str, Option(names={"en": ("by",)}, what=text("who asks"))],
    closes: Annotated[Moment | None, Option(names={"en": ("closes",)}, what=text("when the vote ends"))] = None,
    seats: Annotated[int | None, Option(names={"en": ("seats",)}, what=text("how many"))] = None,
    majority: Annotated[Fraction | None, Option(names={"en": ("majority",)}, what=text("the majority"))] = None,
    confidential: Annotated[bool, Option(names={"en": ("confidential",)}, what=text("names stay hidden"))] = False,
) -> None: ...


def test_many_options_are_only_listed_under_the_usage_line() -> None:
    command = Command(name="elect", run=elect, summary=text("Elect."), where=frozenset({Where.BRANCH}))
    lines = said(help_of(command, "en"))
    assert lines.splitlines()[1] == "!elect <the question> --by <who asks> [options]"
    assert "• `--seats`: how many" in lines


def test_usage_lines() -> None:
    lines = [said([usage_line(command, language)], language) for command in COMMANDS for language in ("en", "fr")]
    assert (
        lines[0] == "!vote <the question> [--closes <when the vote ends>] [--majority <the majority>] [--confidential]"
    )
    assert lines[1] == (
        "!voter <the question> [--clôture <when the vote ends>] [--majority <the majority>] [--confidential]"
    )
    assert lines[-4:] == [
        "!branch move [<the branch>] --to <its new parent>",
        "!branch move [<the branch>] --vers <its new parent>",
        "!choose <the choices> …",
        "!choose <the choices> …",
    ]


def test_the_help_of_one_command() -> None:
    assert said(help_of(VOTE, "fr"), "fr", prefix="").split("\n") == [
        "open a vote",
        "voter <the question> [--clôture <when the vote ends>] [--majority <the majority>] [--confidential]",
        "• `--clôture`: when the vote ends",
        "• `--majority`: the majority",
        "• `--confidential`: names stay hidden",
        "For example: voter Participons-nous à la grève ?",
        "Also understood: vote, scrutin",
        "For the rooms of a branch.",
    ]


def test_the_list_of_commands() -> None:
    assert said(list_of([COMMANDS[:2], [], COMMANDS[2:3]], "fr", help_name="aide"), "fr").split("\n") == [
        "• !voter: open a vote",
        "• !agenda ajouter: put on the agenda",
        "",
        "• !branche: where you are",
        "",
        "More about one of them: !aide voter",
    ]
    assert list_of([[]], "fr") == []


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ({Where.DIRECT}, "That is between us: write vote to me privately."),
        ({Where.BRANCH}, "That works in the rooms of a branch: write !vote there."),
        ({Where.COMMITTEE, Where.DIRECT}, "That works in the rooms of officers: write !vote there."),
    ],
)
def test_the_wrong_place_is_answered_with_the_right_one(where: set[Where], sentence: str) -> None:
    command = Command(name="vote", run=nothing, summary=text("vote"), where=frozenset(where))
    assert said(wrong_place(command, "en")) == sentence
