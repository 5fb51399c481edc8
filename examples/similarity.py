# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which sentences mean the same? Runs a compiled MiniLM beside PyTorch.

python examples/similarity.py minilm.tapx [--device vulkan:0]
"""

from __future__ import annotations

import argparse
import time

import minilm
import torch

import tapml


def print_table(sentences: list[str], vectors: torch.Tensor) -> None:
    """Prints the cosine similarity of every pair; vectors is [sentences, 384]."""
    similarity = vectors @ vectors.T
    print("Similarity of meaning, from 0 (none) to 1 (the same):")
    print("     " + "".join(f"{index + 1:>6}" for index in range(len(sentences))))
    for index, row in enumerate(similarity):
        cells = "".join(f"{value:6.2f}" for value in row.tolist())
        print(f"{index + 1:>4} {cells}  {sentences[index][:22]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("executable")
    parser.add_argument("--device", default="vulkan:0")
    arguments = parser.parse_args()

    inputs = minilm.tokenize(minilm.SENTENCES)
    times: dict[str, float] = {}

    def timed(what: str, action):
        start = time.perf_counter()
        result = action()
        times[what] = 1000 * (time.perf_counter() - start)
        return result

    executable = timed("load", lambda: tapml.load(arguments.executable, device=arguments.device))
    outputs = timed("first run", lambda: executable(**inputs))
    outputs = timed("second run", lambda: executable(**inputs))
    model = minilm.model()
    with torch.inference_mode():
        expected = timed("PyTorch, the same", lambda: model(**inputs))

    state = torch.from_dlpack(outputs["last_hidden_state"])
    print_table(minilm.SENTENCES, minilm.embed(state, inputs["attention_mask"]))
    real = inputs["attention_mask"].bool()
    difference = (state - expected.last_hidden_state).abs()[real].max().item()
    print(f"Largest difference from PyTorch: {difference:.1e}")
    print("Time: " + ", ".join(f"{what} {value:.0f} ms" for what, value in times.items()))


if __name__ == "__main__":
    main()
