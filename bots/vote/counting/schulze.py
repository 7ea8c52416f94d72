"""The Schulze method: whoever beats every other in a straight comparison wins; where there is no such option, the
strength of chains of comparisons decides.

M. Schulze, "A new monotonic, clone-independent, reversal symmetric, and Condorcet-consistent single-winner election
method", Social Choice and Welfare 36 (2011), with the strength of a comparison measured by its winning votes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bots.vote.counting.outcome import Method, Outcome, seat
from bots.vote.counting.ties import Ties
from bots.vote.counting.values import Profile, Ranking


def pairwise(profile: Profile[Ranking], options: int) -> list[list[int]]:
    """`pairs[a][b]`: how many rank a above b. Whoever is not ranked comes after all that are, equal to the others."""
    pairs = [[0] * options for _ in range(options)]
    everybody = set(range(options))
    for ranking, weight in profile.items():
        below = set(everybody)
        for group in ranking:
            below.difference_update(group)
            for a in group:
                row = pairs[a]
                for b in below:
                    row[b] += weight
    return pairs


def strongest_paths(pairs: Sequence[Sequence[int]], standing: Collection[int]) -> list[list[int]]:
    """The strength of the strongest path from a to b: its weakest link, in winning votes (Floyd and Warshall)."""
    options = len(pairs)
    paths = [[pairs[a][b] if pairs[a][b] > pairs[b][a] else 0 for b in range(options)] for a in range(options)]
    for a in range(options):
        for b in range(options):
            if a not in standing or b not in standing:
                paths[a][b] = 0
    for through in standing:
        onward = paths[through]
        for start in standing:
            here = paths[start]
            first = here[through]
            if start == through or not first:
                continue
            for end in standing:
                if end not in (start, through):
                    strength = min(first, onward[end])
                    if strength > here[end]:
                        here[end] = strength
    return paths


def levels_of(paths: Sequence[Sequence[int]], standing: Collection[int]) -> list[list[int]]:
    """Those whom nobody beats, then those whom nobody of the rest beats, and so on."""
    rest, levels = sorted(standing), []
    while rest:
        level = [one for one in rest if all(paths[other][one] <= paths[one][other] for other in rest)]
        levels.append(level)
        rest = [one for one in rest if one not in level]
    return levels


def schulze(
    pairs: Sequence[Sequence[int]],
    names: Sequence[str],
    standing: Collection[int],
    ties: Ties,
    *,
    seats: int = 1,
    ballots: int,
    empty: int,
) -> Outcome:
    """Elect from comparisons. With several seats it takes the best by the same order, which is not proportional."""
    paths = strongest_paths(pairs, standing)
    levels = levels_of(paths, standing)
    winners, undecided = seat(levels, seats, ties, names)
    return Outcome(
        method=Method.SCHULZE,
        names=tuple(names),
        seats=seats,
        winners=winners,
        ballots=ballots,
        empty=empty,
        levels=tuple(map(tuple, levels)),
        ties=undecided,
        pairs=tuple(map(tuple, pairs)),
        paths=tuple(map(tuple, paths)),
    )
