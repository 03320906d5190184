"""The operational loop of a fine-tune, stage by stage, in hours and money: what a training run alone does not show."""

from __future__ import annotations

from dataclasses import dataclass

from promptceiling.decision.assumptions import Assumptions
from promptceiling.decision.bill import HOURS_PER_MONTH
from promptceiling.decision.options import Option


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the loop: hours and USD of the first round, and of each month; `how` says what is counted."""

    name: str
    first_hours: float
    first_usd: float
    month_hours: float
    month_usd: float
    how: str


def stages_of(tune: Option, stated: Assumptions) -> tuple[Stage, ...]:
    """The seven stages of a fine-tune's life. Their USD add up to its set-up and to its month.

    >>> from promptceiling.decision import stated_inputs
    >>> [i.title for i in stated_inputs() if i.group == "loop"][:6]
    ['Data collection', 'Training', 'Evaluation', 'Deployment', 'Monitoring', 'Drift detection']
    """
    w, first, month = stated.usd_per_hour, tune.setup, tune.month
    labeling = first["labels that are missing"] / w
    serving = month.get("hosting", month.get("calls", 0.0))
    replicas = month["hosting"] / (stated.gpu_usd_per_hour * HOURS_PER_MONTH) if "hosting" in month else 0
    served = (f"{replicas:.0f} GPU{'' if round(replicas) == 1 else 's'} at all hours" if replicas
              else "calls at the price of the tuned model")
    again_usd = month["re-training"]
    again_hours = (again_usd - stated.training_usd / stated.retrain_every_months) / w
    return (
        Stage("data collection", stated.data_hours + labeling, first["data collection"]
              + first["labels that are missing"], 0.0, 0.0, "examples drawn and reviewed, missing labels included"),
        Stage("training", stated.training_hours, first["training"], 0.0, 0.0, "hours and the training run"),
        Stage("evaluation", stated.evaluation_hours, first["evaluation"], 0.0, 0.0, "on the sealed split"),
        Stage("deployment", stated.deployment_hours, first["deployment"], 0.0, serving, served),
        Stage("monitoring", 0.0, 0.0, stated.monitoring_hours, month["monitoring"], "a sample read, serving watched"),
        Stage("drift detection", 0.0, 0.0, stated.drift_hours, month["drift detection"], "inputs against the data"),
        Stage("re-training", 0.0, 0.0, again_hours, again_usd,
              f"{100 * stated.retrain_share:.3g}% of a round's hours every {stated.retrain_every_months:.3g} months"),
    )
