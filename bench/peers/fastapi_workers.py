"""The server of the Kubernetes tutorial for OFA: two worker processes of uvicorn, whose endpoint computes while its event
loop waits.

usage: python fastapi_workers.py PACKAGE PORT
"""

import os
import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI, File, Form, UploadFile

from entailment import Entailment

WORKERS = 2

if __name__ == "__main__":
    os.environ["PACKAGE"] = sys.argv[1]
    uvicorn.run("fastapi_workers:app", host="127.0.0.1", port=int(sys.argv[2]), workers=WORKERS, log_level="warning")
else:
    # uvicorn imports this file in each worker.
    model = Entailment(Path(os.environ["PACKAGE"]))
    app = FastAPI()

    @app.post("/predict")
    async def predict(image: UploadFile = File(), hypothesis: str = Form(alias="text")):
        return model.answer([model.pixels(await image.read())], [hypothesis])[0]
