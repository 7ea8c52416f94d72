"""A new installation: the questions that make a configuration, and the files that they lead to."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bridge.matrix.registration import write_registration
from ground.yaml_lines import KeyPath
from kunveno import config_problems, template
from kunveno.config import Config, ConfigError, parse

Answers = Mapping[str, str]
"""By the keys of the questions."""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to be known. `default` may look at the answers before; an empty one means that there is none."""

    key: str
    text: str
    path: KeyPath
    default: Callable[[Answers], str] = lambda _answers: ""
    choices: tuple[str, ...] = ()


def _system_zone(_answers: Answers) -> str:
    named = os.environ.get("TZ", "").removeprefix(":")
    link = os.path.realpath("/etc/localtime")
    return named or (link.partition("/zoneinfo/")[2] or "Europe/Paris").removeprefix("Etc/")


QUESTIONS: Final = (
    Question("name", "What is the organisation called?", ("organisation", "name")),
    Question("language", "Which language does it use?", ("organisation", "language"), lambda _: "en"),
    Question("timezone", "Which time zone is it in?", ("organisation", "timezone"), _system_zone),
    Question("server_name", "What is the homeserver's name, behind the colon?", ("homeserver", "server_name")),
    Question(
        "url",
        "Where does the homeserver answer?",
        ("homeserver", "url"),
        lambda answers: f"https://matrix.{answers['server_name']}",
    ),
    Question(
        "account",
        "Is Kunveno an application service there, or an ordinary account?",
        ("homeserver", "account"),
        lambda _: "application_service",
        ("application_service", "account"),
    ),
    Question("administrator", "Which Matrix account may do everything?", ("organisation", "administrators")),
    Question("database", "Where is the register kept?", ("database", "url"), lambda _: "sqlite:///kunveno.db"),
)


def text_of(answers: Answers) -> str:
    """The text of the configuration that the answers lead to; what was not answered is as in the example."""
    values: dict[KeyPath, template.Value] = {
        question.path: answers[question.key] for question in QUESTIONS if question.key in answers
    }
    if "administrator" in answers:
        values["organisation", "administrators"] = (answers["administrator"],)
    if "server_name" in answers:
        values["homeserver", "user_id"] = f"@kunveno:{answers['server_name']}"
    if answers.get("account") == "account":
        values["homeserver", "password_file"] = "password"
    return template.fill(template.example(), values)


def fault(answers: Answers, question: Question, path: Path) -> str | None:
    """What is wrong with the answer to a question; None when it will do."""
    if not answers[question.key]:
        return "an answer is needed"
    try:
        parse(text_of(answers), path)
    except ConfigError as error:
        mine = config_problems.dotted(question.path)
        return next((problem.what for problem in error.problems if problem.key.startswith(mine)), None)
    return None


def faults(given: Mapping[str, str | None], path: Path) -> list[tuple[Question, str]]:
    """All that is wrong with what was given, where nothing will be asked and the rest is by default."""
    answers: dict[str, str] = {}
    found = []
    for question in QUESTIONS:
        answer = given[question.key]
        asked = {
            **answers,
            question.key: question.default({"server_name": "", **answers}) if answer is None else answer,
        }
        if what := fault(asked, question, path):
            found.append((question, what))
        else:
            answers = asked
    return found


def refuse_to_overwrite(path: Path) -> None:
    """Raises FileExistsError when there is an installation at `path` already."""
    for file in (path, path.with_name("registration.yaml")):
        if file.exists():
            raise FileExistsError(17, "is there already, and is not written over", str(file))


def write(path: Path, answers: Answers) -> Config:
    """Write the configuration to `path` and the registration beside it, both new. Raises ConfigError and OSError."""
    text = text_of(answers)
    config = parse(text, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    template.save(path, text)
    homeserver = config.homeserver
    if homeserver.account == "application_service":
        localpart = homeserver.user_id.partition(":")[0].removeprefix("@")
        write_registration(homeserver.registration, server_name=homeserver.server_name, bot_localpart=localpart)
    return config
