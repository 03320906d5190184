"""The process that every page's kernel is a fork of: it has imported what a page needs, once for all of them.

Run as a module. Each line on stdin is a kernel to start, `{"argv": [...], "env": {...}, "cwd": "..."}`; each line on
stdout is the process id of one that has started. It ends when stdin does, and its kernels after it.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import tempfile
import traceback
from typing import Any

import ipykernel.ipkernel
import ipykernel.kernelapp
import ipykernel.zmqshell

import promptceiling.panels  # noqa: F401 - for the forks


def main() -> None:
    """Serve until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the app, which ends this by closing stdin
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a kernel that ended leaves nothing behind
    gc.freeze()  # what is imported stays shared: no collection in a fork touches it
    for line in sys.stdin:
        asked = json.loads(line)
        kernel = os.fork()
        if not kernel:
            _become(asked)
        print(kernel, flush=True)


def _become(asked: dict[str, Any]) -> None:
    """Be the kernel that was asked for; does not return, whatever happens."""
    status = 1
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)  # what it prints is no process id
        os.environ.clear()
        os.environ.update(asked["env"])
        tempfile.tempdir = None  # it is asked for anew, in the new environment
        os.chdir(asked["cwd"])
        sys.argv = [*asked["argv"], f"--IPKernelApp.parent_handle={os.getppid()}"]  # without which it ends
        ipykernel.kernelapp.launch_new_instance(sys.argv[1:])
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    except Exception:  # noqa: BLE001 - said; the fork ends here
        traceback.print_exc()
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
