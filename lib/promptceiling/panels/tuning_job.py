"""A fine-tuning job as a panel: how far it is, its loss, what it costs, and a button that cancels it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets
from markupsafe import Markup

from promptceiling.decision.words import usd
from promptceiling.errors import PromptCeilingError
from promptceiling.panels.charts import loss_chart
from promptceiling.panels.controls import controls, panel
from promptceiling.panels.markup import EMPTY, facts, notice, page, style
from promptceiling.runs import Endpoint, Workspace
from promptceiling.runs.read_only import only_shows
from promptceiling.tuning import cancel_job

_OVER = ("succeeded", "failed", "cancelled")
_READ_ONLY = "This page only shows: it can cancel nothing."


class JobProgress:
    """Give it to `fine_tune` as `on_status`; it shows each state that the server tells.

    With a workspace and an endpoint there is a Cancel button while the job is not over; with `read_only` it is never
    more than its reason, and a click that reaches it all the same does nothing.
    """

    def __init__(
        self, record: Mapping[str, Any] | None = None, *, workspace: Workspace | None = None,
        endpoint: Endpoint | None = None, read_only: bool = False,
    ) -> None:
        self.record, self.read_only = record, read_only or only_shows()
        self.problem = ""
        self._workspace, self._endpoint = workspace, endpoint
        self._cancelling: asyncio.Task[None] | None = None
        self.page = widgets.HTML()
        self.cancel = widgets.Button(description="Cancel the job")
        self.cancel.on_click(self._cancel)
        self.why = widgets.Label()
        self.view = panel(self.page, controls(self.cancel, self.why))
        self._render()

    def __call__(self, record: Mapping[str, Any]) -> None:
        """Show this state of the job."""
        self.record = record
        self._render()

    def _cancel(self, _: object) -> None:
        if not self._blocked():
            self._cancelling = asyncio.ensure_future(self._ask())
            self._render()

    async def _ask(self) -> None:
        if self._workspace is None or self._endpoint is None or self.record is None:
            return
        try:
            self.record = await cancel_job(self._workspace, dict(self.record), self._endpoint)
        except PromptCeilingError as error:
            self.problem = str(error)
        self._cancelling = None
        self._render()

    def _blocked(self) -> str:
        """Why there is nothing to cancel; "" where there is."""
        if self.read_only:
            return _READ_ONLY
        if self.record is None or self.record["status"] in _OVER:
            return "No job is running."
        if self._workspace is None or self._endpoint is None:
            return "This panel was made without a workspace and an endpoint: use cancel_job."
        return "The server is asked to cancel it." if self._cancelling is not None else ""

    def _render(self) -> None:
        self.why.value = self._blocked()
        self.cancel.disabled = bool(self.why.value)
        self.page.value = str(page(
            style(), job_section(self.record), notice(self.problem) if self.problem else EMPTY))


def job_section(job: Mapping[str, Any] | None) -> Markup:
    """A fine-tuning job: what it was trained on, how far it is, and its loss. None: nothing was tuned."""
    if job is None:
        return Markup("<h2>The fine-tuning job</h2><p>Nothing has been tuned.</p>")
    details, losses = job.get("details") or {}, job.get("losses") or []
    failed = EMPTY
    if job["status"] in ("failed", "cancelled"):
        failed = notice(f"The job was {job['status']}: {details.get('error') or 'the server gives no reason'}. "
                        "Its state is kept; tune again to start another.")
    known = facts([
        ("Status", str(job["status"])), ("Base model", str(job["base_model"])),
        ("Fine-tuned model", str(job.get("fine_tuned_model") or "none yet")),
        ("Training examples", f"{job['examples']:,}"), ("Trained tokens", _whole(job.get("trained_tokens"))),
        ("Seed", _whole(job.get("seed"))), ("Epochs", _whole(details.get("epochs"), "the server's choice")),
        ("Cost, estimated", "no price is known" if details.get("usd") is None else usd(details["usd"])),
    ])
    chart = _loss(losses, details.get("validation_losses") or [])
    return Markup("<h2>The fine-tuning job</h2>{}{}{}{}").format(
        _bar(job, losses, details.get("total_steps")), failed, known, chart)


def _bar(job: Mapping[str, Any], losses: list[list[float]], total: object) -> Markup:
    """A bar while the job is not over: full steps where the server tells how many there will be."""
    if job["status"] in _OVER:
        return EMPTY
    if not (losses and isinstance(total, int | float) and total > 0):
        return Markup('<progress class="pc-progress" aria-label="The job is at the server"></progress>')
    step = losses[-1][0]
    return Markup('<progress class="pc-progress" max="1" value="{}" aria-label="Steps, done of all"></progress>'
                  '<p class="pc-small">Step {} of {}.</p>').format(
        f"{min(1.0, step / total):.4f}", f"{step:,.0f}", f"{total:,.0f}")


def _loss(losses: list[list[float]], validation: list[list[float]]) -> Markup:
    if len(losses) < 2:
        return Markup("<p>The server reported no training loss.</p>")
    held = f" Validation loss from {validation[0][1]:.3g} to {validation[-1][1]:.3g}." if validation else ""
    return loss_chart(losses, validation=validation, described=(
        f"Training loss over {len(losses)} reported steps, from {losses[0][1]:.3g} to {losses[-1][1]:.3g}.{held} "
        "A falling training loss says that the job learned, not that new cases are answered better."))


def _whole(value: object, otherwise: str = "not reported") -> str:
    number = isinstance(value, int | float) and not math.isnan(value)
    return f"{value:,.0f}" if number else otherwise
