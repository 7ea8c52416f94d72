"""What other bots may ask of this one."""

from __future__ import annotations

from bots.attention import staff, telling
from bots.attention.rules import ANSWERS, in_charge
from bots.kit.request import Occasion
from bots.kit.wording import Line
from party.branches import path_to_root
from party.members import MemberRow


async def tell_officers(occasion: Occasion, member: MemberRow, *lines: Line) -> None:
    """Say something about a member to those who answer for them, and to nobody else."""
    path = await path_to_root(occasion.session, member.branch_id)
    officers = await staff.officers(occasion.session, occasion.now, in_branches=path)
    charge = in_charge(occasion.policy, officers, path, ANSWERS, but=member.id)
    await telling.tell(occasion, charge, officers, lines, about=[member.id])
