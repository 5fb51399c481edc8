# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The example model: all-MiniLM-L6-v2, captured and evaluated without a compiler."""

from __future__ import annotations

from collections import Counter
from types import ModuleType

import torch

from conftest import capture_and_check


def test_minilm(minilm: ModuleType) -> None:
    samples = minilm.samples()
    shapes = [tuple(sample["input_ids"].shape) for sample in samples]
    assert {(1, 1), (8, 128)} <= set(shapes)
    assert any((sample["attention_mask"] == 0).any() for sample in samples)

    captured = capture_and_check(minilm.model(), samples, minilm.dynamic_shapes, name="minilm")
    graph = captured.graph
    assert [port.name for port in graph.inputs] == ["input_ids", "attention_mask"]
    assert [port.name for port in graph.outputs] == ["last_hidden_state", "pooler_output"]
    assert graph.symbols == {"batch": (1, 8), "seq": (1, 128)}
    assert captured.record["verification"] == {"decomposed": False, "largest_difference": 0.0}

    kinds = Counter(operator.mnemonic for operator in graph.operators)
    assert kinds["linear"] == 37
    assert kinds["layer_norm"] == 13
    assert kinds["scaled_dot_product_attention"] == kinds["gelu"] == 6
    instances = [operator.instance for operator in graph.operators]
    assert len(set(instances)) == len(instances)
    assert "encoder.layer.0.attention.self.query" in instances
    assert "encoder.layer.5.attention.self.sdpa" in instances
    assert "embeddings.LayerNorm" in instances
    assert all(operator.source for operator in graph.operators)
    assert sum(tensor.numel() for name, tensor in captured.weights.items() if not name.endswith("_ids")) == 22_713_216


def test_similar_sentences_are_similar(minilm: ModuleType) -> None:
    batch = minilm.tokenize(minilm.SENTENCES)
    with torch.no_grad():
        states = minilm.model()(**batch).last_hidden_state
    vectors = minilm.embed(states, batch["attention_mask"])
    similarity = vectors @ vectors.T
    assert similarity[0, 1] > 0.5 > similarity[0, 2]
