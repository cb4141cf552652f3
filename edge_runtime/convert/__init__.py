"""PyTorch checkpoints to ONNX models that the runtime's families run.

Runs on a desktop, in a process of its own, with the extra `convert`.
"""
