"""The record of a vote: one file with which everybody can count again, without asking whoever counted first."""
