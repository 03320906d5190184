"""The views: the only place with ipywidgets. Each shows a frozen state and changes nothing by itself."""

from promptceiling.panels.asking import RunPanel
from promptceiling.panels.decision import DecisionPanel
from promptceiling.panels.endpoint import EndpointPanel
from promptceiling.panels.labeled_set import LabeledSetPanel
from promptceiling.panels.memo_pictures import memo_pictures
from promptceiling.panels.own_file import OwnFilePanel, RepresentativenessPanel
from promptceiling.panels.prompts import PromptsPanel
from promptceiling.panels.runs import RunProgress
from promptceiling.panels.scores import ScoresPanel
from promptceiling.panels.search import SearchPanel
from promptceiling.panels.tuning import TuningPanel
from promptceiling.panels.tuning_job import JobProgress
from promptceiling.panels.variant_diff import VariantDiffPanel
from promptceiling.panels.walkthrough import Walkthrough, open_walkthrough
from promptceiling.panels.what_if import WhatIf

__all__ = [
    "DecisionPanel",
    "EndpointPanel",
    "JobProgress",
    "LabeledSetPanel",
    "OwnFilePanel",
    "PromptsPanel",
    "RepresentativenessPanel",
    "RunPanel",
    "RunProgress",
    "ScoresPanel",
    "SearchPanel",
    "TuningPanel",
    "VariantDiffPanel",
    "Walkthrough",
    "WhatIf",
    "memo_pictures",
    "open_walkthrough",
]
