"""Has the product's language model answer, and prints the answer as JSON."""

import asyncio
from dataclasses import asdict
import json
import sys

from edge_runtime.config import load_settings
from edge_runtime.inference.text_messages import ChatTurn, GenerateJob
from edge_runtime.runtime import EdgeRuntime


async def main(model_id: str) -> None:
    """Print the answer with the CPU variant that gave it."""
    question = (ChatTurn("user", "Name an animal."),)
    async with EdgeRuntime(load_settings()) as runtime:
        runner = runtime.runner(runtime.model(model_id))
        answer = await runner.generate(GenerateJob(question, {"max_new_tokens": 8}))
    print(json.dumps(asdict(answer)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
