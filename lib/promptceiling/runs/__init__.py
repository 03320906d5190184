"""Room 3: the endpoint, the runner, and the store that keeps every answer that was paid for."""

from promptceiling.runs.completions import completions
from promptceiling.runs.endpoint import EMBEDDED_URL, Endpoint
from promptceiling.runs.latency import measure_latency
from promptceiling.runs.runner import Progress, RunSummary, run_variants
from promptceiling.runs.workspace import Workspace

__all__ = [
    "EMBEDDED_URL",
    "Endpoint",
    "Progress",
    "RunSummary",
    "Workspace",
    "completions",
    "measure_latency",
    "run_variants",
]
