"""What all floors stand on: database, clock, identifiers, texts, locks. Knows no party."""
