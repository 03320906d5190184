"""A page as Voila renders it: what stands before its kernel once for all visitors, the rest with each one's kernel."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from typing import Any

from nbclient.util import ensure_async
from voila.handler import VoilaHandler
from voila.notebook_renderer import NotebookRenderer
from voila.utils import ENV_VARIABLE, get_page_config

_KERNEL = '<script id="jupyter-config-data"'  # the first element that names the kernel
_GIVES_WAY = 10  # a kernel's priority below the server's, so that a reader gets the verdict while many kernels start


class Rendering:
    """One page for all its visitors: its compiled templates, and its text down to where the kernel is named.

    `starting` bounds the kernels that start at once: on a small machine thirty together are all late, two after two
    are not, and the last is no later.
    """

    def __init__(self, starting: asyncio.Semaphore) -> None:
        self.starting = starting
        self._exporter: Any = None
        self._page_config: dict[str, Any] | None = None
        self._opening: asyncio.Task[str] | None = None

    async def opening(self, handler: VoilaHandler) -> str:
        """The page down to where its kernel is named."""
        if self._opening is None or (self._opening.done() and self._opening.exception()):
            self._opening = asyncio.ensure_future(self._render_opening(handler))
        return await asyncio.shield(self._opening)

    async def rest(self, handler: VoilaHandler) -> AsyncIterator[str]:
        """The page from there on, as its own kernel, started here, comes to it."""
        renderer = await self._renderer(handler)
        kernel = await ensure_async(handler.kernel_manager.start_kernel(
            kernel_name=renderer.notebook.metadata.kernelspec.name, path="",
            env={**os.environ, ENV_VARIABLE.QUERY_STRING: handler.request.query}))
        manager = handler.kernel_manager.get_kernel(kernel)
        with contextlib.suppress(AttributeError, OSError):  # no such thing as a priority here, or the kernel has ended
            os.setpriority(os.PRIO_PROCESS, manager.provisioner.pid, _GIVES_WAY)
        before: str | None = ""
        async for text, _ in renderer.generate_content_generator(kernel, manager):
            if before is None:
                yield text
                continue
            before += text
            _, mark, after = before.partition(_KERNEL)
            if mark:
                before = None
                yield mark + after

    async def _render_opening(self, handler: VoilaHandler) -> str:
        renderer = await self._renderer(handler)
        renderer._jinja_kernel_start = _no_kernel
        found = ""
        async with contextlib.aclosing(renderer.generate_content_generator("")) as pieces:
            async for text, _ in pieces:
                found += text
                if _KERNEL in found:
                    break
        return found.partition(_KERNEL)[0]

    async def _renderer(self, handler: VoilaHandler) -> NotebookRenderer:
        if self._page_config is None:
            self._page_config = get_page_config(
                base_url=handler.base_url, settings=handler.settings, log=handler.log,
                voila_configuration=handler.voila_configuration)
        renderer = NotebookRenderer(
            request_handler=handler, voila_configuration=handler.voila_configuration,
            traitlet_config=handler.traitlet_config, notebook_path=handler.notebook_path,
            template_paths=handler.template_paths, config_manager=handler.config_manager,
            contents_manager=handler.contents_manager, base_url=handler.base_url,
            kernel_spec_manager=handler.kernel_spec_manager, page_config=self._page_config,
            mathjax_config=handler.settings.get("mathjax_config"), mathjax_url=handler.settings.get("mathjax_url"))
        await renderer.initialize()
        if self._exporter is None:
            self._exporter = renderer.exporter
        renderer.exporter = self._exporter  # its templates are compiled already
        return renderer


async def _no_kernel(*_: Any, **__: Any) -> str:
    return ""
