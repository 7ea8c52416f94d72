"""Add letters, arrivals, questions and invitations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ground.database import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attention_cursor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attention_cursor")),
    )
    op.create_table(
        "attention_seen",
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("place", sa.String(length=26), nullable=False),
        sa.PrimaryKeyConstraint("account", "place", name=op.f("pk_attention_seen")),
    )
    op.create_table(
        "awaiting_applied",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("bot", sa.String(length=60), nullable=False),
        sa.Column("then", sa.String(length=60), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_awaiting_applied")),
    )
    with op.batch_alter_table("awaiting_applied", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_awaiting_applied_number"), ["number"], unique=False)

    op.create_table(
        "direct_rooms",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("room_id", sa.String(length=255), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_direct_rooms")),
        sa.UniqueConstraint("room_id", name=op.f("uq_direct_rooms_room_id")),
    )
    with op.batch_alter_table("direct_rooms", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_direct_rooms_account"), ["account"], unique=False)

    op.create_table(
        "encrypted_rooms",
        sa.Column("room_id", sa.String(length=255), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("room_id", name=op.f("pk_encrypted_rooms")),
    )
    op.create_table(
        "entrance_wrong_codes",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entrance_wrong_codes")),
    )
    with op.batch_alter_table("entrance_wrong_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entrance_wrong_codes_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_entrance_wrong_codes_at"), ["at"], unique=False)

    op.create_table(
        "file_data",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_file_data")),
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
    )
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inbox_at"), ["at"], unique=False)

    op.create_table(
        "language_preferences",
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("language", sa.String(length=3), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_language_preferences")),
    )
    op.create_table(
        "outbox",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("about", sa.String(length=26), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("answers", sa.String(length=255), nullable=True),
        sa.Column("thread", sa.String(length=255), nullable=True),
        sa.Column("instead", sa.Text(), nullable=True),
        sa.Column("owner", sa.String(length=60), nullable=True),
        sa.Column("forget", sa.Boolean(), nullable=False),
        sa.Column("written_at", Instant(), nullable=False),
        sa.Column("deadline", Instant(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("room_id", sa.String(length=255), nullable=True),
        sa.Column("event_id", sa.String(length=255), nullable=True),
        sa.Column("done_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_outbox")),
        sa.UniqueConstraint("id", name=op.f("uq_outbox_id")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_about"), ["about"], unique=False)
        batch_op.create_index(batch_op.f("ix_outbox_event_id"), ["event_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outbox_place"), ["place"], unique=False)
        batch_op.create_index("ix_outbox_state_number", ["state", "number"], unique=False)

    op.create_table(
        "outbox_parts",
        sa.Column("letter", sa.String(length=26), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("letter", "part", name=op.f("pk_outbox_parts")),
    )
    with op.batch_alter_table("outbox_parts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_parts_event_id"), ["event_id"], unique=False)

    op.create_table(
        "questions",
        sa.Column("letter", sa.String(length=26), nullable=False),
        sa.Column("bot", sa.String(length=60), nullable=False),
        sa.Column("then", sa.String(length=60), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("event", sa.String(length=255), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("need", sa.String(length=60), nullable=True),
        sa.Column("branch_id", sa.String(length=26), nullable=True),
        sa.Column("marks", sa.Boolean(), nullable=False),
        sa.Column("next", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("expires", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("letter", name=op.f("pk_questions")),
    )
    with op.batch_alter_table("questions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_questions_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_questions_event"), ["event"], unique=False)

    op.create_table(
        "receipts",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("letter", sa.String(length=26), nullable=False),
        sa.Column("owner", sa.String(length=60), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
    )
    op.create_table(
        "said",
        sa.Column("what", sa.String(length=600), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("what", name=op.f("pk_said")),
    )
    with op.batch_alter_table("said", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_said_at"), ["at"], unique=False)

    op.create_table(
        "sending_device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(length=255), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sending_device")),
    )
    op.create_table(
        "set_aside",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("what", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_set_aside")),
    )
    op.create_table(
        "sync",
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("device", sa.String(length=255), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("act_after", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_sync")),
    )
    op.create_table(
        "undoable",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("bot", sa.String(length=60), nullable=False),
        sa.Column("what", sa.String(length=60), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undoable")),
    )
    with op.batch_alter_table("undoable", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_undoable_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_undoable_until"), ["until"], unique=False)

    op.create_table(
        "unread",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("room_id", sa.String(length=255), nullable=False),
        sa.Column("session_id", sa.String(length=255), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("event", sa.Text(), nullable=True),
        sa.Column("came_at", Instant(), nullable=False),
        sa.Column("said", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unread")),
    )
    with op.batch_alter_table("unread", schema=None) as batch_op:
        batch_op.create_index("ix_unread_room_session", ["room_id", "session_id"], unique=False)

    op.create_table(
        "welcomes",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("who", sa.String(length=300), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_welcomes")),
        sa.UniqueConstraint("who", name=op.f("uq_welcomes_who")),
    )
    with op.batch_alter_table("welcomes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_welcomes_at"), ["at"], unique=False)

    op.create_table(
        "withheld",
        sa.Column("room_id", sa.String(length=255), nullable=False),
        sa.Column("session_id", sa.String(length=255), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("room_id", "session_id", name=op.f("pk_withheld")),
    )
    op.create_table(
        "attention_vacancies",
        sa.Column("branch_id", sa.String(length=26), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("told_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_attention_vacancies_branch_id")),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_attention_vacancies")),
    )
    op.create_table(
        "file_uploads",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("encrypted", sa.Boolean(), nullable=False),
        sa.Column("media", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["file_data.digest"], name=op.f("fk_file_uploads_digest")),
        sa.PrimaryKeyConstraint("digest", "encrypted", name=op.f("pk_file_uploads")),
    )
    op.create_table(
        "files",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("mimetype", sa.String(length=127), nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["file_data.digest"], name=op.f("fk_files_digest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
    )
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_files_digest"), ["digest"], unique=False)

    op.create_table(
        "room_links",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("branch_id", sa.String(length=26), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("room", sa.String(length=255), nullable=False),
        sa.Column("owner", sa.String(length=60), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_room_links_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_links")),
    )
    with op.batch_alter_table("room_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_room_links_done_at"), ["done_at"], unique=False)

    op.create_table(
        "announcements",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("branch_id", sa.String(length=26), nullable=False),
        sa.Column("reach", sa.String(length=70), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("member_id", sa.String(length=26), nullable=True),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("thread", sa.String(length=255), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("progress", sa.String(length=26), nullable=True),
        sa.Column("told", sa.String(length=40), nullable=True),
        sa.Column("look_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_announcements_branch_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_announcements_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcements")),
        sa.UniqueConstraint("number", name=op.f("uq_announcements_number")),
        sa.UniqueConstraint("source", name=op.f("uq_announcements_source")),
    )
    with op.batch_alter_table("announcements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_announcements_branch_id"), ["branch_id"], unique=False)

    op.create_table(
        "attention_noticed",
        sa.Column("member_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("branch_id", sa.String(length=26), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("told_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_attention_noticed_branch_id")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_attention_noticed_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", "kind", "branch_id", name=op.f("pk_attention_noticed")),
    )
    op.create_table(
        "invitations",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("member_id", sa.String(length=26), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("used_by", sa.String(length=255), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_invitations_member_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_invitations")),
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitations_member_id"), ["member_id"], unique=False)

    op.create_table(
        "announcement_copies",
        sa.Column("announcement_id", sa.String(length=26), nullable=False),
        sa.Column("branch_id", sa.String(length=26), nullable=False),
        sa.Column("room", sa.String(length=60), nullable=True),
        sa.Column("letter", sa.String(length=26), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"], ["announcements.id"], name=op.f("fk_announcement_copies_announcement_id")
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_announcement_copies_branch_id")),
        sa.PrimaryKeyConstraint("announcement_id", "branch_id", name=op.f("pk_announcement_copies")),
        sa.UniqueConstraint("letter", name=op.f("uq_announcement_copies_letter")),
    )
