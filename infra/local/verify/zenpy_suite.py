"""Drives every family of the helpdesk's API through zenpy, unmodified.

    ZENPY_FORCE_NETLOC=127.0.0.1:3000 ZENPY_FORCE_SCHEME=http python zenpy_suite.py TENANT EMAIL TOKEN [FAMILY ... | -FAMILY ...]

EMAIL is the owner's, TOKEN one that may act for them. What it makes has a random suffix: it can be run again.
Prints a line for each family, then `{"families": n, "checks": n, "failed": []}`, and ends with 1 if any failed.
"""

import json
import os
import sys
import time
import traceback

from helpdesk import tickets, conversation, people, organizations, rules, search, fields, files, exports, account, errors  # noqa: F401
from helpdesk.desk import FAMILIES, Desk


def run(desk, work):
    """Runs one family. What went wrong in it."""
    checks, failed, began = desk.checks, len(desk.failed), time.monotonic()
    try:
        with desk.alone(work.__name__):
            work(desk)
    except Exception as error:  # Whatever ends a family, the others still run.
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "verify" in frame.filename]
        where = " < ".join(f"{os.path.basename(it.filename)}:{it.lineno}: {it.line}" for it in reversed(frames))
        desk.failed.append(f"{work.__name__}: {type(error).__name__}: {str(error)[:500]} at {where[:500]}")
    wrong = desk.failed[failed:]
    word = "ok" if not wrong else f"{len(wrong)} FAILED"
    print(f"{work.__name__}: {word}, {desk.checks - checks} checks, {time.monotonic() - began:.1f} s", flush=True)
    for line in wrong:
        print(f"  {line}", flush=True)


def main():
    tenant, email, token, *chosen = sys.argv[1:]
    desk = Desk(os.environ["ZENPY_FORCE_NETLOC"], tenant, email, token)
    left_out = [name[1:] for name in chosen if name.startswith("-")]
    chosen = [name for name in chosen if not name.startswith("-")]
    families = [work for work in FAMILIES if not chosen or work.__name__ in chosen]
    families = [work for work in families if work.__name__ not in left_out]
    for work in families:
        run(desk, work)
    print(json.dumps({"families": len(families), "checks": desk.checks, "failed": desk.failed}))
    sys.exit(1 if desk.failed or not families else 0)


if __name__ == "__main__":
    main()
