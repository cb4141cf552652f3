"""Recognise a picture by its coded data, whatever its metadata say."""

from .hashing import hash_stream, picture_hash

__all__ = ["hash_stream", "picture_hash"]
