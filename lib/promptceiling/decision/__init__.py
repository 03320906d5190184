"""Room 6: the evidence, the table, the verdict, and the published file that anyone can check."""

from promptceiling.decision.alternatives import Alternative
from promptceiling.decision.assumptions import Assumptions, Input, stated_inputs
from promptceiling.decision.changes import ClassChange, ShareChange
from promptceiling.decision.checklist import Item, checklist_of
from promptceiling.decision.cost import Cost, cost_of
from promptceiling.decision.earlier import Earlier, Opening
from promptceiling.decision.evidence import Evidence, Scored
from promptceiling.decision.flips import Flip, flips_of
from promptceiling.decision.forecast import Course, Forecast, forecast_of
from promptceiling.decision.gather import best_variant, gather
from promptceiling.decision.life import ModelEnd, ModelEnds, model_ends
from promptceiling.decision.loop import Stage, stages_of
from promptceiling.decision.memo import memo_of, write_memo
from promptceiling.decision.options import Option, options_of
from promptceiling.decision.precedence import Verdict
from promptceiling.decision.published import Published, publish, read_published
from promptceiling.decision.readiness import Readiness
from promptceiling.decision.report import decision_json
from promptceiling.decision.table import Row, prompt_cost, table_of
from promptceiling.decision.usage import TokenUse
from promptceiling.decision.verdict import Decision, decide, verdict_of
from promptceiling.decision.verifying import verify
from promptceiling.decision.worlds import Plausible, plausible_verdicts

__all__ = [
    "Alternative",
    "Assumptions",
    "ClassChange",
    "Cost",
    "Course",
    "Decision",
    "Earlier",
    "Evidence",
    "Flip",
    "Forecast",
    "Input",
    "Item",
    "ModelEnd",
    "ModelEnds",
    "Opening",
    "Option",
    "Plausible",
    "Published",
    "Readiness",
    "Row",
    "Scored",
    "ShareChange",
    "Stage",
    "TokenUse",
    "Verdict",
    "best_variant",
    "checklist_of",
    "cost_of",
    "decide",
    "decision_json",
    "flips_of",
    "forecast_of",
    "gather",
    "memo_of",
    "model_ends",
    "options_of",
    "plausible_verdicts",
    "prompt_cost",
    "publish",
    "read_published",
    "stages_of",
    "stated_inputs",
    "table_of",
    "verdict_of",
    "verify",
    "write_memo",
]
