"""What officers must see once: who declined, left or stays silent, and which branches nobody looks after."""

from bots.attention import feed, people
from bots.kit.bot import Bot
from bridge.letters import Applied, Joined, Left

BOT = Bot(
    name="attention",
    listens={
        Applied: (feed.on_applied,),
        Joined: (people.on_joined,),
        Left: (people.on_left,),
    },
    due={feed.REVIEW: feed.review, feed.DAILY: feed.daily, people.SHOW: people.show, people.SILENT: people.silent},
    tables=("attention_noticed", "attention_seen", "attention_vacancies", "attention_cursor"),
)
