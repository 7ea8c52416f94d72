"""How ballots are counted: pure rules, which know neither a database nor a conversation."""
