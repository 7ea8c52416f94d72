"""The steps from each version of the tables to the next, carried out by `kunveno.migrate`."""
