"""What the Python servers share: a package of ofa-ve, run by ONNX Runtime in the process that calls it."""

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import onnxruntime as ort
from PIL import Image
from tokenizers import Tokenizer


class Entailment:
    """A model package. Each run uses one thread, so that a server's threads or processes share the cores."""

    def __init__(self, package: Path) -> None:
        manifest = json.loads((package / "manifest.json").read_text())
        self.text, self.side, self.answers = manifest["text"], manifest["image"]["size"], manifest["answers"]
        self.tokenizer = Tokenizer.from_file(str(package / "tokenizer.json"))
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self.image_graph, self.answer_graph = (
            ort.InferenceSession(str(package / name), options, providers=["CPUExecutionProvider"])
            for name in ("image.onnx", "model.onnx")
        )

    def pixels(self, image: bytes) -> np.ndarray:
        """uint8 [side, side, 3]"""
        picture = Image.open(BytesIO(image)).convert("RGB").resize((self.side, self.side), Image.Resampling.BICUBIC)
        return np.asarray(picture)

    def tokens(self, hypotheses: list[str]) -> np.ndarray:
        """int64 [B, T], padded to the shortest length that fits them all"""
        special = self.text["specialTokens"]
        prompts = [self.text["prompts"]["hypothesis"].replace("{}", each) for each in hypotheses]
        rows = [
            [special["bos"], *self.tokenizer.encode(prompt, add_special_tokens=False).ids, special["eos"]]
            for prompt in prompts
        ]
        length = next(each for each in self.text["lengths"] if each >= max(map(len, rows)))
        return np.array([row + [special["pad"]] * (length - len(row)) for row in rows], dtype=np.int64)

    def answer(self, pixels: list[np.ndarray], hypotheses: list[str]) -> list[dict]:
        """The answers of a batch: a picture and a hypothesis for each."""
        (features,) = self.image_graph.run(["image_features"], {"image": np.stack(pixels)})
        inputs = {"image_features": features, "input_ids": self.tokens(hypotheses)}
        (probabilities,) = self.answer_graph.run(["probabilities"], inputs)
        return [
            {"label": self.answers[int(row.argmax())], "scores": dict(zip(self.answers, row.tolist()))}
            for row in probabilities
        ]
