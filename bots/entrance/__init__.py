"""How an account finds its entry in the register: codes, accounts, changes of account."""
