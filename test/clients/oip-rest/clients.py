"""Calls the service as users of tritonclient and kserve do, and checks what they get. Argument: host:port"""

import asyncio
import sys
import zlib

import kserve
import numpy as np
import requests
import tritonclient.http as triton

ADDRESS = sys.argv[1]
MODEL = "ofa-demo"
PICTURE = open("demo/examples/3000001.jpg", "rb").read()
TEXTS = ["There are two red squares.", "There is a circle."]
LABELS = ["yes", "no", "maybe"]


def check(what, holds, shown=""):
    print(f"{'ok  ' if holds else 'FAIL'} {what}{f': {shown}' if shown != '' else ''}")
    if not holds:
        failures.append(what)


failures = []


def triton_inputs(binary):
    image = np.array([PICTURE], dtype=np.object_)
    inputs = []
    for name, values, is_binary in [
        ("text", np.array([text.encode() for text in TEXTS], dtype=np.object_), binary),
        # The client cannot put the bytes of a picture into JSON.
        ("image", image, True),
    ]:
        tensor = triton.InferInput(name, values.shape, "BYTES")
        tensor.set_data_from_numpy(values, binary_data=is_binary)
        inputs.append(tensor)
    return inputs


def check_triton():
    client = triton.InferenceServerClient(ADDRESS)
    check("tritonclient is_server_live, is_server_ready", client.is_server_live() and client.is_server_ready())
    digest = client.get_model_metadata(MODEL)["versions"][1]
    for version in ["", "1", digest]:
        called = f"version {'digest' if version == digest else version or 'unset'}"
        check(f"tritonclient is_model_ready, {called}", client.is_model_ready(MODEL, version))
        metadata = client.get_model_metadata(MODEL, version)
        check(f"tritonclient get_model_metadata, {called}", metadata["versions"][0] == "1" and len(metadata["inputs"]) == 3)
        config = client.get_model_config(MODEL, version)
        check(f"tritonclient get_model_config, {called}", config["input"][0]["data_type"] == "TYPE_STRING")
        check(
            f"tritonclient get_inference_statistics, {called}",
            client.get_inference_statistics(MODEL, version)["model_stats"][0]["version"] == "1",
        )
    check("tritonclient is_model_ready, version 2", not client.is_model_ready(MODEL, "2"))
    check("tritonclient get_server_metadata", "statistics" in client.get_server_metadata()["extensions"])
    index = client.get_model_repository_index()
    check("tritonclient get_model_repository_index", [(entry["version"], entry["state"]) for entry in index] == [("1", "READY")])

    answers = set()
    for request in [None, "gzip", "deflate"]:
        for response in [None, "gzip", "deflate"]:
            for binary in [True, False]:
                outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in ["label", "probabilities"]]
                result = client.infer(
                    MODEL,
                    triton_inputs(binary),
                    model_version="1",
                    request_id="a",
                    outputs=outputs,
                    request_compression_algorithm=request,
                    response_compression_algorithm=response,
                )
                labels = [as_text(label) for label in result.as_numpy("label")]
                answers.add((tuple(labels), result.as_numpy("probabilities").tobytes()))
                ok = all(label in LABELS for label in labels) and len(labels) == len(TEXTS)
                ok = ok and result.get_response()["model_version"] == "1" and result.get_response()["id"] == "a"
                form = "binary" if binary else "JSON"
                check(f"tritonclient infer, request {request}, response {response}, {form} texts and outputs", ok)
    check("tritonclient all answers are the same", len(answers) == 1, next(iter(answers))[0])
    result = client.infer(MODEL, triton_inputs(True))
    check("tritonclient infer, all outputs by default", result.as_numpy("probabilities").shape == (len(TEXTS), len(LABELS)))
    statistics = client.get_inference_statistics()["model_stats"][0]
    success = statistics["inference_stats"]["success"]
    check("tritonclient get_inference_statistics counts", success["count"] == 19 and statistics["inference_count"] == 38)
    try:
        client.infer("bert", triton_inputs(True))
        check("tritonclient unknown model", False)
    except triton.InferenceServerException as error:
        check("tritonclient unknown model", "no such model" in error.message(), error.message())


def as_text(label):
    return label.decode() if isinstance(label, bytes) else str(label)


async def check_kserve():
    client = kserve.InferenceRESTClient(kserve.RESTConfig(protocol="v2"))
    url = f"http://{ADDRESS}"
    check("kserve is_server_live, is_server_ready", await client.is_server_live(url) and await client.is_server_ready(url))
    check("kserve is_model_ready", await client.is_model_ready(url, MODEL))
    for binary in [True, False]:
        image = kserve.InferInput("image", [1], "BYTES")
        image.set_data_from_numpy(np.array([PICTURE], dtype=np.object_), binary_data=True)
        text = kserve.InferInput("text", [2], "BYTES")
        text.set_data_from_numpy(np.array([text.encode() for text in TEXTS], dtype=np.object_), binary_data=True)
        outputs = [
            kserve.protocol.infer_type.RequestedOutput(name, parameters={"binary_data": binary})
            for name in ["label", "probabilities"]
        ]
        request = kserve.InferRequest(MODEL, [image, text], request_id="b", request_outputs=outputs)
        response = await client.infer(url, request, model_name=MODEL)
        labels = [as_text(label) for label in response.outputs[0].as_numpy()]
        # The client drops model_version.
        ok = all(label in LABELS for label in labels) and response.id == "b"
        check(f"kserve infer, {'binary' if binary else 'JSON'} outputs", ok, labels)


def check_raw():
    """What no client has an option for."""
    infer = f"http://{ADDRESS}/v2/models/{MODEL}/infer"
    for encoding, body, status in [
        ("br", b"a", 415),
        ("deflate", zlib.compress(b'"' + b"a" * 60_000_000 + b'"'), 413),
        ("gzip", b"not gzip", 400),
    ]:
        response = requests.post(infer, data=body, headers={"Content-Encoding": encoding})
        check(f"requests {encoding} of {len(body)} bytes", response.status_code == status, response.json()["error"])
        if status == 415:
            check("requests Accept-Encoding", response.headers["Accept-Encoding"] == "gzip, deflate")
    index = requests.post(f"http://{ADDRESS}/v2/repository/index", json={"ready": True})
    check("requests repository index of ready models", index.json()[0]["state"] == "READY")


check_triton()
asyncio.run(check_kserve())
check_raw()
print(f"{len(failures)} failed")
sys.exit(1 if failures else 0)
