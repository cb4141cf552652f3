"""Train, export and evaluate the embedded captioner."""
