"""usage: with_kserve.py GRPC_ADDRESS HTTP_ADDRESS IMAGE"""

import asyncio
import base64

import numpy as np
from kserve import InferenceGRPCClient, InferInput, InferRequest

from common import IMAGE, MODEL, TENSORS, compare, grpc_address, say


async def main():
    client = InferenceGRPCClient(url=grpc_address)
    assert await client.is_server_live() and await client.is_server_ready() and await client.is_model_ready(MODEL)
    say("kserve live, ready, model ready")
    for binary in (True, False):
        inputs = []
        # The client refuses bytes that are not text in a typed tensor.
        image = TENSORS["image"] if binary else np.array([base64.b64encode(IMAGE)], dtype=np.object_)
        for name, values in {**TENSORS, "image": image}.items():
            item = InferInput(name, list(values.shape), "BYTES")
            item.set_data_from_numpy(values, binary_data=binary)
            inputs.append(item)
        answer = await client.infer(InferRequest(model_name=MODEL, infer_inputs=inputs))
        outputs = {output.name: output for output in answer.outputs}
        compare(f"kserve infer ({'raw' if binary else 'typed'})", lambda name: outputs[name].as_numpy())


asyncio.run(main())
