"""Room 6: the evidence, the table, the verdict, and the published file that anyone can check."""

from promptceiling.decision.alternatives import Alternative
from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.changes import ClassChange, ShareChange
from promptceiling.decision.cost import Cost, cost_of
from promptceiling.decision.evidence import Evidence, Opening, Scored
from promptceiling.decision.gather import gather
from promptceiling.decision.published import Published, publish, read_published, verify
from promptceiling.decision.readiness import Readiness
from promptceiling.decision.table import Row, prompt_cost, table_of
from promptceiling.decision.usage import TokenUse
from promptceiling.decision.verdict import Decision, Verdict, decide

__all__ = [
    "Alternative",
    "Assumptions",
    "ClassChange",
    "Cost",
    "Decision",
    "Evidence",
    "Opening",
    "Published",
    "Readiness",
    "Row",
    "Scored",
    "ShareChange",
    "TokenUse",
    "Verdict",
    "cost_of",
    "decide",
    "gather",
    "prompt_cost",
    "publish",
    "read_published",
    "table_of",
    "verify",
]
