"""Training is deterministic for a seed, resumes where it was stopped, and `--only` leaves no files behind."""

import contextlib
import io
import json
import pathlib
import re
import shutil
import sys
import tempfile
import unittest
from unittest import mock

import numpy as np
import torch

import train
import trunk
from data import CLAIM_COLUMNS, CLAIMS, FIELDS, HEAD, MOST_CLAIMS, NUMBER_OF_SETS, PARTS, SETS, SIZE, THINGS, Pictures
from ofa import Ofa
from run import model_config

VOCABULARY = pathlib.Path(__file__).parents[1] / "checkpoint"
PROGRAM = [["combination", 4], ["colour", 9]]


def write_data(folder: pathlib.Path, pictures: int = 12, sentences: int = 300) -> None:
    """Pictures of noise and sentences of random words: enough for training steps."""
    random = np.random.default_rng(5)
    (folder / "vocabulary").mkdir(parents=True)
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(VOCABULARY / name, folder / "vocabulary" / name)
    (folder / "layout.json").write_text(json.dumps({"program": PROGRAM}))
    for part, name in (("training", "s0"), ("held-out", "all")):
        (folder / part).mkdir()
        random.integers(0, 256, (pictures, SIZE, SIZE, 3), np.uint8).tofile(folder / part / "pictures.bin")
        things = np.full((pictures, THINGS, FIELDS), -1, np.int16)
        things[:, 0] = [3, 1, 2, 1, 5000, 5000]
        things.tofile(folder / part / "things.bin")
        rows = np.full((sentences, HEAD + len(PROGRAM)), -1, np.int32)
        rows[:, 0] = random.integers(0, pictures, sentences)
        rows[:, 1] = random.integers(0, 14, sentences)
        rows[:, 2] = random.integers(0, 3, sentences)
        rows[:, 3] = np.arange(sentences) * 9
        rows[:, 4] = 9
        rows[:, PARTS : PARTS + 2] = random.integers(0, 3, (sentences, 2))
        rows[:, SETS : SETS + 2 * NUMBER_OF_SETS] = 1
        claims = rows[:, CLAIMS:HEAD].reshape(sentences, MOST_CLAIMS, CLAIM_COLUMNS)
        claims[:, 0] = random.integers(0, 2, (sentences, CLAIM_COLUMNS))
        claims[:, 0, 0] = 5
        rows[:, CLAIMS:HEAD] = claims.reshape(sentences, -1)
        rows[:, HEAD:] = random.integers(0, 4, (sentences, len(PROGRAM)))
        rows.tofile(folder / part / f"{name}.rows.bin")
        random.integers(3, 200, sentences * 9, np.uint16).tofile(folder / part / f"{name}.ids.bin")


def rehearse(data: pathlib.Path, *more: str) -> list[str]:
    """The printed losses of the first steps."""
    said = io.StringIO()
    arguments = ["train.py", "--data", str(data), "--out", str(data / "out"), "--trunk-steps", "2", "--only", "3"]
    with mock.patch.object(sys, "argv", [*arguments, *more]), contextlib.redirect_stdout(said):
        train.main()
    return re.findall(r"step \d+ loss (\S+)", said.getvalue())


class Rehearsal(unittest.TestCase):
    def test_gives_the_same_losses_for_the_same_seed_and_keeps_nothing(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            data = pathlib.Path(folder) / "data"
            write_data(data)
            before = sorted(data.rglob("*"))
            losses = rehearse(data)
            self.assertEqual(len(losses), 3)
            self.assertNotIn("nan", losses)
            self.assertEqual(rehearse(data), losses)
            self.assertNotEqual(rehearse(data, "--seed", "2"), losses)
            self.assertEqual(sorted(data.rglob("*")), before)

    def test_of_the_trunk_goes_on_where_it_was_stopped(self) -> None:
        with tempfile.TemporaryDirectory() as name, mock.patch.object(trunk, "LOOK_EVERY", 2):
            folder = pathlib.Path(name)
            write_data(folder / "data")
            whole, _ = warm_up(folder, "whole.pt", stop_at=None)
            stopped, _ = warm_up(folder, "part.pt", stop_at="trunk 2/6 ")
            self.assertFalse(all(torch.equal(stopped[name], whole[name]) for name in whole))
            resumed, said = warm_up(folder, "part.pt", stop_at=None)
            self.assertEqual(said[0], "going on from step 3 of the trunk")
            for part, value in whole.items():
                self.assertTrue(torch.equal(resumed[part], value), part)


def warm_up(folder: pathlib.Path, kept: str, stop_at: str | None) -> tuple[dict[str, torch.Tensor], list[str]]:
    """The trunk's weights after six steps, or after those before a line of the log, and the log."""
    torch.manual_seed(4)
    model = Ofa(model_config(1000))
    pictures = Pictures.read(folder / "data" / "training")
    said: list[str] = []

    def log(line: str) -> None:
        said.append(line)
        if stop_at is not None and line.startswith(stop_at):
            raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        trunk.warm_up(model, pictures, pictures, trunk.WarmUp(6, 1e-3, 7, folder / kept, log))
    return model.encoder.embed_images.state_dict(), said


if __name__ == "__main__":
    unittest.main()
