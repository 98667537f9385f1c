"""Sends calls with a Python SDK as it is published: one line of JSON on standard input.

{"library": "segment" | "rudderstack", "host": …, "write_key": …, "calls": [{"call": "track", "arguments": {…}}, …]}

The arguments have the SDK's own names. Ends with an error if the SDK gave any of them up.
"""

import json
import sys

job = json.load(sys.stdin)
given_up = []


def given(error, batch):
    given_up.append(f"{len(batch)} given up: {error}")


# What the SDKs' own defaults leave open; both take the same.
options = {"host": job["host"], "on_error": given, "upload_size": 20, "upload_interval": 0.1, "max_queue_size": 100_000}
if job["library"] == "segment":
    from segment.analytics.client import Client

    client = Client(job["write_key"], **options)
else:
    from rudderstack.analytics.client import Client

    client = Client(job["write_key"], **options)

for call in job["calls"]:
    taken, _ = getattr(client, call["call"])(**call["arguments"])
    if not taken:
        given_up.append("the queue was full")
client.shutdown()
sys.exit("\n".join(given_up) or None)
