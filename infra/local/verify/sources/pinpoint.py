"""Calls Amazon Pinpoint's client of boto3 as it is published: one line of JSON on standard input.

{"url": …, "access_key_id": …, "secret_access_key": …, "application": …, "calls": [{"call": "put_events",
 "arguments": {…}}, …]}, or "calls": "every" for each operation of the client's own model, with the least that the
model asks for.

Only the endpoint and the credentials are given; retries are as they come. Writes what each call answered, or the
error that it raised: [{"call": …, "answer": {…}} | {"call": …, "error": {"code", "message", "status"}}, …]
"""

import json
import sys

import boto3
from botocore.exceptions import ClientError

APPLICATION = "ApplicationId"


def least(shape, name, application):
    """The least of a shape that the model takes."""
    if name == APPLICATION:
        return application
    kind = shape.type_name
    if kind == "structure":
        # A payload is taken, though the model asks for nothing in it.
        wanted = set(shape.required_members)
        return {key: least(member, key, application) for key, member in shape.members.items() if key in wanted}
    if kind == "list":
        return [least(shape.member, "", application)]
    if kind == "map":
        return {"x": least(shape.value, "", application)}
    if kind == "string":
        return shape.enum[0] if shape.enum else "x"
    return {"boolean": True, "blob": b"x", "timestamp": "2026-11-21T12:00:00Z"}.get(kind, 1)


def every(client, application):
    model = client.meta.service_model
    for name in model.operation_names:
        arguments = least(model.operation_model(name).input_shape, "", application)
        method = client.meta.method_to_api_mapping
        yield name, next(key for key, of in method.items() if of == name), arguments


def main():
    job = json.load(sys.stdin)
    client = boto3.client("pinpoint", endpoint_url=job["url"], region_name="eu-central-1",
                          aws_access_key_id=job["access_key_id"],
                          aws_secret_access_key=job["secret_access_key"])
    if job["calls"] == "every":
        calls = every(client, job["application"])
    else:
        calls = ((it["call"], it["call"], {APPLICATION: job["application"], **it["arguments"]})
                 for it in job["calls"])
    said = []
    for name, method, arguments in calls:
        try:
            answer = getattr(client, method)(**arguments)
            status = answer.pop("ResponseMetadata")["HTTPStatusCode"]
            said.append({"call": name, "status": status, "answer": answer})
        except ClientError as error:
            response = error.response
            said.append({"call": name, "error": {
                "code": response["Error"]["Code"], "message": response["Error"]["Message"],
                "status": response["ResponseMetadata"]["HTTPStatusCode"]}})
    json.dump(said, sys.stdout)


main()
