"""LitServe: one worker process, which computes up to 8 requests together.

usage: python litserve_batch.py PACKAGE PORT
"""

import sys
from pathlib import Path

import litserve as ls
from fastapi import Request

from entailment import Entailment

MAX_BATCH = 8
# How long a batch waits to fill, in seconds.
BATCH_TIMEOUT = 0.005


class EntailmentApi(ls.LitAPI):
    def setup(self, device: str) -> None:
        self.model = Entailment(Path(sys.argv[1]))

    def decode_request(self, request: Request):
        return self.model.pixels(request["image"].file.read()), request["text"]

    # LitServe's own would stack the pairs.
    def batch(self, inputs: list):
        return inputs

    def predict(self, inputs: list):
        pixels, hypotheses = zip(*inputs)
        return self.model.answer(list(pixels), list(hypotheses))

    def unbatch(self, output: list):
        return output


if __name__ == "__main__":
    api = EntailmentApi(max_batch_size=MAX_BATCH, batch_timeout=BATCH_TIMEOUT)
    server = ls.LitServer(api, accelerator="cpu")
    server.run(host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", generate_client_file=False)
