"""What the families of zenpy_suite.py share: a client, checks that are counted, and people to work with."""

import contextlib
import itertools
import linecache
import secrets
import sys
import time
from pathlib import Path

import requests
from zenpy import Zenpy
from zenpy.lib.api_objects import Comment, Group, Organization, Ticket, User
from zenpy.lib.exception import APIException, RecordNotFoundException, TooManyValuesException

# How long a job may take.
PATIENCE = 120

# What zenpy makes of these errors.
RAISED = {"RecordNotFound": RecordNotFoundException, "TooManyValues": TooManyValuesException}

FAMILIES = []


def family(work):
    """Puts a function among the families: they run in the order in which they are written."""
    FAMILIES.append(work)
    return work


class Desk:
    """The helpdesk under test, as its owner sees it."""

    def __init__(self, netloc, tenant, email, token):
        self.tenant, self.email, self.token, self.own = tenant, email, token, token
        self.root = f"http://{netloc}/api/v2"
        self.suffix = secrets.token_hex(4)
        self.numbers = itertools.count(1)
        self.checks = 0
        self.failed = []
        self.family = ""
        self.z = self.client()
        self.me = self.z.users.me()

    @contextlib.contextmanager
    def alone(self, family):
        """A family with a token of its own: each may ask as often in a minute."""
        self.family = family
        self.z = owner = self.client(token=self.own)
        made = self.ask("POST", "api_tokens.json", {"api_token": {"description": family}}, status=201)["api_token"]
        try:
            self.token = made["token"]
            self.z = self.client()
            yield
        finally:
            self.ask("DELETE", f"api_tokens/{made['id']}.json", status=204, client=owner)

    # Clients

    def client(self, email=None, token=None, headers=None, **more):
        """A client of its own: as somebody else, with another token, or with more headers."""
        session = requests.Session()
        session.headers.update(headers or {})
        session.hooks["response"].append(self.watch)
        if more.get("anonymous"):
            session.headers["X-Ceap-Tenant"] = self.tenant
        elif "oauth_token" not in more:
            more.update(email=email or self.email, token=token or self.token)
        return Zenpy(subdomain=self.tenant, session=session, **{"disable_cache": True, **more})

    def ask(self, method, path, body=None, status=200, client=None, **more):
        """Asks what the client has no method for, through the client's own session. The answer's JSON, if any."""
        answer = (client or self.z).users.session.request(method, f"{self.root}/{path}", json=body, **more)
        said = f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        self.check(answer.status_code == status, f"not {status}: {said}")
        return answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else None

    def watch(self, answer, *_, **__):
        """What holds for every answer, whatever was asked."""
        if not answer.url.startswith(self.root):
            return
        wait = answer.headers.get("retry-after")
        if answer.status_code == 429:
            self.check(wait is not None and int(wait) > 0, f"429 with Retry-After: {wait}")
        elif answer.status_code != 503:
            self.check(wait is None, f"{answer.status_code} with Retry-After: {wait}")
        if answer.status_code == 204:
            self.check(answer.content == b"", f"204 with {answer.content[:100]}")
        if answer.ok and "authorization" in answer.request.headers:
            self.check(int(answer.headers["x-rate-limit-remaining"]) < int(answer.headers["x-rate-limit"]))

    # Checks

    def check(self, holds, said="", depth=2):
        """Counts a check, and keeps what it was if it fails."""
        self.checks += 1
        if not holds:
            frame = sys._getframe(depth)
            while frame.f_back and Path(frame.f_code.co_filename).name in ("desk.py", "sessions.py", "hooks.py"):
                frame = frame.f_back
            file, line = frame.f_code.co_filename, frame.f_lineno
            code = linecache.getline(file, line).strip()
            self.failed.append(f"{self.family}: {Path(file).name}:{line}: {code}: {said}")

    def holds(self, truth):
        self.check(truth, "does not hold")

    def same(self, found, wanted):
        self.check(found == wanted, f"{found!r} is not {wanted!r}")

    def among(self, item, items):
        items = list(items)
        self.check(item in items, f"{item!r} is not among {items!r:.500}")

    def missing(self, item, items):
        items = list(items)
        self.check(item not in items, f"{item!r} is among {items!r:.500}")

    def has(self, found, **wanted):
        """Whether an object, or a dictionary, has these values."""
        for name, value in wanted.items():
            if not isinstance(found, dict):
                is_ = getattr(found, name, f"no {name}")
            else:
                is_ = found.get(name, f"no {name}")
            self.check(is_ == value, f"{name} is {is_!r}, not {value!r}")

    def refused(self, status, error, call, *arguments, **more):
        """Whether a call is refused so, and with the exception that zenpy has for it. What was said of it."""
        try:
            done = call(*arguments, **more)
        except APIException as exception:
            answer = exception.response
            said = f"{answer.status_code} {answer.text[:500]}"
            wanted = RAISED.get(error, APIException)
            self.check(answer.status_code == status, f"not {status}: {said}")
            self.check(type(exception) is wanted, f"{type(exception).__name__} is not {wanted.__name__}: {said}")
            body = answer.json()
            if error is not None:
                self.check(body.get("error") == error, f"not {error}: {said}")
            return body
        self.check(False, f"was not refused: {done!r:.300}")
        return {}

    def invalid(self, field, call, *arguments, **more):
        """Whether a call is refused for what a field of its record is. What was said of it."""
        body = self.refused(422, "RecordInvalid", call, *arguments, **more)
        details = body.get("details", {})
        self.check(field in details, f"{field} is not among the details: {details}")
        said = details.get(field) or [{}]
        self.check(bool(said[0].get("description")), f"nothing is said of {field}: {details}")
        return said[0].get("description", "")

    # Jobs and pages

    def done(self, job, status="completed"):
        """Waits for a job, and returns how it ended."""
        self.among(job.status, ("queued", "working", "completed"))
        until = time.monotonic() + PATIENCE
        while job.status in ("queued", "working") and time.monotonic() < until:
            time.sleep(0.2)
            job = self.z.job_status(id=job.id)
        self.check(job.status == status, f"job is {job.status}: {job.message}")
        return job

    def results(self, job):
        """What a job did, record by record."""
        return list(self.done(job).results)

    def ids(self, things):
        return [thing.id for thing in things]

    def paged(self, call, wanted, *arguments, **more):
        """Whether both paginations walk through all of a list, in the same order, and meet these ids."""
        by_cursor = self.ids(call(*arguments, cursor_pagination=2, **more))
        by_offset = self.ids(call(*arguments, cursor_pagination=False, **more))
        at_once = self.ids(call(*arguments, cursor_pagination=True, **more))
        self.same(sorted(by_cursor), sorted(by_offset))
        self.same(by_cursor, at_once)
        self.same(len(set(by_cursor)), len(by_cursor))
        for id in wanted:
            self.among(id, by_cursor)

    # Data of its own

    def unique(self, word):
        """A word that no other run uses."""
        return f"{word} {self.suffix}{next(self.numbers)}"

    def key(self, word):
        return self.unique(word).replace(" ", "_")

    def address(self, word):
        return f"{self.key(word)}@customer.example"

    def user(self, word="Ada", **more):
        """Somebody new: an end-user unless it says otherwise."""
        more = {"email": self.address(word.lower()), "verified": True, **more}
        return self.z.users.create(User(name=self.unique(word), **more))

    def agent(self, word="Grace", **more):
        return self.user(word, role="agent", **more)

    def group(self, word="Night shift", **more):
        return self.z.groups.create(Group(name=self.unique(word), **more))

    def organization(self, word="Acme", **more):
        return self.z.organizations.create(Organization(name=self.unique(word), **more))

    def ticket(self, body="The smoke is very colorful.", **more):
        """A new ticket, as it is answered."""
        subject = more.pop("subject", None) or self.unique("My printer is on fire!")
        return self.z.tickets.create(Ticket(subject=subject, comment=Comment(body=body), **more)).ticket

    def shown(self, ticket):
        """A ticket as it is now."""
        return self.z.tickets(id=ticket if isinstance(ticket, int) else ticket.id)

    def said(self, ticket, body, client=None, **more):
        """Adds a comment, and whatever else is to change. What is answered."""
        comment = {"body": body, **more.pop("comment", {})}
        return (client or self.z).tickets.update(Ticket(id=ticket.id, comment=comment, **more))
