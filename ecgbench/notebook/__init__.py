"""ecgbench in notebooks: Kaggle's paths, pictures in parallel, submissions, and results that show themselves; all of it offline."""

from ecgbench.notebook.environment import NotebookEnvironment
from ecgbench.notebook.processing import (
    BatchResult,
    PictureResult,
    notebook_process_batch,
    notebook_process_image,
    process_batch_for_submission,
    process_image_for_submission,
)
from ecgbench.notebook.submissions import format_submission, save_submission

__all__ = [
    "BatchResult", "NotebookEnvironment", "PictureResult", "format_submission", "notebook_process_batch", "notebook_process_image",
    "process_batch_for_submission", "process_image_for_submission", "save_submission",
]  # fmt: skip
