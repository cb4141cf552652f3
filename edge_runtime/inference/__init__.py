"""Inference in child processes: the parent's runner, the protocol, the worker."""
