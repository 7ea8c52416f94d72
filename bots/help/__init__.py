"""Help, languages, and the welcome."""

from bots.help import commands, welcome
from bots.kit.bot import Bot
from bots.kit.running import STRANGER
from bridge.letters import Joined

BOT = Bot(
    name="help",
    commands=commands.COMMANDS,
    undo={commands.UNDO: commands.undo},
    due={welcome.WELCOME: welcome.welcome},
    listens={Joined: (welcome.joined,)},
    overhears=((welcome.is_direct, welcome.written),),
    hooks=(STRANGER.by(welcome.strangers),),
    tables=("welcomes",),
)
