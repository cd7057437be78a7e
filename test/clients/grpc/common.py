"""What the scripts of both clients share. They run apart: each client registers the protocol's messages."""

import base64
import json
import sys
import urllib.request

import numpy as np

MODEL = "ofa-demo"
TEXTS = ["there are two red circles", "there is a green square"]
grpc_address, http_address, image_path = sys.argv[1:]
with open(image_path, "rb") as file:
    IMAGE = file.read()

TENSORS = {
    "image": np.array([IMAGE], dtype=np.object_),
    "text": np.array([text.encode() for text in TEXTS], dtype=np.object_),
}


def say(what, value="ok"):
    print(f"{what}: {value}")


def rest(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"http://{http_address}/v2/models/{MODEL}{path}", data) as response:
        return json.load(response)


def tensor(name, values):
    return {"name": name, "datatype": "BYTES", "shape": [len(values)], "data": values}


EXPECTED = rest("/infer", {"inputs": [tensor("image", [base64.b64encode(IMAGE).decode()]), tensor("text", TEXTS)]})


def compare(what, found):
    """Compares every output, given by name, with the answer of REST."""
    for output in EXPECTED["outputs"]:
        name, data = output["name"], output["data"]
        values = np.asarray(found(name)).flatten()
        if output["datatype"] == "BYTES":
            assert [v.decode() if isinstance(v, bytes) else str(v) for v in values] == data, (what, name, values)
        else:
            assert np.array_equal(values, np.array(data, dtype=np.float32).astype(values.dtype)), (what, name, values, data)
    say(what, "equals REST")
