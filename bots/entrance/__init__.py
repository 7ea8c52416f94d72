"""How an account finds its entry in the register: codes, accounts, changes of account."""

from bots.entrance import accounts, inviting, joining
from bots.kit.bot import Bot

BOT = Bot(
    name="entrance",
    commands=(*joining.COMMANDS, *inviting.COMMANDS, *accounts.COMMANDS),
    applied={joining.JOINED: joining.joined},
    overhears=((joining.holds_codes, joining.on_codes),),
    tables=("entrance_wrong_codes",),
)
