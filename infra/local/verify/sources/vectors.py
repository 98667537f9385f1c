"""Requests as botocore signs them, at noon of 21 November 2026: `vectors.py` writes them anew.

Nothing is sent: each request is taken as it would go out. `shared/aws/tests/sigv4.json` has them as they are;
under `events/` they are as API Gateway hands them to the functions, its path decoded, signed by an access key of
the tenant `acme`, whose secret is 32 times the byte 7.
"""

import datetime
import hashlib
import json
import pathlib
import re
from urllib.parse import unquote, urlsplit

import boto3
import botocore.auth
from botocore.awsrequest import AWSResponse
from botocore.config import Config

ROOT = pathlib.Path(__file__).resolve().parents[4]
NOON = datetime.datetime(2026, 11, 21, 12, 0, 0, tzinfo=datetime.timezone.utc)
INVOCATION = "0e2bac33-8527-451d-b24f-bb467cafcb49"
HOST = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"

PLAIN = [
    ("put_events", {"EventsRequest": {"BatchItem": {"e-1": {"Endpoint": {}, "Events": {
        "1": {"EventType": "cart.updated", "Timestamp": "2026-11-21T09:30:00Z"}}}}}}),
    ("get_endpoint", {"EndpointId": "plain-1"}),
    ("get_endpoint", {"EndpointId": "a b+c@d=e&f:g~h!'()*"}),
    ("get_user_endpoints", {"UserId": "Zoë#42 7%?"}),
    ("update_endpoint", {"EndpointId": "größe", "EndpointRequest": {"Address": "ada@example.com"}}),
    ("delete_endpoint", {"EndpointId": "100%25"}),
]

ADA = {"ChannelType": "EMAIL", "Address": "ada@example.com", "OptOut": "NONE",
       "Attributes": {"interests": ["tea", "pots"]}, "Metrics": {"seats": 3.0},
       "Demographic": {"Locale": "de_CH", "Timezone": "Europe/Zurich"},
       "User": {"UserId": "ada", "UserAttributes": {"plan": ["gold"]}}}


def event(minute, value):
    return {"EventType": "cart_updated", "Timestamp": f"2026-11-21T11:{minute:02}:00.000Z",
            "Metrics": {"value": value}, "Attributes": {"color": "red"}}


TEXT = {"SMSMessage": {"Body": "Your code is {{code}}", "MessageType": "TRANSACTIONAL",
                       "Substitutions": {"code": ["4711"]}},
        "EmailMessage": {"SimpleEmail": {"Subject": {"Data": "Hi {{User.UserId}}"},
                                         "TextPart": {"Data": "Hello, {{User.UserAttributes.plan}}"}}}}

# By function and case: the route, the client's method, its arguments.
SAMPLES = {
    "ingest-pinpoint/put-events": (
        "POST /v1/apps/{application}/events", "put_events", {"EventsRequest": {"BatchItem": {
            "Phone-1": {"Endpoint": ADA, "Events": {"e-1": event(1, 80.0), "e-2": event(2, 20.5)}},
            "phone-2": {"Endpoint": {}, "Events": {"e-3": event(3, 5.0)}}}}}),
    "ingest-pinpoint/some-bad": (
        "POST /v1/apps/{application}/events", "put_events", {"EventsRequest": {"BatchItem": {
            "phone-2": {"Endpoint": {"ChannelType": "SMS", "Address": "0791234567"}, "Events": {
                "e-4": event(4, 1.0), "e-5": {"EventType": "cart_updated", "Timestamp": "yesterday"}}}}}}),
    "ingest-pinpoint/update-endpoint": (
        "PUT /v1/apps/{application}/endpoints/{endpoint}", "update_endpoint",
        {"EndpointId": "phone-2", "EndpointRequest": {
            "ChannelType": "GCM", "Address": "token:0123456789-0123456789", "User": {"UserId": "ada"}}}),
    "ingest-pinpoint/update-endpoints-batch": (
        "PUT /v1/apps/{application}/endpoints", "update_endpoints_batch",
        {"EndpointBatchRequest": {"Item": [
            {"Id": "b-1", "ChannelType": "SMS", "Address": "+41791234567", "User": {"UserId": "bob"}},
            {"Id": "b-2", "ChannelType": "EMAIL", "Address": "bob@example.com", "User": {"UserId": "bob"}}]}}),
    "ingest-pinpoint/get-endpoint": (
        "GET /v1/apps/{application}/endpoints/{endpoint}", "get_endpoint", {"EndpointId": "phone-1"}),
    "ingest-pinpoint/delete-endpoint": (
        "DELETE /v1/apps/{application}/endpoints/{endpoint}", "delete_endpoint", {"EndpointId": "phone-1"}),
    "ingest-pinpoint/get-user-endpoints": (
        "GET /v1/apps/{application}/users/{user}", "get_user_endpoints", {"UserId": "ada"}),
    "ingest-pinpoint/delete-user-endpoints": (
        "DELETE /v1/apps/{application}/users/{user}", "delete_user_endpoints", {"UserId": "ada"}),
    "pinpoint-messages/addresses": (
        "POST /v1/apps/{application}/messages", "send_messages", {"MessageRequest": {
            "Addresses": {"+41791234567": {"ChannelType": "SMS"},
                          "+41791234568": {"ChannelType": "SMS", "Substitutions": {"code": ["4712"]}},
                          "token": {"ChannelType": "ADM"}},
            "MessageConfiguration": TEXT}}),
    "pinpoint-messages/endpoints": (
        "POST /v1/apps/{application}/messages", "send_messages", {"MessageRequest": {
            "Endpoints": {"Phone-1": {}, "nobody": {}}, "MessageConfiguration": TEXT}}),
    "pinpoint-messages/users": (
        "POST /v1/apps/{application}/users-messages", "send_users_messages", {"SendUsersMessageRequest": {
            "Users": {"ada": {}, "bob": {}, "nobody": {}}, "MessageConfiguration": TEXT}}),
    "openapi/pinpoint-create-segment": (
        "$default", "create_segment", {"WriteSegmentRequest": {"Name": "all"}}),
}


class Nothing:
    """An answer without a body."""

    def stream(self, *_, **__):
        return iter([b"{}"])


def digest(*parts):
    """As `ceap_kernel::digest`."""
    sha = hashlib.sha256()
    for part in parts:
        sha.update(len(part.encode()).to_bytes(8, "big"))
        sha.update(part.encode())
    return sha.hexdigest()[:32]


def signed(access_key, secret, host, method, arguments):
    """The request of one call, as it would go out."""
    client = boto3.client("pinpoint", region_name="eu-central-1", aws_access_key_id=access_key,
                          aws_secret_access_key=secret, endpoint_url=f"https://{host}",
                          config=Config(retries={"max_attempts": 0}))
    taken = []

    def keep(request, **_):
        taken.append(request)
        return AWSResponse(request.url, 200, {}, Nothing())

    client.meta.events.register("before-send.pinpoint", keep)
    getattr(client, method)(ApplicationId="shop", **arguments)
    return taken[0]


def headers_of(request):
    headers = {name.lower(): value if isinstance(value, str) else value.decode()
               for name, value in request.headers.items()}
    # It tells of the machine, and is not signed.
    headers["user-agent"] = "Boto3 md/Botocore"
    headers["amz-sdk-invocation-id"] = INVOCATION
    headers["host"] = urlsplit(request.url).netloc
    return headers


def body_of(request):
    body = request.body or b""
    return body if isinstance(body, str) else body.decode()


def sample(route, request):
    """The request as API Gateway's payload 2.0 has it."""
    path = unquote(urlsplit(request.url).path)
    names = re.findall("{([a-z]+)}", route)
    pattern = re.sub("{[a-z]+}", "([^/]+)", route.split(" ")[-1])
    values = re.fullmatch(pattern, path).groups() if names else ()
    event = {
        "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": "",
        "headers": {**headers_of(request), "x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https"},
        "requestContext": {
            "accountId": "123456789012", "apiId": "a1b2c3d4e5", "domainName": HOST, "domainPrefix": "a1b2c3d4e5",
            "http": {"method": request.method, "path": path, "protocol": "HTTP/1.1",
                     "sourceIp": "203.0.113.7", "userAgent": "Boto3 md/Botocore"},
            "requestId": "JKJaXmPLvHcESHA=", "routeKey": route, "stage": "$default",
            "time": "21/Nov/2026:12:00:00 +0000", "timeEpoch": 1795262400000},
        "isBase64Encoded": False,
    }
    if names:
        event["pathParameters"] = dict(zip(names, values))
    if body_of(request):
        event["body"] = body_of(request)
    return event


def write(path, value, indent):
    (ROOT / path).parent.mkdir(exist_ok=True)
    (ROOT / path).write_text(json.dumps(value, indent=indent, ensure_ascii=False) + "\n")


def main():
    botocore.auth.get_current_datetime = lambda *_, **__: NOON.replace(tzinfo=None)
    key, secret = "ceap_acme_0123456789abcdef0123456789abcdef", "5d1f0c8a41d2be5d1f0c8a41d2be5d1f"
    vectors = []
    for method, arguments in PLAIN:
        request = signed(key, secret, "api.example.com", method, arguments)
        vectors.append({"method": request.method, "path": urlsplit(request.url).path, "query": "",
                        "headers": headers_of(request), "body": body_of(request),
                        "signed": "2026-11-21T12:00:00Z"})
    write("shared/aws/tests/sigv4.json", vectors, 1)
    secret = "07" * 32
    key = f"ceap_acme_{digest('access-key-id', 'acme', secret)}"
    for case, (route, method, arguments) in SAMPLES.items():
        write(f"events/{case}.json", sample(route, signed(key, secret, HOST, method, arguments)), 2)


main()
