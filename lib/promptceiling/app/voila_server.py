"""Voila, so configured that a visitor can read and nothing else.

Run as a module. Its site comes as a line of JSON on stdin; it ends when stdin does, or by SIGTERM.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any
from uuid import UUID

SHARE = Path(__file__).parent / "share" / "jupyter"
os.environ["JUPYTER_PATH"] = str(SHARE)  # Jupyter reads it when it is imported
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # else jsonschema parses its grammar: 1.7 s

from jupyter_core.utils import run_sync  # noqa: E402
from traitlets.config import Config  # noqa: E402
from voila.app import Voila  # noqa: E402

from promptceiling.app import handlers, kernels  # noqa: E402

_POLICY = {
    "default-src": "'none'", "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'", "img-src": "'self' data:",
    "font-src": "'self' data:", "connect-src": "'self'", "worker-src": "'self' blob:",
    "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'",
}


class ReadOnlyVoila(Voila):  # type: ignore[misc]
    """Voila with the pages of `site` and nothing else: no file, theme, listing or notebook by name."""

    site: dict[str, Any] = {}  # noqa: RUF012 - set once, before the launch

    def init_settings(self) -> dict[str, Any]:
        settings = dict(super().init_settings())
        ours = handlers.templates(SHARE)
        settings["voila_jinja2_env"].globals |= {"style": ours.globals["style"]}
        return settings | {"jinja2_env": ours}

    def init_handlers(self) -> list[Any]:
        return handlers.only_ours(super().init_handlers(), self.site, {
            "template_paths": self.template_paths, "config": self.config,
            "voila_configuration": self.voila_configuration})

    def stop(self) -> None:
        """End the kernels at once, since a page keeps nothing, then take away their sockets."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        run_sync(self.kernel_manager.shutdown_all)(now=True)
        shutil.rmtree(self.connection_dir, ignore_errors=True)


def configuration(site: dict[str, Any]) -> Config:
    """Voila's configuration for a site: where it listens, and all that is switched off."""
    config = Config()
    config.Voila.ip, config.Voila.port = site["host"], site["port"]
    config.Voila.base_url = site["base_url"]
    config.Voila.token = site["token"]
    config.Voila.port_retries = 0
    config.Voila.open_browser = False
    config.Voila.log_level = "ERROR"
    config.Voila.root_dir = site["root"]
    policy = _POLICY | ({"form-action": "'self'"} if site["token"] else {})  # the form that asks for the token
    config.Voila.tornado_settings = {
        "headers": {
            "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
            "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
        },
        # a page that closes ends its kernel with a POST that carries no _xsrf cookie; other sites' are still refused by
        # the check of Origin
        "disable_check_xsrf": True,
    }
    page = config.VoilaConfiguration
    page.template = "promptceiling"
    page.theme = "light"
    page.allow_template_override = "NO"
    page.allow_theme_override = "NO"
    page.file_allowlist = []
    page.file_denylist = [".*"]
    page.show_tracebacks = False
    page.prelaunch_hook = handlers.set_up
    page.extension_allowlist = ["@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager"]
    config.VoilaExecutor.allow_errors = True  # what does not rest on a cell that failed is shown all the same
    config.VoilaExecutor.cell_error_instruction = "What it needs is not there; the page's owner can tell more."
    config.MappingKernelManager.cull_idle_timeout = 1800
    config.MappingKernelManager.cull_interval = 60
    config.MappingKernelManager.cull_connected = False
    config.KernelRestarter.restart_limit = 0  # a restarted kernel has no widgets; a page without one is told so
    config.KernelManager.shutdown_wait_time = 1.0  # a page keeps nothing, so its kernel need not be waited for
    config.KernelManager.transport = "ipc" if os.name == "posix" and _holds_sockets(gettempdir()) else "tcp"
    if kernels.FORKS:
        config.MappingKernelManager.kernel_manager_class = "promptceiling.app.kernels.ForkedKernelManager"
    return config


def _holds_sockets(folder: str) -> bool:
    """Whether the paths of kernels' sockets below a folder are short enough for every Unix: 103 bytes.

    >>> _holds_sockets("/tmp"), _holds_sockets("/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T")
    (True, False)
    """
    return len(os.fsencode(folder)) + len(f"/voila_12345678/kernel-{UUID(int=0)}-ipc-5") <= 103


def main() -> None:
    """Serve until stdin ends or a signal comes."""
    signal.signal(signal.SIGTERM, _leave)  # until Voila handles it
    logging.getLogger("tornado.general").setLevel(logging.ERROR)  # it warns of jupyter_server's own ping times
    try:
        if kernels.FORKS:
            kernels.SOURCE.start()
        if line := sys.stdin.readline():
            threading.Thread(target=_follow_stdin, daemon=True).start()
            _serve(json.loads(line))
    finally:
        kernels.SOURCE.end()
        gc.freeze()  # or Python, as it ends, looks through every imported object, which takes seconds


def _serve(site: dict[str, Any]) -> None:
    ReadOnlyVoila.site = site
    with TemporaryDirectory(prefix="promptceiling-") as folder:
        for k, page in enumerate(site["pages"]):
            if page["parts"]:
                parts = Path(folder, f"{k}.json")
                parts.write_text(json.dumps(page["parts"]), encoding="utf-8")
                page["set_up"] += f'\nos.environ["PROMPTCEILING_PARTS"] = {str(parts)!r}'
        # all that a kernel may write to
        os.environ |= dict.fromkeys(("TMPDIR", "TEMP", "TMP", "IPYTHONDIR", "MPLCONFIGDIR"), folder)
        ReadOnlyVoila.launch_instance(argv=[], config=configuration(site))


def _leave(*_: object) -> None:
    sys.exit(0)


def _follow_stdin() -> None:
    os.read(sys.stdin.fileno(), 1)  # nothing more comes: it returns when the other end is closed
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
