"""Voila, so configured that a visitor can read and nothing else. Run as a module; its site comes as JSON on stdin."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

SHARE = Path(__file__).parent / "share" / "jupyter"
os.environ["JUPYTER_PATH"] = str(SHARE)  # Jupyter reads it when it is imported

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
    config.VoilaExecutor.cell_error_instruction = "What it needs is not there; the page's owner can tell more."
    config.MappingKernelManager.cull_idle_timeout = 1800
    config.MappingKernelManager.cull_interval = 60
    config.MappingKernelManager.cull_connected = False
    config.KernelRestarter.restart_limit = 0  # a restarted kernel has no widgets; a page without one is told so
    config.KernelManager.shutdown_wait_time = 1.0  # a page keeps nothing, so its kernel need not be waited for
    config.KernelManager.transport = "ipc" if os.name == "posix" else "tcp"
    if kernels.FORKS:
        config.MappingKernelManager.kernel_manager_class = "promptceiling.app.kernels.ForkedKernelManager"
    return config


def main() -> None:
    """Serve until a signal ends the process."""
    ReadOnlyVoila.site = site = json.load(sys.stdin)
    logging.getLogger("tornado.general").setLevel(logging.ERROR)  # it warns of jupyter_server's own ping times
    if kernels.FORKS:
        kernels.SOURCE.start()
    with TemporaryDirectory(prefix="promptceiling-") as folder:
        for k, page in enumerate(site["pages"]):
            if page["parts"]:
                parts = Path(folder, f"{k}.json")
                parts.write_text(json.dumps(page["parts"]), encoding="utf-8")
                page["set_up"] += f'\nos.environ["PROMPTCEILING_PARTS"] = {str(parts)!r}'
        ReadOnlyVoila.launch_instance(argv=[], config=configuration(site))


if __name__ == "__main__":
    main()
