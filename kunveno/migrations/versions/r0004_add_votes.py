"""Add votes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ground.database import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "votes",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("branch_id", sa.String(length=26), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("units", sa.Boolean(), nullable=False),
        sa.Column("change", sa.Boolean(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("electorate", sa.String(length=140), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=True),
        sa.Column("member_id", sa.String(length=26), nullable=True),
        sa.Column("source", sa.String(length=255), nullable=True),
        sa.Column("place", sa.String(length=300), nullable=True),
        sa.Column("thread", sa.String(length=255), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=True),
        sa.Column("closes_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("salt", sa.String(length=64), nullable=True),
        sa.Column("roll_size", sa.Integer(), nullable=True),
        sa.Column("roll_weight", sa.Integer(), nullable=True),
        sa.Column("roll_root", sa.String(length=64), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("seed", sa.String(length=64), nullable=True),
        sa.Column("look_at", Instant(), nullable=True),
        sa.Column("told", sa.String(length=64), nullable=True),
        sa.Column("record", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_votes_branch_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_votes_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_votes")),
        sa.UniqueConstraint("number", name=op.f("uq_votes_number")),
        sa.UniqueConstraint("source", name=op.f("uq_votes_source")),
    )
    with op.batch_alter_table("votes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_votes_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_votes_state"), ["state"], unique=False)

    op.create_table(
        "vote_ballot_sheets",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("vote_id", sa.String(length=26), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["vote_id"], ["votes.id"], name=op.f("fk_vote_ballot_sheets_vote_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_vote_ballot_sheets")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "vote_casts",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("vote_id", sa.String(length=26), nullable=False),
        sa.Column("member_id", sa.String(length=26), nullable=False),
        sa.Column("means", sa.String(length=10), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=True),
        sa.Column("choice", sa.Text(), nullable=True),
        sa.Column("spoiled", sa.Boolean(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("taken_back_at", Instant(), nullable=True),
        sa.Column("entered_by", sa.String(length=26), nullable=True),
        sa.Column("witness_id", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(["entered_by"], ["members.id"], name=op.f("fk_vote_casts_entered_by")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_vote_casts_member_id")),
        sa.ForeignKeyConstraint(["vote_id"], ["votes.id"], name=op.f("fk_vote_casts_vote_id")),
        sa.ForeignKeyConstraint(["witness_id"], ["members.id"], name=op.f("fk_vote_casts_witness_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vote_casts")),
    )
    with op.batch_alter_table("vote_casts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vote_casts_member_id"), ["member_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_vote_casts_vote_id"), ["vote_id"], unique=False)

    op.create_table(
        "vote_counts",
        sa.Column("vote_id", sa.String(length=26), nullable=False),
        sa.Column("group_id", sa.String(length=26), nullable=False),
        sa.Column("choice", sa.String(length=1000), nullable=False),
        sa.Column("ballots", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["branches.id"], name=op.f("fk_vote_counts_group_id")),
        sa.ForeignKeyConstraint(["vote_id"], ["votes.id"], name=op.f("fk_vote_counts_vote_id")),
        sa.PrimaryKeyConstraint("vote_id", "group_id", "choice", name=op.f("pk_vote_counts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "vote_events",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("vote_id", sa.String(length=26), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["vote_id"], ["votes.id"], name=op.f("fk_vote_events_vote_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_vote_events")),
    )
    with op.batch_alter_table("vote_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vote_events_vote_id"), ["vote_id"], unique=False)

    op.create_table(
        "vote_letters",
        sa.Column("letter", sa.String(length=26), nullable=False),
        sa.Column("vote_id", sa.String(length=26), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["vote_id"], ["votes.id"], name=op.f("fk_vote_letters_vote_id")),
        sa.PrimaryKeyConstraint("letter", name=op.f("pk_vote_letters")),
    )
    with op.batch_alter_table("vote_letters", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vote_letters_vote_id"), ["vote_id"], unique=False)

    op.create_table(
        "vote_mark_sheets",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("vote_id", sa.String(length=26), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["vote_id"], ["votes.id"], name=op.f("fk_vote_mark_sheets_vote_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_vote_mark_sheets")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "vote_places",
        sa.Column("vote_id", sa.String(length=26), nullable=False),
        sa.Column("branch_id", sa.String(length=26), nullable=False),
        sa.Column("room", sa.String(length=60), nullable=True),
        sa.Column("on_roll", sa.Integer(), nullable=False),
        sa.Column("mandates", sa.Integer(), nullable=False),
        sa.Column("first", sa.String(length=26), nullable=True),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.Column("resulted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_vote_places_branch_id")),
        sa.ForeignKeyConstraint(["vote_id"], ["votes.id"], name=op.f("fk_vote_places_vote_id")),
        sa.PrimaryKeyConstraint("vote_id", "branch_id", name=op.f("pk_vote_places")),
        sa.UniqueConstraint("first", name=op.f("uq_vote_places_first")),
    )
    with op.batch_alter_table("vote_places", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vote_places_branch_id"), ["branch_id"], unique=False)

    op.create_table(
        "vote_proxies",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("giver_id", sa.String(length=26), nullable=False),
        sa.Column("holder_id", sa.String(length=26), nullable=False),
        sa.Column("vote_id", sa.String(length=26), nullable=True),
        sa.Column("until", Instant(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("offered_at", Instant(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["giver_id"], ["members.id"], name=op.f("fk_vote_proxies_giver_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["members.id"], name=op.f("fk_vote_proxies_holder_id")),
        sa.ForeignKeyConstraint(["vote_id"], ["votes.id"], name=op.f("fk_vote_proxies_vote_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vote_proxies")),
    )
    with op.batch_alter_table("vote_proxies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vote_proxies_giver_id"), ["giver_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_vote_proxies_holder_id"), ["holder_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_vote_proxies_vote_id"), ["vote_id"], unique=False)

    op.create_table(
        "vote_roll",
        sa.Column("vote_id", sa.String(length=26), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("branch_id", sa.String(length=26), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_vote_roll_branch_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_vote_roll_member_id")),
        sa.ForeignKeyConstraint(["vote_id"], ["votes.id"], name=op.f("fk_vote_roll_vote_id")),
        sa.PrimaryKeyConstraint("vote_id", "position", name=op.f("pk_vote_roll")),
        sa.UniqueConstraint("vote_id", "member_id", name=op.f("uq_vote_roll_vote_id")),
    )
    with op.batch_alter_table("vote_roll", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vote_roll_member_id"), ["member_id"], unique=False)

    op.create_table(
        "vote_seals",
        sa.Column("vote_id", sa.String(length=26), nullable=False),
        sa.Column("half", sa.LargeBinary(length=32), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["vote_id"], ["votes.id"], name=op.f("fk_vote_seals_vote_id")),
        sa.PrimaryKeyConstraint("vote_id", name=op.f("pk_vote_seals")),
    )
    op.create_table(
        "vote_turned_away",
        sa.Column("vote_id", sa.String(length=26), nullable=False),
        sa.Column("member_id", sa.String(length=26), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_vote_turned_away_member_id")),
        sa.ForeignKeyConstraint(["vote_id"], ["votes.id"], name=op.f("fk_vote_turned_away_vote_id")),
        sa.PrimaryKeyConstraint("vote_id", "member_id", name=op.f("pk_vote_turned_away")),
    )
    op.create_table(
        "vote_turnout",
        sa.Column("vote_id", sa.String(length=26), nullable=False),
        sa.Column("branch_id", sa.String(length=26), nullable=False),
        sa.Column("on_roll", sa.Integer(), nullable=False),
        sa.Column("voted", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_vote_turnout_branch_id")),
        sa.ForeignKeyConstraint(["vote_id"], ["votes.id"], name=op.f("fk_vote_turnout_vote_id")),
        sa.PrimaryKeyConstraint("vote_id", "branch_id", name=op.f("pk_vote_turnout")),
    )
    op.create_table(
        "vote_unreminded",
        sa.Column("member_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_vote_unreminded_member_id")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_vote_unreminded")),
    )
    op.add_column("outbox", sa.Column("vanish", sa.Boolean(), server_default=sa.false(), nullable=False))
