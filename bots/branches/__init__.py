"""The bot `branches`: branches, members and offices from the chat."""

from bots.branches import branch, changing, linking, mandate, member, people
from bots.branches.carrying import FOLLOWED, followed
from bots.kit.bot import Bot

BOT = Bot(
    name="branches",
    commands=(
        *branch.COMMANDS,
        *changing.COMMANDS,
        *linking.COMMANDS,
        *member.COMMANDS,
        *people.COMMANDS,
        *mandate.COMMANDS,
    ),
    answers={
        "branches.move": changing.answered_move,
        "branches.merge": changing.answered_merge,
        "branches.close": changing.answered_close,
        "branches.remove": member.answered_remove,
    },
    undo={
        "branches.created": changing.undo_create,
        "branches.renamed": changing.undo_rename,
        "branches.moved": changing.undo_move,
        "branches.added": member.undo_add,
        "branches.transferred": member.undo_move,
        "branches.suspended": member.undo_suspend,
        "branches.reinstated": member.undo_reinstate,
        "branches.given": mandate.undo_give,
        "branches.ended": mandate.undo_end,
    },
    applied={FOLLOWED: followed},
    receipts={linking.OWNER: linking.linked},
)
