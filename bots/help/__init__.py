"""Help, languages, and the welcome."""

from bots.help import commands, welcome
from bots.kit.bot import Bot
from bots.kit.running import SMALL_TALK, STRANGER
from bridge.letters import Joined

BOT = Bot(
    name="help",
    commands=commands.COMMANDS,
    undo={commands.UNDO: commands.undo},
    due={welcome.WELCOME: welcome.welcome},
    listens={Joined: (welcome.joined,)},
    overhears=((welcome.is_direct, welcome.written),),
    hooks=(STRANGER.by(welcome.strangers), SMALL_TALK.by(welcome.small_talk)),
    tables=("welcomes",),
)
