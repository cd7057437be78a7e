"""Auxiliary losses that ground sentences in pictures. Their heads are discarded after training. A model does not learn
from answers alone: these losses teach which cells a phrase refers to, how many things, where, and what is claimed."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from data import CELLS, CLAIM_SETS, HEAD, NUMBER_OF_SETS, PARTS, ClaimTargets

MOST = 8  # counts of things: 0 to 7


class Readout(nn.Module):
    """Predicts counts, positions and truth values from a vector."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.counts = nn.Linear(d, NUMBER_OF_SETS * 2 * MOST)
        self.place = nn.Linear(d, NUMBER_OF_SETS * 2)
        self.parts = nn.Linear(d, 2 * 3)

    def forward(self, x: Tensor, counts: Tensor, place: Tensor, single: Tensor, parts: Tensor) -> Tensor:
        loss = (
            0.1
            * NUMBER_OF_SETS
            * F.cross_entropy(self.counts(x).float().view(-1, MOST), counts.flatten(), ignore_index=-1)
        )
        where = self.place(x).float().view(-1, NUMBER_OF_SETS, 2)
        loss = loss + 3.0 * F.smooth_l1_loss(where[single], place[single], beta=0.1)
        truths = self.parts(x).float().view(-1, 3)
        return loss + 0.5 * F.cross_entropy(truths, parts.flatten(), ignore_index=-1)


# Classes of the columns of CLAIM_PROGRAM, by their names in the program.
CLAIM_NAMES = (
    ("operator", "negated", "number", "colour", "shape", "size", "secondColour", "secondShape", "secondSize")
    + ("propertyColour", "propertyShape", "propertySize")
)


# Size of the vectors with which claims and cells are compared.
POINTER = 32


class ClaimReadout(nn.Module):
    """Predicts a claim from the last token of its text: its program and the cells that it is about early, then where
    they are, its counts and its truth at the end. So the claims of a long sentence are judged where they are, side by
    side, and not all in the first position."""

    def __init__(self, d: int, program: list[tuple[str, int]]) -> None:
        super().__init__()
        sizes = dict(program)
        self.sizes = [sizes.get(name, 2) for name in CLAIM_NAMES]
        self.program = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, sum(self.sizes)))
        self.pointer = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, CLAIM_SETS * POINTER))
        self.pointed = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, CLAIM_SETS * POINTER))
        self.place = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, CLAIM_SETS * 2))
        self.counts = nn.Linear(d, CLAIM_SETS * MOST)
        self.truth = nn.Linear(d, 3)

    def cells_loss(self, token: Tensor, cells: Tensor, claims: ClaimTargets) -> Tensor:
        """Of pointing at the cells of each set: the sum over a picture, averaged over the existing sets."""
        pointer = self.pointer(token).view(-1, CLAIM_SETS, POINTER)
        pointed = self.pointed(cells).view(len(cells), CELLS, CLAIM_SETS, POINTER)[claims.row]
        scores = torch.einsum("csp,cnsp->cns", pointer, pointed).float() / POINTER**0.5 - 2
        known = claims.cells >= 0
        loss = F.binary_cross_entropy_with_logits(scores, claims.cells.clamp(min=0).float(), reduction="none")
        return (loss * known).sum() / known.sum().clamp(min=1) * CELLS

    def forward(self, between: list[Tensor], memory: Tensor, claims: ClaimTargets) -> Tensor:
        if len(claims.row) == 0:
            return memory.new_zeros((), dtype=torch.float32)
        at = CELLS + claims.at
        early, later, found = between[1][claims.row, at], between[2][claims.row, at], memory[claims.row, at]
        scores = self.program(early).float().split(self.sizes, dim=-1)
        program = sum(F.cross_entropy(score, claims.program[:, column]) for column, score in enumerate(scores))
        cells = self.cells_loss(early, between[1][:, :CELLS], claims)
        where = self.place(later).float().view(-1, CLAIM_SETS, 2)
        place = F.smooth_l1_loss(where[claims.single], claims.place[claims.single], beta=0.1, reduction="sum")
        counts = F.cross_entropy(
            self.counts(found).float().view(-1, MOST), claims.counts.flatten(), ignore_index=-1, reduction="sum"
        ) / (claims.counts >= 0).sum().clamp(min=1)
        truth = F.cross_entropy(self.truth(found).float(), claims.truth, ignore_index=-1, reduction="sum")
        truth = truth / (claims.truth >= 0).sum().clamp(min=1)
        return 0.15 * program + 0.15 * cells + 2 * place / claims.single.sum().clamp(min=1) + 0.3 * counts + truth


class Grounding(nn.Module):
    def __init__(self, d: int, program: list[tuple[str, int]]) -> None:
        super().__init__()
        self.sizes = [classes for _, classes in program]
        self.program = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, sum(self.sizes)))
        self.middle = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, NUMBER_OF_SETS * 3))
        self.final = nn.Linear(d, NUMBER_OF_SETS * 3)
        self.encoder = Readout(d)
        self.decoder = Readout(d)
        self.claims = ClaimReadout(d, program)

    def program_loss(self, x: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Cross entropy summed over the program's columns, and the fraction of correct columns."""
        scores = self.program(x).float().split(self.sizes, dim=-1)
        loss = x.new_zeros((), dtype=torch.float32)
        right = []
        for column, score in enumerate(scores):
            target = rows[:, HEAD + column]
            loss = loss + F.cross_entropy(score, target, ignore_index=-1)
            right.append(((score.argmax(-1) == target) | (target < 0)).float())
        return loss, torch.stack(right).amin(0).mean()

    def cell_loss(self, scores: Tensor, cells: Tensor) -> Tensor:
        """The sum over the cells of a picture, averaged over the existing sets."""
        loss = F.cross_entropy(
            scores.float().reshape(-1, 3), cells.flatten(), ignore_index=-1, reduction="sum"
        )
        return loss / (cells >= 0).sum().clamp(min=1) * CELLS

    def forward(
        self,
        state: Tensor,
        memory: Tensor,
        between: list[Tensor],
        rows: Tensor,
        targets: tuple[Tensor, Tensor, Tensor, Tensor],
        claims: ClaimTargets,
    ) -> dict[str, Tensor]:
        cells, counts, place, single = targets
        parts = rows[:, PARTS : PARTS + 2]
        program, understood = self.program_loss(between[1][:, CELLS], rows)
        return {
            "program": 0.15 * program,
            "understood": understood.detach(),
            "middle": 0.15 * self.cell_loss(self.middle(between[2][:, :CELLS]), cells),
            "final": 0.15 * self.cell_loss(self.final(memory[:, :CELLS]), cells),
            "encoder": self.encoder(memory[:, CELLS], counts, place, single, parts),
            "decoder": self.decoder(state, counts, place, single, parts),
            "claims": self.claims(between, memory, claims),
        }
