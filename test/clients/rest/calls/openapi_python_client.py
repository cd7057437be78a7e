"""Calls the client that openapi-python-client writes: URL IMAGE TEXT TEXT."""

import base64
import io
import sys

from ofa_ve_client import Client
from ofa_ve_client.api.predictions import predict, predict_json
from ofa_ve_client.models import PredictForm, PredictJson
from ofa_ve_client.types import File

url, path, one, other = sys.argv[1:]


def show(call, answer):
    for judgement in answer.results or [answer]:
        print(call, judgement.label, judgement.confidence, sep="\t")


with open(path, "rb") as file:
    image = file.read()
encoded = base64.b64encode(image).decode()


def form(*texts):
    named = File(payload=io.BytesIO(image), file_name="picture.jpg", mime_type="image/jpeg")
    return predict.sync_detailed(client=client, body=PredictForm(image=named, text=list(texts)))


with Client(base_url=url) as client:
    show("form, one", form(one).parsed)
    show("form, several", form(one, other).parsed)
    show("JSON, one", predict_json.sync(client=client, body=PredictJson(image=encoded, text=one)))
    show("JSON, several", predict_json.sync(client=client, body=PredictJson(image=encoded, texts=[one, other])))
    wrong = form("  ")
    print("error", wrong.status_code.value, wrong.parsed.error, sep="\t")
