"""The server that one writes first: FastAPI runs each request in its thread pool, with ONNX Runtime in the same process.

usage: python fastapi_pool.py PACKAGE PORT
"""

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI, File, Form

from entailment import Entailment

model = Entailment(Path(sys.argv[1]))
app = FastAPI()


@app.post("/predict")
def predict(image: bytes = File(), hypothesis: str = Form(alias="text")):
    return model.answer([model.pixels(image)], [hypothesis])[0]


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
