"""The batches of training."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from data import HEAD, PICTURE, ClaimTargets, Pictures, Sentences, claim_targets, set_targets
from files import write
from ofa import Ofa
from trunk import cache_features

# Rows, token ids, features of the pictures, and targets of the sets of things and of the claims.
Batch = tuple[Tensor, Tensor, Tensor, tuple[Tensor, Tensor, Tensor, Tensor], ClaimTargets]


class Material:
    """The cached features of all pictures, and the sentences of all shards."""

    def __init__(
        self, kept: pathlib.Path, folder: pathlib.Path, model: Ofa, program: int, log: Callable[[str], None]
    ) -> None:
        """`kept` is the folder of the cached features, `folder` has the data, `program` is its number of columns."""
        self.pictures = Pictures.read(folder)
        self.columns = HEAD + program
        self.folder = folder
        self.names = sorted(path.name.split(".")[0] for path in folder.glob("*.rows.bin"))
        cached = kept / "features.pt"
        if not cached.exists():
            log("computing the trunk's features")
            write(cache_features(model, self.pictures), cached)
        self.features = torch.load(cached, weights_only=True, mmap=True)

    def batches(self, size: int, seed: int, skip: int) -> Iterator[Batch]:
        """Endless batches, starting with number `skip`: (rows, ids, features, set targets)."""
        shards = [Sentences.read(self.folder, name, self.columns) for name in self.names]
        sentences = Sentences.join(shards)
        number = 0
        for epoch in range(10_000):
            for index in sentences.batches(size, seed + 1000 * epoch):
                number += 1
                if number > skip:
                    yield batch_of(sentences, index, self.pictures, self.features)


def batch_of(sentences: Sentences, index: np.ndarray, pictures: Pictures, features: Tensor) -> Batch:
    rows = sentences.rows[index]
    picture = rows[:, PICTURE]
    things = pictures.things[picture]
    return (
        torch.from_numpy(rows.astype(np.int64)),
        sentences.ids_of(index),
        features[torch.from_numpy(picture.astype(np.int64))],
        set_targets(rows, things),
        claim_targets(rows, things),
    )
