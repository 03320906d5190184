"""Room 4: metrics, intervals, comparisons, the plateau and three-valued conditions, from arrays alone."""

from promptceiling.scores.compare import MARGINS, Comparison, compare_paired
from promptceiling.scores.conditions import Status, labels_to_decide, status_of
from promptceiling.scores.interval import Interval, wilson
from promptceiling.scores.latency import percentile_interval
from promptceiling.scores.leaderboard import Leaderboard, Standing, leaderboard_of
from promptceiling.scores.metrics import PointMetrics, confusion_matrix, point_metrics
from promptceiling.scores.plateau import Plateau, plateau_of
from promptceiling.scores.score import ClassScore, Score, score_predictions

__all__ = [
    "MARGINS",
    "ClassScore",
    "Comparison",
    "Interval",
    "Leaderboard",
    "Plateau",
    "PointMetrics",
    "Score",
    "Standing",
    "Status",
    "compare_paired",
    "confusion_matrix",
    "labels_to_decide",
    "leaderboard_of",
    "percentile_interval",
    "plateau_of",
    "point_metrics",
    "score_predictions",
    "status_of",
    "wilson",
]
