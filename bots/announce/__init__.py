"""Announcements to the branches below, and reports to the committee above."""

from bots.announce import announcing, commands, following, overseeing, sending
from bots.kit.bot import Bot
from bridge.letters import Edit, Redaction

BOT = Bot(
    name="announce",
    commands=commands.COMMANDS,
    answers={announcing.CONFIRMED: announcing.confirmed},
    undo={announcing.TAKE_BACK: overseeing.undo},
    due={sending.LOOK: following.look, sending.DROP: following.forget_draft},
    listens={Edit: (following.edited,), Redaction: (following.redacted,)},
    receipts={sending.OWNER: following.receipt},
    tables=("announcements", "announcement_copies"),
)
