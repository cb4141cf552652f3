"""Image captioning for small machines: runtime, command line and service."""

__version__ = "0.1.0"
