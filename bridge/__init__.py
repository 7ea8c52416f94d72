"""Everything that crosses the edge: Matrix, the mirror, web pages, mail."""
