"""What is known about a photo: where, when, in which album; each with its source."""

from .file_dates import date_fact, date_in_name
from .folders import album_name, album_of
from .places import Gazetteer, Place, place_record

__all__ = [
    "Gazetteer",
    "Place",
    "album_name",
    "album_of",
    "date_fact",
    "date_in_name",
    "place_record",
]
