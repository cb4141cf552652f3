"""What the service did since it started, in plain numbers."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """Counts for `/metrics` and `/stats`."""

    captions_answered: int = 0
    """Made by a model; the others were known."""
    captions_from_store: int = 0
    captions_from_duplicate: int = 0
    captions_failed: int = 0
    captions_refused: int = 0
    """Turned away because the queue was full."""
    seconds_captioning: float = 0.0
    bytes_outside: int = 0
    """What came from outside: downloads of models, and nothing else."""

    @property
    def seconds_per_caption(self) -> float:
        """Return the mean seconds of a caption made here; 1 before the first."""
        if not self.captions_answered:
            return 1.0
        return self.seconds_captioning / self.captions_answered
