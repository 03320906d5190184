"""Room 5: the training file, the fine-tuning job, and the local classifier measured beside the two."""

from promptceiling.tuning.export import training_lines, write_training_file
from promptceiling.tuning.jobs import fine_tune, follow_job
from promptceiling.tuning.local import LOCAL_NAME, run_local_classifier

__all__ = ["LOCAL_NAME", "fine_tune", "follow_job", "run_local_classifier", "training_lines", "write_training_file"]
