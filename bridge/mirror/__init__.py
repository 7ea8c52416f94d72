"""Branches of the register become spaces and rooms."""
