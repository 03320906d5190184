"""Room 5: the training file, the fine-tuning job, and the local classifier measured beside the two."""

from promptceiling.tuning.curve import curve_sizes, drawn_predictions, learning_curve_of, run_learning_curve
from promptceiling.tuning.export import training_lines, training_variant, write_training_file
from promptceiling.tuning.jobs import cancel_job, fine_tune, follow_job, open_jobs, register_fine_tune, succeeded_jobs
from promptceiling.tuning.linear import LinearClassifier
from promptceiling.tuning.local import LOCAL_NAME, LOCAL_URL, LocalRun, run_local_classifier
from promptceiling.tuning.recipe import DEFAULT_MODEL, open_models, write_recipe
from promptceiling.tuning.training_files import TrainingFiles, export_training
from promptceiling.tuning.vectors import VECTORS_URL, run_embedding_classifier

__all__ = [
    "DEFAULT_MODEL",
    "LOCAL_NAME",
    "LOCAL_URL",
    "VECTORS_URL",
    "LinearClassifier",
    "LocalRun",
    "TrainingFiles",
    "cancel_job",
    "curve_sizes",
    "drawn_predictions",
    "export_training",
    "fine_tune",
    "follow_job",
    "learning_curve_of",
    "open_jobs",
    "open_models",
    "register_fine_tune",
    "run_embedding_classifier",
    "run_learning_curve",
    "run_local_classifier",
    "succeeded_jobs",
    "training_lines",
    "training_variant",
    "write_recipe",
    "write_training_file",
]
