"""Records of votes: whoever has the file can count again, and sees where it was changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bots.vote import assembly, declared, merkle, result
from bots.vote.apportion import Apportionment
from bots.vote.assembly import By
from bots.vote.counting.outcome import Method
from bots.vote.counting.ties import TieRule
from bots.vote.electorate import Electorate
from bots.vote.majorities import SIMPLE, Majority, Quorum
from bots.vote.plan import Plan
from bots.vote.record import canonical, signing
from bots.vote.record.document import Entered, Event, Held, Paper, Part, document
from bots.vote.record.signing import Signer
from bots.vote.record.verify import Report, schema, verify

SIGNER: Final = Signer(b"k" * 32)
AT: Final = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
NAMES: Final = ("Ada", "Grace Émilie", "Emmy\u2028«N»", "Ό Ήρων", "Ида")
MOTION: Final = Plan(
    options=("Oui", "Non", "Abstention"),
    majority=Majority(Fraction(2, 3), more=False),
    quorum=Quorum(Fraction(1, 2)),
)


def held(plan: Plan, ballots: list[str], *, size: int = 8, confidential: bool = False) -> Held:
    """A vote of one branch; its first ballot was entered before a witness, its second given by proxy."""
    leaves = [merkle.leaf(bytes([number])) for number in range(size)]
    if confidential:
        papers = [Paper(branch="lyon", choice=kept, alike=ballots.count(kept)) for kept in sorted(set(ballots))]
    else:
        papers = [
            Paper(
                branch="lyon",
                choice=kept,
                position=line,
                name=NAMES[line % len(NAMES)],
                holder="Ada" if line == 1 else None,
                entered=Entered("Anna", "Paul") if line == 0 else None,
            )
            for line, kept in enumerate(ballots)
        ]
    counts = {kept: ballots.count(kept) for kept in ballots}
    proxies = 0 if confidential else min(1, len(ballots[1:2]))
    count = result.settle(plan, counts, voted=len(ballots), roll=size, weight=size, proxies=proxies)
    root = merkle.root(leaves).hex()
    return Held(
        vote="V12",
        branch="lyon",
        names={"lyon": "Lyon", "brest": "Brest"},
        language="fr",
        question="Participons-nous à la grève\ndu 5 ?",
        plan=plan,
        confidential=confidential,
        change=True,
        electorate=Electorate(),
        opened=AT,
        closed=AT,
        parts=[
            Part(
                branch="lyon", size=size, weight=size, root=root, leaves=[leaf.hex() for leaf in leaves],
                voted=len(ballots),
            )
        ],
        events=[Event(kind="opened", at=AT), Event(kind="extended", at=AT, more={"from": AT, "to": AT})],
        papers=papers,
        count=count,
        said=["Adopté : 4 Oui, 1 Non."],
    )  # fmt: skip


def signed(vote: Held, signer: Signer = SIGNER) -> bytes:
    return signer.signed(document(vote))


def resigned(content: bytes, **changed: Any) -> bytes:
    """What somebody with the organisation's own key would make of a record."""
    known = json.loads(content)
    known.update(changed)
    return SIGNER.signed({key: value for key, value in known.items() if key != signing.SIGNATURE})


def wrong(report: Report) -> list[str]:
    return [said for check in report.checks for said in check.wrong]


WHOLE: Final = signed(held(MOTION, ["a", "a", "b", "a", "a", "c"]))
PLANS: Final = {
    "motion": (MOTION, ["a", "a", "b", "a", "c"]),
    "inquorate": (MOTION, ["a"]),
    "nobody": (MOTION, []),
    "plurality": (Plan(options=NAMES, method=Method.PLURALITY), ["a", "a", "b", "e", ""]),
    "approval": (Plan(options=NAMES, method=Method.APPROVAL, most=3, seats=2), ["abc", "a", "be", "e"]),
    "irv": (Plan(options=NAMES, method=Method.RUNOFF), ["abc", "acb", "bca", "bc", "cab"]),
    "schulze": (Plan(options=NAMES, method=Method.SCHULZE), ["a=bc", "cab", "bca", "e"]),
    "stv": (Plan(options=NAMES, method=Method.STV, seats=2), ["abc", "acb", "ab", "bca", "cbe", "e"]),
    "score": (Plan(options=NAMES, method=Method.SCORE), ["5,0,3,,1", ",,2,4,", "1,1,1,1,1"]),
    "judgment": (Plan(options=NAMES, method=Method.JUDGMENT), ["5,0,3,,1", ",,2,4,", "1,1,1,1,1"]),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("confidential", [False, True], ids=["public", "confidential"])
def test_what_was_counted_is_found_again(name: str, *, confidential: bool) -> None:
    plan, ballots = PLANS[name]
    content = signed(held(plan, ballots, confidential=confidential))
    report = verify(content, key=SIGNER.public)
    assert wrong(report) == []
    assert [check.name for check in report.checks] == [
        "form", "schema", "signature", "chain", "roll", "ballots", "turnout", "count",
    ]  # fmt: skip


def test_it_is_the_same_each_time() -> None:
    assert signed(held(*PLANS["stv"])) == signed(held(*PLANS["stv"]))


def test_who_voted_stands_in_it_by_name_and_how() -> None:
    ballots = [one for one in json.loads(WHOLE)["entries"] if one["kind"] == "ballot"]
    first, second, third, *_ = [
        {key: one[key] for key in one if key not in {"hash", "branch", "part"}} for one in ballots
    ]
    assert first["entered"] == {"by": "Anna", "witness": "Paul"}
    assert second["proxy"] == "Ada"
    assert third == {"kind": "ballot", "line": 2, "weight": 1, "ballot": [2], "name": NAMES[2]}


def test_few_confidential_ballots_are_not_told() -> None:
    vote = held(MOTION, ["a", "a", "b"], confidential=True)
    content = signed(replace(vote, papers=[], count=replace(vote.count, ballots=None)))
    report = verify(content)
    assert wrong(report) == []
    assert "cannot be checked" in report.checks[-1].note
    assert json.loads(content)["count"] is None


def test_the_numbers_of_every_test_stand_in_it() -> None:
    known = json.loads(WHOLE)
    assert known["count"] == {"method": "motion", "for": 4, "against": 1, "abstained": 1}
    assert known["verdict"]["tests"] == [
        {"test": "quorum", "of": 8, "needed": 4, "found": 6, "met": True},
        {"test": "majority", "of": 5, "needed": 4, "found": 4, "met": True},
    ]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(at=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
@example(at=len(WHOLE) - 1, byte=ord(" "))
@example(at=1, byte=ord("\t"))
def test_any_byte_that_is_changed_is_found(at: int, byte: int) -> None:
    changed = WHOLE[:at] + bytes([byte]) + WHOLE[at + 1 :]
    assert verify(changed).passed == (changed == WHOLE)


def test_every_single_byte_counts() -> None:
    for at in range(len(WHOLE)):
        changed = bytearray(WHOLE)
        changed[at] ^= 0x01 if at % 2 else 0x20
        assert not verify(bytes(changed)).passed, at


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, len(WHOLE)), more=st.binary(min_size=1, max_size=2) | st.sampled_from([b" ", b"\n", b"\r\n"]))
def test_nothing_can_be_added(at: int, more: bytes) -> None:
    assert not verify(WHOLE[:at] + more + WHOLE[at:]).passed


@given(start=st.integers(0, len(WHOLE) - 1), length=st.integers(1, 200))
@example(start=len(WHOLE) - 1, length=1)
@settings(max_examples=200, deadline=None)
def test_nothing_can_be_left_out(start: int, length: int) -> None:
    assert not verify(WHOLE[:start] + WHOLE[start + length :]).passed


def test_another_key_is_found_only_where_the_key_is_given() -> None:
    other = signed(held(MOTION, ["a", "a", "b"]), Signer(b"o" * 32))
    assert verify(other).passed
    [said] = wrong(verify(other, key=SIGNER.public))
    assert said.endswith("and not with the key that you gave")


def test_a_signature_is_written_in_one_way() -> None:
    known = json.loads(WHOLE)
    for signature in (known["signature"].upper(), known["signature"] + "\n", known["signature"][:-2]):
        assert not verify(canonical.written({**known, "signature": signature})).passed


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"count": {"method": "motion", "for": 5, "against": 1, "abstained": 1}},
         "count.for: the file says 5, the ballots say 4"),
        ({"turnout": {"voted": 7, "proxies": 1, "present": None}},
         "turnout.voted: the file says 7, the ballots say 6"),
        ({"turnout": {"voted": 6, "proxies": 0, "present": None}},
         "turnout.proxies: the file says 0, the ballots say 1"),
        ({"question": "Another?"}, "entry 1 is not what was hashed, or an entry before it is missing"),
    ],
    ids=["totals", "turnout", "proxies", "question"],
)  # fmt: skip
def test_what_the_organisation_itself_changes_is_said(changed: dict[str, Any], said: str) -> None:
    assert said in wrong(verify(resigned(WHOLE, **changed), key=SIGNER.public))


def test_a_verdict_that_does_not_follow_is_said() -> None:
    known = json.loads(WHOLE)["verdict"]
    assert wrong(verify(resigned(WHOLE, verdict={**known, "result": "lost"}))) == [
        'verdict.result: the file says "lost", the ballots say "carried"'
    ]


def test_a_ballot_that_is_turned_round_breaks_the_chain_and_the_count() -> None:
    entries = json.loads(WHOLE)["entries"]
    entries[4]["ballot"] = [1]
    said = wrong(verify(resigned(WHOLE, entries=entries)))
    assert said[0].startswith("entry 5 is not what was hashed")
    assert "count.against: the file says 1, the ballots say 0" in said


def test_a_second_ballot_of_the_same_voter_and_a_roll_of_another_size() -> None:
    vote = held(MOTION, ["a", "a", "b", "a", "a", "c"])
    doubled = [*vote.papers[:-1], replace(vote.papers[-1], position=0)]
    assert "entry 8: the same voter as in entry 3" in wrong(verify(signed(replace(vote, papers=doubled))))
    fewer = replace(vote.parts[0], leaves=list(vote.parts[0].leaves or ())[:-1])
    said = wrong(verify(signed(replace(vote, parts=[fewer]))))
    assert said == ["parts[0]: 7 lines on a roll of 8", "parts[0]: its lines do not lead to its root"]


def test_a_ballot_that_the_rules_do_not_allow_is_said() -> None:
    entries = json.loads(WHOLE)["entries"]
    for ballot, said in (([1, 2], "it names 2 choices, and 1 are allowed"), ([4], "something else than the choices 1")):
        entries[3]["ballot"] = ballot
        assert any("entry 4" in one and said in one for one in wrong(verify(resigned(WHOLE, entries=entries))))


def test_what_decided_between_equals_is_counted_again() -> None:
    drawn = replace(MOTION, majority=SIMPLE, ties=TieRule.DRAWN)
    vote = held(drawn, ["a", "a", "b", "b"])
    seeds = ("5ac1", "2b", "77", "e0")
    results = set()
    for seed in seeds:
        count = result.settled(drawn, replace(vote.count, seed=seed))
        results.add(count.result)
        report = verify(signed(replace(vote, count=count)))
        assert report.passed, wrong(report)
        assert any(declared.commitment(seed) in check.note for check in report.checks)
        other = resigned(signed(replace(vote, count=count)), equals={"seed": "no", "chair": [], "lapsed": False})
        assert verify(other).passed is (result.settled(drawn, replace(vote.count, seed="no")).result == count.result)
    assert results == {"carried", "lost"}
    chaired = replace(drawn, ties=TieRule.CHAIR)
    for chair, lapsed, expected in (((0,), False, "carried"), ((1,), False, "lost"), ((), True, "lost")):
        count = result.settled(chaired, replace(vote.count, chair=chair, lapsed=lapsed))
        assert count.result == expected
        record = signed(replace(vote, plan=chaired, count=count))
        assert verify(record).passed, wrong(verify(record))
        turned = {"seed": None, "chair": [2 - chair[0]] if chair else [1], "lapsed": False}
        assert any("verdict.result" in said for said in wrong(verify(resigned(record, equals=turned))))


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"a":NaN}', b"{" * 100_000, b'{"a":"\\ud800"}'])
def test_what_is_no_record_fails_and_does_not_break(content: bytes) -> None:
    report = verify(content)
    assert not report.passed
    assert wrong(report)


def test_a_vote_of_many_branches_is_counted_branch_by_branch() -> None:
    plan = Plan(options=("Oui", "Non"), by=By.BRANCHES)
    vote = held(plan, ["b", "b", "b", "a", "a"])
    branches = ("brest", "brest", "brest", "lyon", "paris")
    papers = [replace(paper, branch=branch) for paper, branch in zip(vote.papers, branches, strict=True)]
    parts = [
        assembly.Part(branch_id="brest", ballots={"b": 3}, mandates=1),
        assembly.Part(branch_id="lyon", ballots={"a": 1}, mandates=1),
        assembly.Part(branch_id="paris", ballots={"a": 1}, mandates=2),
    ]
    count = result.assemble(plan, vote.count, {"a": 2, "b": 3}, parts, (), Apportionment.REMAINDER)
    assert (vote.count.result, count.result) == ("lost", "carried")
    content = signed(
        replace(
            vote, papers=papers, count=count, mandates={"brest": 1, "lyon": 1, "paris": 2},
            apportionment=Apportionment.REMAINDER, names={"lyon": "Lyon", "brest": "Brest", "paris": "Paris"},
        )
    )  # fmt: skip
    assert wrong(verify(content)) == []
    measured = [one["by"] for one in json.loads(content)["verdict"]["measures"]]
    assert "mandates" in measured
    said = wrong(verify(resigned(content, mandates={"brest": 9, "lyon": 1, "paris": 2})))
    assert said[0].startswith(f"verdict.measures[{measured.index('mandates') + 1}]")


def test_the_schema_is_one() -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema())


def test_a_stranger_can_check_it_from_what_the_page_says() -> None:
    """Without a line of the program: form, chain, roll and majority, as they are described."""

    def line(value: object) -> bytes:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    known = json.loads(WHOLE)
    before = hashlib.sha256(
        line({key: known[key] for key in
              ("vote", "branch", "question", "choices", "rules", "secrecy", "electorate", "opened")})
    ).digest()  # fmt: skip
    for entry in known["entries"]:
        stated = entry.pop("hash")
        before = hashlib.sha256(before + line(entry)).digest()
        assert before.hex() == stated
    assert known["chain"] == before.hex()
    chosen = [one["ballot"] for one in known["entries"] if one["kind"] == "ballot"]
    assert (chosen.count([1]), chosen.count([2]), chosen.count([3])) == (4, 1, 1)


def test_the_page_shows_the_schema_that_comes_with_the_program() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "organisers" / "records.md").read_text("utf-8")
    assert json.loads(page.partition("```json\n")[2].partition("```")[0]) == schema()
