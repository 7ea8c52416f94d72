"""`python -m kunveno`."""

from __future__ import annotations

from kunveno.cli import main

if __name__ == "__main__":
    main()
