"""Run as a script: becomes Synapse, after tying its life to that of the process that started it.

Not imported by anything: it is run by its path, in a Python that has nothing but Synapse to load.
"""

from __future__ import annotations

import ctypes
import gc
import os
import runpy
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """`synapse_child.py PARENT [Synapse's own arguments]`: PARENT is the process id of whoever starts us."""
    parent = int(sys.argv.pop(1))
    if sys.platform == "linux":
        # Without this an orphan would hold the port and the data (prctl(2)).
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit("the process that started this Synapse is gone")
    gc.freeze()
    runpy.run_module("synapse.app.homeserver", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
