"""Voila, configured so that a visitor can read and nothing else. Run as a module: NOTEBOOK HOST PORT."""

from __future__ import annotations

import os
import sys
from pathlib import Path

CONTENT_SECURITY_POLICY = "; ".join((
    "default-src 'none'", "script-src 'self' 'unsafe-inline' 'unsafe-eval'", "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:", "font-src 'self' data:", "connect-src 'self'", "worker-src 'self' blob:", "base-uri 'none'",
    "form-action 'none'", "frame-ancestors 'none'",
))


def main(notebook: str, host: str, port: str) -> None:
    """Serve one notebook until a signal ends the process."""
    os.environ["JUPYTER_PATH"] = str(Path(__file__).parent / "share" / "jupyter")
    from traitlets.config import Config  # imported late: Jupyter reads JUPYTER_PATH when it is imported
    from voila.app import Voila

    config = Config()
    config.Voila.ip = host
    config.Voila.port = int(port)
    config.Voila.port_retries = 0
    config.Voila.open_browser = False
    config.Voila.log_level = "ERROR"
    config.Voila.tornado_settings = {
        "headers": {
            "Content-Security-Policy": CONTENT_SECURITY_POLICY, "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
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
    page.extension_allowlist = ["@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager"]
    config.MappingKernelManager.cull_idle_timeout = 1800
    config.MappingKernelManager.cull_interval = 60
    config.MappingKernelManager.cull_connected = False
    config.KernelRestarter.restart_limit = 0  # a restarted kernel has no widgets; a page without one is told so
    config.KernelManager.transport = "ipc" if os.name == "posix" else "tcp"
    Voila.launch_instance(argv=[notebook], config=config)


if __name__ == "__main__":
    main(*sys.argv[1:])
