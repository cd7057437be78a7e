"""The exported data: pictures, the things in them, and sentences about them with their targets."""

from __future__ import annotations

import json
import pathlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

SIZE = 112
SIDE = SIZE // 16
CELLS = SIDE * SIDE
THINGS = 7
FIELDS = 6
# Columns of a row before the program: see export-sentences.ts.
PICTURE, KIND, ANSWER, OFFSET, COUNT, PARTS, SETS, CLAIMS = 0, 1, 2, 3, 4, 5, 7, 15
NUMBER_OF_SETS = 4
# Of each claim: the position of its last token, CLAIM_PROGRAM columns of its program, its sets and its truth.
MOST_CLAIMS, CLAIM_PROGRAM, CLAIM_SETS = 7, 12, 3
CLAIM_COLUMNS = 1 + CLAIM_PROGRAM + CLAIM_SETS + 1
HEAD = CLAIMS + MOST_CLAIMS * CLAIM_COLUMNS


@dataclass(frozen=True)
class Pictures:
    """uint8 [N, size, size, 3], and int16 [N, 7, 6]: cell, shape, colour, size, x and y in ten-thousandths."""

    pixels: np.ndarray
    things: np.ndarray

    @staticmethod
    def read(folder: pathlib.Path) -> Pictures:
        pixels = np.memmap(folder / "pictures.bin", np.uint8, "r").reshape(-1, SIZE, SIZE, 3)
        things = np.fromfile(folder / "things.bin", np.int16).reshape(-1, THINGS, FIELDS)
        return Pictures(pixels, things)


@dataclass(frozen=True)
class Sentences:
    rows: np.ndarray
    ids: np.ndarray

    @staticmethod
    def read(folder: pathlib.Path, name: str, columns: int) -> Sentences:
        rows = np.fromfile(folder / f"{name}.rows.bin", np.int32).reshape(-1, columns)
        return Sentences(rows, np.fromfile(folder / f"{name}.ids.bin", np.uint16))

    @staticmethod
    def join(shards: list[Sentences]) -> Sentences:
        """All shards combined, so that a batch has pictures of every shard."""
        rows = np.concatenate([shard.rows for shard in shards])
        ends = np.cumsum([len(shard.ids) for shard in shards])
        starts = np.concatenate([[0], ends[:-1]])
        rows[:, OFFSET] += np.repeat(starts, [len(shard.rows) for shard in shards]).astype(rows.dtype)
        return Sentences(rows, np.concatenate([shard.ids for shard in shards]))

    def ids_of(self, indices: np.ndarray) -> Tensor:
        """Token ids [B, T], padded with 1."""
        counts = self.rows[indices, COUNT]
        columns = np.arange(counts.max())
        at = self.rows[indices, OFFSET][:, None] + columns
        ids = np.where(columns < counts[:, None], self.ids[np.minimum(at, len(self.ids) - 1)], 1)
        return torch.from_numpy(ids.astype(np.int64))

    def batches(self, size: int, seed: int) -> list[np.ndarray]:
        """Every row once, in batches of equally long texts (padding costs time), in an order set by the seed."""
        random = np.random.default_rng(seed)
        order = random.permutation(len(self.rows))
        counts = self.rows[order, COUNT]
        batches = []
        for count in np.unique(counts):
            same = order[counts == count]
            batches += [same[at : at + size] for at in range(0, len(same), size)]
        return [batches[at] for at in random.permutation(len(batches))]


def read_program(folder: pathlib.Path) -> list[tuple[str, int]]:
    """The names of the program's columns and their numbers of classes."""
    return [(name, classes) for name, classes in json.loads((folder / "layout.json").read_text())["program"]]


def cell_targets(things: np.ndarray) -> dict[str, Tensor]:
    """Targets per cell for things [B, 7, 6]: -1 for an empty cell; x and y in 0..1."""
    count = len(things)
    names = {"shape": 1, "colour": 2, "size": 3}
    out = {name: np.full((count, CELLS), -1, np.int64) for name in names}
    place = np.zeros((count, CELLS, 2), np.float32)
    picture, thing = np.nonzero(things[:, :, 0] >= 0)
    cell = things[picture, thing, 0]
    for name, field in names.items():
        out[name][picture, cell] = things[picture, thing, field]
    place[picture, cell] = things[picture, thing, 4:6] / 10_000
    tensors = {name: torch.from_numpy(values) for name, values in out.items()}
    return {**tensors, "place": torch.from_numpy(place)}


def set_targets(rows: np.ndarray, things: np.ndarray) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The sets of things [B, 7, 6] that sentences [B, columns] are about.

    Returns, per cell and set, 0 (no), 1 (perhaps) or 2 (yes), or -1 if there is no such set [B, CELLS, 4]; the numbers
    of certain and of possible things, or -1 [B, 4, 2]; the position of the thing if there is only one [B, 4, 2]; and
    whether there is only one [B, 4]."""
    count = len(rows)
    bits = rows[:, SETS : SETS + 2 * NUMBER_OF_SETS].reshape(count, NUMBER_OF_SETS, 2)
    present = bits[:, :, 0] >= 0
    flags = (bits[:, :, :, None] >> np.arange(THINGS)) & 1
    level = flags.sum(2) * present[:, :, None]
    cells = np.zeros((count, CELLS, NUMBER_OF_SETS), np.int64)
    picture, thing = np.nonzero(things[:, :, 0] >= 0)
    cells[picture, things[picture, thing, 0]] = level[picture, :, thing]
    cells = np.where(present[:, None, :], cells, -1)
    counts = np.where(present[:, :, None], flags.sum(3), -1)
    single = present & (counts[:, :, 1] == 1) & (counts[:, :, 0] == 1)
    which = flags[:, :, 1].argmax(2)
    place = np.take_along_axis(things[:, :, 4:6].astype(np.float32), which[:, :, None], 1) / 10_000
    return (
        torch.from_numpy(cells),
        torch.from_numpy(counts.astype(np.int64)),
        torch.from_numpy(place),
        torch.from_numpy(single),
    )


@dataclass(frozen=True)
class ClaimTargets:
    """Targets of all C claims of a batch, for the last token of each. Where a claim has no such set, they are -1."""

    row: Tensor
    """Which sentence of the batch, [C]."""
    at: Tensor
    """Position of the token in the text, [C]."""
    program: Tensor
    """[C, CLAIM_PROGRAM]"""
    cells: Tensor
    """Whether each cell has a thing of each set: 0 or 1, [C, CELLS, CLAIM_SETS]."""
    counts: Tensor
    """Numbers of things in the sets, [C, CLAIM_SETS]."""
    place: Tensor
    """Position of the only thing of a set, 0 to 1, [C, CLAIM_SETS, 2]."""
    single: Tensor
    """Whether a set has only one thing, [C, CLAIM_SETS]."""
    truth: Tensor
    """[C]"""


def claim_targets(rows: np.ndarray, things: np.ndarray) -> ClaimTargets:
    """The targets of the claims of sentences [B, columns] about things [B, 7, 6]."""
    claims = rows[:, CLAIMS:HEAD].reshape(len(rows), MOST_CLAIMS, CLAIM_COLUMNS)
    row, claim = np.nonzero(claims[:, :, 0] >= 0)
    given = claims[row, claim].astype(np.int64)
    masks = given[:, 1 + CLAIM_PROGRAM : -1]
    present = masks >= 0
    members = ((masks[:, :, None] >> np.arange(THINGS)) & 1) * present[:, :, None]
    own = things[row]
    cells = np.zeros((len(row), CELLS, CLAIM_SETS), np.int64)
    one, thing = np.nonzero(own[:, :, 0] >= 0)
    cells[one, own[one, thing, 0]] = members[one, :, thing]
    counts = members.sum(2)
    place = np.take_along_axis(own[:, :, 4:6].astype(np.float32), members.argmax(2)[:, :, None], 1) / 10_000
    return ClaimTargets(
        row=torch.from_numpy(row),
        at=torch.from_numpy(given[:, 0]),
        program=torch.from_numpy(given[:, 1 : 1 + CLAIM_PROGRAM]),
        cells=torch.from_numpy(np.where(present[:, None, :], cells, -1)),
        counts=torch.from_numpy(np.where(present, counts, -1)),
        place=torch.from_numpy(place),
        single=torch.from_numpy(present & (counts == 1)),
        truth=torch.from_numpy(given[:, -1]),
    )
