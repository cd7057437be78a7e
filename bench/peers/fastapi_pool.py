"""The server that one writes first: FastAPI runs each request in its thread pool, with ONNX Runtime in the same process.

usage: python fastapi_pool.py PACKAGE PORT
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime as ort
import uvicorn
from fastapi import FastAPI, File, Form
from io import BytesIO
from PIL import Image
from tokenizers import Tokenizer

package = Path(sys.argv[1])
manifest = json.loads((package / "manifest.json").read_text())
text, side, answers = manifest["text"], manifest["image"]["size"], manifest["answers"]
tokenizer = Tokenizer.from_file(str(package / "tokenizer.json"))
options = ort.SessionOptions()
options.intra_op_num_threads = 1
image_graph, answer_graph = (
    ort.InferenceSession(str(package / name), options, providers=["CPUExecutionProvider"])
    for name in ("image.onnx", "model.onnx")
)
app = FastAPI()


def tokens(hypothesis: str) -> np.ndarray:
    prompt = text["prompts"]["hypothesis"].replace("{}", hypothesis)
    special = text["specialTokens"]
    ids = [special["bos"], *tokenizer.encode(prompt, add_special_tokens=False).ids, special["eos"]]
    length = next(each for each in text["lengths"] if each >= len(ids))
    return np.array([ids + [special["pad"]] * (length - len(ids))], dtype=np.int64)


@app.post("/predict")
def predict(image: bytes = File(), hypothesis: str = Form(alias="text")):
    picture = Image.open(BytesIO(image)).convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
    (features,) = image_graph.run(["image_features"], {"image": np.asarray(picture)[None]})
    (scores,) = answer_graph.run(
        ["probabilities"], {"image_features": features, "input_ids": tokens(hypothesis)}
    )
    return {"label": answers[int(scores[0].argmax())], "scores": dict(zip(answers, scores[0].tolist()))}


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
