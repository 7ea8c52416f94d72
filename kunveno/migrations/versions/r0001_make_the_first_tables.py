"""Make the first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ground.database import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "branches",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("tier", sa.String(length=60), nullable=False),
        sa.Column("parent_id", sa.String(length=26), nullable=True),
        sa.Column("language", sa.String(length=3), nullable=True),
        sa.Column("timezone", sa.String(length=60), nullable=True),
        sa.Column("code", sa.String(length=60), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("merged_into_id", sa.String(length=26), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["merged_into_id"], ["branches.id"], name=op.f("fk_branches_merged_into_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["branches.id"], name=op.f("fk_branches_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branches")),
        sa.UniqueConstraint("slug", name=op.f("uq_branches_slug")),
    )
    with op.batch_alter_table("branches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_branches_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "changes",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=26), nullable=False),
        sa.Column("branch_id", sa.String(length=26), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_changes")),
    )
    op.create_table(
        "journal",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=26), nullable=False),
        sa.Column("branch_id", sa.String(length=26), nullable=True),
        sa.Column("fields", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_journal")),
    )
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_journal_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_journal_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "mirror_identity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation", sa.String(length=26), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mirror_identity")),
    )
    op.create_table(
        "mirror_requests",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mirror_requests")),
    )
    op.create_table(
        "members",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("language", sa.String(length=3), nullable=True),
        sa.Column("branch_id", sa.String(length=26), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_members_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("number", name=op.f("uq_members_number")),
    )
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_members_branch_id"), ["branch_id"], unique=False)

    op.create_table(
        "mirrored_rooms",
        sa.Column("branch_id", sa.String(length=26), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("room_id", sa.String(length=255), nullable=True),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_mirrored_rooms_branch_id")),
        sa.PrimaryKeyConstraint("branch_id", "key", name=op.f("pk_mirrored_rooms")),
        sa.UniqueConstraint("room_id", name=op.f("uq_mirrored_rooms_room_id")),
    )
    op.create_table(
        "accounts",
        sa.Column("user_id", sa.String(length=255), nullable=False),
        sa.Column("member_id", sa.String(length=26), nullable=False),
        sa.Column("claimed_at", Instant(), nullable=False),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_accounts_member_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_accounts")),
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_accounts_member_id"), ["member_id"], unique=False)

    op.create_table(
        "mandates",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("member_id", sa.String(length=26), nullable=False),
        sa.Column("office", sa.String(length=60), nullable=False),
        sa.Column("branch_id", sa.String(length=26), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_mandates_branch_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_mandates_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandates")),
    )
    with op.batch_alter_table("mandates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mandates_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_mandates_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_mandates_member_id"), ["member_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_mandates_starts_at"), ["starts_at"], unique=False)

    op.create_table(
        "memberships",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("member_id", sa.String(length=26), nullable=False),
        sa.Column("branch_id", sa.String(length=26), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("until", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_memberships_branch_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_memberships_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
    )
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_memberships_branch_id"), ["branch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_memberships_member_id"), ["member_id"], unique=False)
