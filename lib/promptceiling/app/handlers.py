"""What the app answers to a browser: its pages, the start page, sign-in, and an error page in words."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jinja2
import nbformat
import tornado.web
from jupyter_server import DEFAULT_TEMPLATE_PATH_LIST
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from markupsafe import Markup
from tornado.ioloop import PeriodicCallback
from voila.static_file_handler import AllowListFileHandler
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler, read_header_from_binary_message
from voila.tornado.treehandler import TornadoVoilaTreeHandler

from promptceiling.app.rendering import Rendering

_UNUSED = (TornadoVoilaHandler, TornadoVoilaTreeHandler, VoilaContentsHandler, AllowListFileHandler)
_LINK = re.compile(r"\]\(([\w-]+)\.ipynb\)")
_KEEP_ALIVE_MS = 10_000
_STYLE = Path(__file__).parents[1] / "panels" / "style.css"


class QuietChannels(VoilaKernelWebsocketHandler):  # type: ignore[misc]
    """The page's websocket, without what a kernel prints: a traceback says more than a visitor should read."""

    def write_message(self, message: bytes | str | dict[str, Any], binary: bool = False) -> Any:
        if isinstance(message, bytes):
            header = read_header_from_binary_message(message)
        else:  # what a client without the binary protocol gets
            header = (json.loads(message) if isinstance(message, str) else message).get("header")
        if (header or {}).get("msg_type") in ("stream", "error", "execute_input"):
            return None
        return super().write_message(message, binary)


class Page(TornadoVoilaHandler):  # type: ignore[misc]
    """A notebook over a published file, in a kernel of its own; what needs no kernel is there at once."""

    def initialize(self, *, page: dict[str, Any], rendering: Rendering, **settings: Any) -> None:
        super().initialize(**settings)
        self.page, self.rendering, self.left = page, rendering, False

    def on_connection_close(self) -> None:
        self.left = True
        super().on_connection_close()

    @tornado.web.authenticated
    async def get(self, path: str | None = None) -> None:
        if _without_token(self):
            return
        self.set_header("Content-Type", "text/html")
        self.set_header("Cache-Control", "no-cache, no-store, must-revalidate")
        self._send(await self.rendering.opening(self))
        waiting = PeriodicCallback(lambda: self._send("\n"), _KEEP_ALIVE_MS)  # or a proxy takes us for dead
        waiting.start()
        try:
            async with self.rendering.starting:
                if not self.left:  # a kernel started now would be nobody's
                    async for text in self.rendering.rest(self):
                        self._send(text)
        finally:
            waiting.stop()

    def _send(self, text: str) -> None:
        self.write(text)
        self.flush()


class Start(JupyterHandler):
    """The list of what can be read here."""

    def initialize(self, *, site: dict[str, Any]) -> None:
        self.site = site

    @tornado.web.authenticated
    def get(self) -> None:
        if _without_token(self):
            return
        self.write(self.render_template("start.html", pages=self.site["pages"]))  # type: ignore[no-untyped-call]


class NotHere(JupyterHandler):
    """Every other address."""

    async def prepare(self) -> None:  # type: ignore[override]
        await super().prepare()
        raise tornado.web.HTTPError(404)


class Above(tornado.web.RequestHandler):
    """The address above a proxy's path, and that path without its slash: they lead to the start."""

    def initialize(self, *, base_url: str) -> None:
        self.base_url = base_url

    def get(self) -> None:
        self.redirect(self.base_url + (f"?{self.request.query}" if self.request.query else ""))


def _without_token(handler: JupyterHandler) -> bool:
    """Whether the browser was sent to the same address without its token, which a cookie holds now."""
    query = parse_qsl(handler.request.query)
    left = [(name, value) for name, value in query if name != "token"]
    if len(left) == len(query):
        return False
    handler.redirect(handler.request.path + (f"?{urlencode(left)}" if left else ""))
    return True


def set_up(handler: Page, notebook: Any, cwd: str) -> Any:
    """The notebook with the page's title and its own first cell, which names its published file."""
    notebook.metadata["title"] = f"{handler.page['title']} · Prompt Ceiling"
    notebook.metadata["first_content"] = handler.page["parts"][0] if handler.page["parts"] else ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":  # a page's address is its notebook's name; the walkthrough's is the start
            cell.source = _LINK.sub(lambda found: f"]({'.' if found[1] == 'walkthrough' else found[1]})", cell.source)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(handler.page["set_up"]))  # type: ignore[no-untyped-call]
    return notebook


def templates(share: Path) -> jinja2.Environment:
    """The templates of pages without a kernel: ours before the server's own, every value escaped."""
    ours = share / "voila" / "templates" / "promptceiling"
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader([str(ours), *DEFAULT_TEMPLATE_PATH_LIST]), autoescape=True,
        extensions=["jinja2.ext.i18n"])
    found.install_null_translations()  # type: ignore[attr-defined]
    found.globals["style"] = Markup(_STYLE.read_text(encoding="utf-8"))  # noqa: S704 - our own file
    return found


def only_ours(voilas: list[Any], site: dict[str, Any], settings: dict[str, Any]) -> list[Any]:
    """Voila's handlers that a page needs, then the site's pages, then "not here" for every other address."""
    kept = []
    for pattern, handler, *rest in voilas:
        if issubclass(handler, VoilaKernelWebsocketHandler):
            kept.append((pattern, QuietChannels, *rest))
        elif not issubclass(handler, _UNUSED) and "/api/themes/" not in pattern:
            below = pattern.startswith(site["base_url"])  # Voila leaves the path out for signing in
            kept.append((pattern if below else url_path_join(site["base_url"], pattern), handler, *rest))
    starting = asyncio.Semaphore((os.cpu_count() or 1) + 1)
    for page in site["pages"]:
        kept.append((_exactly(site, page["address"]), Page, settings | {
            "notebook_path": page["notebook"], "page": page, "rendering": Rendering(starting)}))
    if all(page["address"] for page in site["pages"]):
        kept.append((_exactly(site, ""), Start, {"site": site}))
    if (base := site["base_url"]) != "/":
        kept.append((rf"(?:/|{re.escape(base.rstrip('/'))})$", Above, {"base_url": base}))
    return [*kept, (r"/.*", NotHere)]


def _exactly(site: dict[str, Any], address: str) -> str:
    return f"{re.escape(site['base_url'] + address)}$"
