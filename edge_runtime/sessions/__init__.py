"""Where models run: the only importers of inference libraries."""
