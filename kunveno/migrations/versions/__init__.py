"""One file for each step; the first makes the tables of a new database."""
