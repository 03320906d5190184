"""Room 3: the endpoint, the runner, and the store that keeps every answer that was paid for."""

from promptceiling.runs.brought_in import bring_in
from promptceiling.runs.completions import completions
from promptceiling.runs.embedding import embed_texts
from promptceiling.runs.endpoint import EMBEDDED_URL, Endpoint, is_embedded, parameter
from promptceiling.runs.estimate import Estimate, estimate_run
from promptceiling.runs.findings import Finding
from promptceiling.runs.handle import RunHandle
from promptceiling.runs.importing import Imported, import_results
from promptceiling.runs.latency import measure_latency
from promptceiling.runs.local_servers import LocalServer, local_servers
from promptceiling.runs.prices import Price, price_of, price_table, stated_price
from promptceiling.runs.probe import Probe, latest_probe, list_models, probe_endpoint, shutdown_dates
from promptceiling.runs.progress import Progress, RunSummary
from promptceiling.runs.runner import begin_run, run_variants
from promptceiling.runs.status import RunStatus, latest_run
from promptceiling.runs.workspace import Workspace

__all__ = [
    "EMBEDDED_URL",
    "Endpoint",
    "Estimate",
    "Finding",
    "Imported",
    "LocalServer",
    "Price",
    "Probe",
    "Progress",
    "RunHandle",
    "RunStatus",
    "RunSummary",
    "Workspace",
    "begin_run",
    "bring_in",
    "completions",
    "embed_texts",
    "estimate_run",
    "import_results",
    "is_embedded",
    "latest_probe",
    "latest_run",
    "list_models",
    "local_servers",
    "measure_latency",
    "parameter",
    "price_of",
    "price_table",
    "probe_endpoint",
    "run_variants",
    "shutdown_dates",
    "stated_price",
]
