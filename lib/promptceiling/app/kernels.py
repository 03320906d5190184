"""Kernels as forks of one process that has imported what a page needs: started in a moment, their imports shared."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import IO, Any, cast

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager

FORKS = sys.platform == "linux"  # elsewhere forking a process with native libraries is not safe, or not there


class Source:
    """The process that kernels are forks of; started once, ended with this one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> tuple[IO[str], IO[str]]:
        """Its stdin and stdout; started where it does not run, it imports while others go on."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "promptceiling.app.kernel_source"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, text=True)
        return cast(IO[str], self._process.stdin), cast(IO[str], self._process.stdout)

    def kernel(self, argv: Sequence[str], env: Mapping[str, str], cwd: str) -> ForkedKernel:
        """A new kernel, started with these arguments in this environment. Raises OSError where none can be."""
        with self._lock:
            asked, told = self.start()
            asked.write(json.dumps({"argv": list(argv), "env": dict(env), "cwd": cwd}) + "\n")
            asked.flush()
            line = told.readline()
        if not line:
            raise OSError("The process that kernels are forks of has ended.")
        return ForkedKernel(int(line))

    def end(self) -> None:
        """End it; its kernels, which watch it, end too. Nothing where it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()


class ForkedKernel:
    """A process that is not our child, with what Jupyter asks of a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._watched: int | None = None
        with contextlib.suppress(OSError):  # it has ended already
            self._watched = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """None while it runs; 0 after that: how it ended is not told."""
        if self._watched is None:
            return 0
        try:
            signal.pidfd_send_signal(self._watched, 0)
        except ProcessLookupError:
            os.close(self._watched)
            self._watched = None
            return 0
        return None

    def wait(self) -> int:
        """0, once it has ended."""
        while self.poll() is None:
            time.sleep(0.05)
        return 0

    def send_signal(self, number: int) -> None:
        """Send it a signal; nothing where it has ended."""
        if self.poll() is None and self._watched is not None:
            signal.pidfd_send_signal(self._watched, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


SOURCE = Source()


class ForkedProvisioner(LocalProvisioner):
    """Starts a kernel as a fork of `SOURCE`."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        argv = cmd[cmd.index("-m") + 1:]
        self.cwd = kwargs.get("cwd") or os.getcwd()
        kernel = await asyncio.to_thread(SOURCE.kernel, argv, kwargs["env"], str(self.cwd))
        self.process: Any = kernel
        self.pid = kernel.pid
        return self.connection_info


class ForkedKernelManager(ServerKernelManager):
    """A kernel manager whose kernels are forks."""

    async def _async_pre_start_kernel(self, **kw: Any) -> Any:
        if self.provisioner is None:
            self.kernel_id = kw.get("kernel_id", self.kernel_id)
            self.provisioner = ForkedProvisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        return await super()._async_pre_start_kernel(**kw)
