"""Room 4: metrics, intervals, comparisons, the plateau and three-valued conditions, from arrays alone."""

from promptceiling.scores.calibration import Calibration, ReliabilityBin, calibration_of
from promptceiling.scores.compare import MARGINS, Comparison, compare_paired
from promptceiling.scores.conditions import Status, labels_to_decide, status_of
from promptceiling.scores.influence import influence_interval
from promptceiling.scores.interval import Interval, mean_interval, wilson
from promptceiling.scores.latency import calls_for_ends, percentile_interval
from promptceiling.scores.leaderboard import Leaderboard, Standing, leaderboard_of
from promptceiling.scores.learning import CurvePoint, Forecast, LearningCurve, learning_curve
from promptceiling.scores.metrics import PointMetrics, confusion_matrix, point_metrics
from promptceiling.scores.mistakes import (
    ConfusedPair,
    Flip,
    Flips,
    MissedByAll,
    confused_pairs,
    flips_between,
    missed_by_all,
)
from promptceiling.scores.ordinal import OrdinalScore, order_of, ordinal_score
from promptceiling.scores.pairs import Pair
from promptceiling.scores.plateau import Plateau, plateau_of
from promptceiling.scores.power import cases_to_show, minimum_detectable_delta
from promptceiling.scores.score import ClassScore, Score, score_predictions
from promptceiling.scores.several import benjamini_hochberg, holm
from promptceiling.scores.slices import Slice, bands_of, slices_of
from promptceiling.scores.variation import Variation, delta_over_draws, variation_of

__all__ = [
    "MARGINS",
    "Calibration",
    "ClassScore",
    "Comparison",
    "ConfusedPair",
    "CurvePoint",
    "Flip",
    "Flips",
    "Forecast",
    "Interval",
    "Leaderboard",
    "LearningCurve",
    "MissedByAll",
    "OrdinalScore",
    "Pair",
    "Plateau",
    "PointMetrics",
    "ReliabilityBin",
    "Score",
    "Slice",
    "Standing",
    "Status",
    "Variation",
    "bands_of",
    "benjamini_hochberg",
    "calibration_of",
    "calls_for_ends",
    "cases_to_show",
    "compare_paired",
    "confused_pairs",
    "confusion_matrix",
    "delta_over_draws",
    "flips_between",
    "holm",
    "influence_interval",
    "labels_to_decide",
    "leaderboard_of",
    "learning_curve",
    "mean_interval",
    "minimum_detectable_delta",
    "missed_by_all",
    "order_of",
    "ordinal_score",
    "percentile_interval",
    "plateau_of",
    "point_metrics",
    "score_predictions",
    "slices_of",
    "status_of",
    "variation_of",
    "wilson",
]
