"""Calls AWS's SDK for Python as it is told: a line of JSON in, a line of JSON out.

In: {"client": {…}, "calls": [{"service": "s3", "operation": "put_object", "parameters": {…}}, …]}
Out: {"answers": [{…}, …]}, or {"error": "…"} for the first call that failed.
"""

import base64
import json
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

CLIENTS = {}


def client(options, service):
    name = json.dumps([options, service], sort_keys=True)
    if name not in CLIENTS:
        config = Config(
            retries={"max_attempts": 3},
            max_pool_connections=8,
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
        )
        CLIENTS[name] = boto3.session.Session().client(service, config=config, **options)
    return CLIENTS[name]


def call(options, asked):
    parameters = dict(asked["parameters"])
    if "Body" in parameters:
        parameters["Body"] = base64.b64decode(parameters["Body"])
    answer = getattr(client(options, asked["service"]), asked["operation"])(**parameters)
    answer.pop("ResponseMetadata", None)
    return answer


def main():
    with ThreadPoolExecutor(8) as pool:
        for line in sys.stdin:
            asked = json.loads(line)
            options = asked["client"]
            try:
                # A client is made by one thread alone.
                for one in asked["calls"]:
                    client(options, one["service"])
                answers = list(pool.map(lambda one: call(options, one), asked["calls"]))
                said = {"answers": answers}
            except Exception as error:
                said = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(said, default=str), flush=True)


main()
