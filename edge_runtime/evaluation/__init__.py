"""Evaluation: caption a data set, score the captions, show what came out."""

from .annotations import DatasetError
from .captioning import basis_of, caption_photos
from .dataset import Dataset, Wanted
from .document import to_document
from .evaluation import Evaluation, score_models
from .formats import load_dataset
from .meteor import why_no_meteor
from .records import PhotoResult
from .report import check_embedding, report_html
from .table import headline, notes, table_lines
from .workfile import WorkFile

__all__ = [
    "Dataset",
    "DatasetError",
    "Evaluation",
    "PhotoResult",
    "Wanted",
    "WorkFile",
    "basis_of",
    "caption_photos",
    "check_embedding",
    "headline",
    "load_dataset",
    "notes",
    "report_html",
    "score_models",
    "table_lines",
    "to_document",
    "why_no_meteor",
]
