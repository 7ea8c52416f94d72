"""Votes: from a show of hands to an assembly of branches."""
