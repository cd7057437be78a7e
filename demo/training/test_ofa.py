"""The module computes the same numbers as the reference, with the weights and results of the fixture."""

import json
import pathlib
import unittest

import numpy as np
import torch

from checkpoint import load_checkpoint

FIXTURE = pathlib.Path(__file__).parents[2] / "test" / "fixtures" / "ofa" / "mini-none"


def read_png(path: pathlib.Path) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(path).convert("RGB")).copy()


class Parity(unittest.TestCase):
    def test_reproduces_the_reference(self) -> None:
        model = load_checkpoint(FIXTURE).eval()
        answers = list(json.loads((FIXTURE / "ans2label.json").read_text()))
        vocabulary = json.loads((FIXTURE / "vocab.json").read_text())
        rows = [vocabulary["\u0120" + answer] for answer in answers]
        for case in json.loads((FIXTURE / "expected.json").read_text()):
            pixels = torch.from_numpy(read_png(FIXTURE / case["image"]))[None]
            with torch.no_grad():
                features = model.features(pixels)
                state, memory, _ = model(features, torch.tensor([case["input_ids"]]))
            expected = torch.tensor(case["encoder_out_first8"] + case["encoder_out_last8"])
            found = torch.cat([memory[0, 0, :8], memory[0, -1, :8]])
            self.assertLess((found - expected).abs().max().item(), 1e-4)
            probabilities = torch.softmax(model.answer_logits(state, rows)[0], 0)
            self.assertLess((probabilities - torch.tensor(case["probs"])).abs().max().item(), 1e-4)


if __name__ == "__main__":
    unittest.main()
