"""The exported world: pictures, what is in them, and sentences about them with their targets."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

SIZE = 112
SIDE = SIZE // 16
CELLS = SIDE * SIDE
THINGS = 7
FIELDS = 6
# Columns of a sentence's row before the program: see export-sentences.ts.
PICTURE, KIND, ANSWER, OFFSET, COUNT, PARTS, SETS, HEAD = 0, 1, 2, 3, 4, 5, 7, 15
NUMBER_OF_SETS = 4


@dataclass(frozen=True)
class Pictures:
    """uint8 [N, size, size, 3], and int16 [N, 7, 6]: cell, shape, colour, size, x and y in ten-thousandths."""

    pixels: np.ndarray
    things: np.ndarray

    @staticmethod
    def read(folder: pathlib.Path) -> "Pictures":
        pixels = np.memmap(folder / "pictures.bin", np.uint8, "r").reshape(-1, SIZE, SIZE, 3)
        things = np.fromfile(folder / "things.bin", np.int16).reshape(-1, THINGS, FIELDS)
        return Pictures(pixels, things)


@dataclass(frozen=True)
class Sentences:
    rows: np.ndarray
    ids: np.ndarray

    @staticmethod
    def read(folder: pathlib.Path, name: str, columns: int) -> "Sentences":
        rows = np.fromfile(folder / f"{name}.rows.bin", np.int32).reshape(-1, columns)
        return Sentences(rows, np.fromfile(folder / f"{name}.ids.bin", np.uint16))

    def ids_of(self, indices: np.ndarray) -> Tensor:
        """Token ids padded with 1 to a multiple of four, [B, T]."""
        counts = self.rows[indices, COUNT]
        width = int(-(-counts.max() // 4) * 4)
        out = np.ones((len(indices), width), np.int64)
        for row, index in enumerate(indices):
            start, count = self.rows[index, OFFSET], self.rows[index, COUNT]
            out[row, :count] = self.ids[start : start + count]
        return torch.from_numpy(out)

    def batches(self, size: int, seed: int) -> Iterator[np.ndarray]:
        """Every row once, in batches of texts of about the same length, in an order that the seed fixes."""
        random = np.random.default_rng(seed)
        order = random.permutation(len(self.rows))
        for start in range(0, len(order), size * 24):
            block = order[start : start + size * 24]
            block = block[np.argsort(self.rows[block, COUNT], kind="stable")]
            batches = [block[at : at + size] for at in range(0, len(block), size)]
            for at in random.permutation(len(batches)):
                yield batches[at]


def read_program(folder: pathlib.Path) -> list[tuple[str, int]]:
    """Names and numbers of classes of the program's columns."""
    return [(name, classes) for name, classes in json.loads((folder / "layout.json").read_text())["program"]]


def cell_targets(things: np.ndarray) -> dict[str, Tensor]:
    """Per-cell targets of pictures [B, 7, 6]: -1 where a cell holds nothing; x and y in 0..1."""
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
    """What sentences [B, columns] are about in their pictures' things [B, 7, 6].

    Returns per cell and set 0 (no), 1 (perhaps) or 2 (yes), -1 throughout where there is no such set [B, CELLS, 4];
    the numbers of certain and of possible things [B, 4, 2], -1 likewise; the place of a single one [B, 4, 2], and
    whether there is a single one [B, 4]."""
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
