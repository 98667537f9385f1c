"""The filter and the score of the benchmark's use case, as two Lambdas in Python, one after the other as the workflow has
them. Takes {"rounds", "warm", "inputs"} on standard input; says how long the processor took and what came out."""

import json
import sys
import time
from datetime import datetime, timedelta

TTL = timedelta(days=3)


def filter_handler(event):
    passed = [signal for signal in event["signals"] if signal["features"].get("orders", 0) == 0]
    subjects = {signal["subject"] for signal in passed}
    profiles = {name: profile for name, profile in event["profiles"].items() if name in subjects}
    return {"tenant": event["tenant"], "profiles": profiles, "signals": passed}


def score_handler(event):
    scored = []
    for signal in event["signals"]:
        terms = [
            (0.001 * signal["event"]["data"].get("value", 0), "value of the cart"),
            (0.01 * signal["features"].get("visits", 0), "visits"),
        ]
        score = min(1.0, max(0.0, 0.2 + terms[0][0] + terms[1][0]))
        raised = sorted((term for term in terms if term[0] > 0), key=lambda term: -term[0])
        expires = datetime.fromisoformat(signal["at"]) + TTL
        scored.append({
            **signal,
            "score": score,
            "reasons": [reason for _, reason in raised][:3],
            "model": "1",
            "expires_at": expires.isoformat(),
            "entry": {"history": False},
        })
    return {"tenant": event["tenant"], "signals": scored}


def invoked(handler, payload):
    """As Lambda's runtime does it: JSON in, JSON out."""
    return json.dumps(handler(json.loads(payload)))


def both(payload):
    return invoked(score_handler, invoked(filter_handler, payload))


job = json.load(sys.stdin)
for _ in range(job["warm"]):
    for payload in job["inputs"]:
        both(payload)
began = time.process_time()
for _ in range(job["rounds"]):
    outputs = [both(payload) for payload in job["inputs"]]
took = time.process_time() - began
json.dump({"seconds": took, "outputs": outputs}, sys.stdout)
