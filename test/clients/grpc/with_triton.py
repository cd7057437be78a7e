"""usage: with_triton.py GRPC_ADDRESS HTTP_ADDRESS IMAGE"""

import grpc
import numpy as np
import tritonclient.grpc as triton
from tritonclient.grpc import service_pb2, service_pb2_grpc

from common import EXPECTED, MODEL, TENSORS, compare, grpc_address, rest, say

say("REST", EXPECTED["outputs"][0]["data"])
client = triton.InferenceServerClient(grpc_address)
assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(MODEL)
assert client.is_model_ready(MODEL, "1")
say("tritonclient live, ready, model ready")
say("tritonclient server metadata", client.get_server_metadata().name)
metadata = client.get_model_metadata(MODEL)
assert list(metadata.versions) == rest("")["versions"]
say("tritonclient model metadata", [f"{t.name} {t.datatype}" for t in [*metadata.inputs, *metadata.outputs]])
assert not client.is_model_ready("other") and not client.is_model_ready(MODEL, "2")
config = client.get_model_config(MODEL, as_json=True)["config"]
described = rest("/config")
# Without "max_batch_size", which is 0 and so not sent. JSON of Protocol Buffers has whole numbers of 64 bits as texts.
assert config["parameters"] == described["parameters"] and config["backend"] == described["backend"]
for kind in ("input", "output"):
    tensors = [(t["name"], t["data_type"], [int(side) for side in t["dims"]]) for t in config[kind]]
    assert tensors == [(t["name"], t["data_type"], t["dims"]) for t in described[kind]], (kind, tensors)
say("tritonclient model config", [f"{t['name']} {t['data_type']}" for t in [*config["input"], *config["output"]]])
index = client.get_model_repository_index().models
say("tritonclient repository index", [f"{m.name} {m.version} {m.state}" for m in index])

inputs = []
for name, values in TENSORS.items():
    item = triton.InferInput(name, list(values.shape), "BYTES")
    item.set_data_from_numpy(values)
    inputs.append(item)
compare("tritonclient infer (raw)", client.infer(MODEL, inputs).as_numpy)
# The client sends raw tensors only; its messages can also hold typed ones.
request = service_pb2.ModelInferRequest(model_name=MODEL)
for name, values in TENSORS.items():
    item = request.inputs.add(name=name, datatype="BYTES", shape=values.shape)
    item.contents.bytes_contents.extend(values)
stub = service_pb2_grpc.GRPCInferenceServiceStub(grpc.insecure_channel(grpc_address))
typed = stub.ModelInfer(request)
assert not typed.raw_output_contents
FIELDS = {"BYTES": "bytes_contents", "INT64": "int64_contents", "FP32": "fp32_contents"}
# Not its InferResult.as_numpy, which fails on typed outputs with NumPy 2.
contents = {output.name: getattr(output.contents, FIELDS[output.datatype]) for output in typed.outputs}
compare("tritonclient infer (typed)", lambda name: np.array(list(contents[name])))
compare("tritonclient infer, gzip", client.infer(MODEL, inputs, compression_algorithm="gzip").as_numpy)
compare("tritonclient infer, version 1", client.infer(MODEL, inputs, model_version="1").as_numpy)
[statistics] = client.get_inference_statistics(MODEL, "1").model_stats
counted = rest("/stats")["model_stats"][0]["inference_stats"]
assert statistics.inference_stats.success.count == counted["success"]["count"] > 0
assert statistics.inference_stats.compute_infer.ns == counted["compute_infer"]["ns"]
say("tritonclient statistics", "equal REST")
try:
    client.infer("other", inputs)
    raise SystemExit("an unknown model was answered")
except triton.InferenceServerException as error:
    say("tritonclient unknown model", error)
