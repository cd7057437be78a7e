"""Calls the client that openapi-generator writes for Python: URL IMAGE TEXT TEXT."""

import base64
import sys

import openapi_client
from openapi_client import Configuration, ApiClient, PredictionsApi, PredictJson

url, path, one, other = sys.argv[1:]


def show(call, answer):
    for judgement in answer.results or [answer]:
        print(call, judgement.label, judgement.confidence, sep="\t")


with open(path, "rb") as file:
    image = file.read()
encoded = base64.b64encode(image).decode()
with ApiClient(Configuration(host=url)) as client:
    api = PredictionsApi(client)
    named = ("picture.jpg", image)
    show("form, one", api.predict(named, [one]))
    show("form, several", api.predict(named, [one, other]))
    show("JSON, one", api.predict_json(PredictJson(image=encoded, text=one)))
    show("JSON, several", api.predict_json(PredictJson(image=encoded, texts=[one, other])))
    try:
        api.predict(named, ["  "])
    except openapi_client.ApiException as error:
        print("error", error.status, error.data.error, sep="\t")
