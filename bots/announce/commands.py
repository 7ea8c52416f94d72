"""`!announce` and `!report` as data."""

from __future__ import annotations

from typing import Final

from bots.announce import announcing, overseeing, reporting
from bots.kit.command import Command
from ground.texts import text

COMMANDS: Final = (
    Command(
        name="announce",
        run=announcing.announce,
        summary=text("Tell the members of the branch, or of the branches under it."),
        aliases={"fr": ("annonce", "annoncer")},
        examples={
            "en": "announce --below Demonstration on Saturday at 2 pm, place Bellecour.",
            "fr": "annonce --dessous Manifestation samedi à 14h, place Bellecour.",
        },
        right="announce",
        details=text(
            "It is signed with your name and your branch. Edit your message to correct it everywhere; delete your "
            "message to take it back."
        ),
    ),
    Command(
        name="announce list",
        run=overseeing.listed,
        summary=text("The latest announcements of the branch."),
        aliases={"fr": ("annonce liste", "annonces")},
        examples={"en": "announce list", "fr": "annonce liste"},
        right="announce",
    ),
    Command(
        name="announce status",
        run=overseeing.status,
        summary=text("Where an announcement has arrived, and where not."),
        aliases={"fr": ("annonce état", "annonce suivi")},
        examples={"en": "announce status A7", "fr": "annonce état A7"},
        right="announce",
    ),
    Command(
        name="announce retract",
        run=overseeing.retract,
        summary=text("Take an announcement back from everywhere."),
        aliases={"fr": ("annonce retirer", "annonce annuler")},
        examples={"en": "announce retract A7", "fr": "annonce retirer A7"},
        right="announce",
        details=text("Without a number, your latest one is meant, or the one that you reply to."),
    ),
    Command(
        name="report",
        run=reporting.report,
        summary=text("Report to the committee of the branch above."),
        aliases={"fr": ("rapport", "compte-rendu", "compte rendu")},
        examples={
            "en": "report We were 46 at the picket this morning.",
            "fr": "rapport Nous étions 46 au piquet ce matin.",
        },
        right="report",
    ),
    Command(
        name="report retract",
        run=overseeing.retract_report,
        summary=text("Take a report back."),
        aliases={"fr": ("rapport retirer", "compte-rendu retirer")},
        examples={"en": "report retract R7", "fr": "rapport retirer R7"},
        right="report",
    ),
)
