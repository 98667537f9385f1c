"""How errors are told, who is let in, and how often."""

import concurrent.futures
import time

from zenpy.lib.api_objects import Group, Ticket
from zenpy.lib.exception import APIException, RatelimitBudgetExceeded

from .desk import family


@family
def error_shapes(desk):
    """Errors in Zendesk's words, each of its status."""
    z = desk.z
    body = desk.refused(404, "RecordNotFound", z.tickets, id=2**62)
    desk.same(body, {"error": "RecordNotFound", "description": "Not found"})
    desk.same(desk.ask("GET", "nothing_of_the_kind.json", status=404)["error"], "InvalidEndpoint")
    body = desk.refused(422, "RecordInvalid", z.groups.create, Group(name=""))
    desk.has(body, description="Record validation errors")
    desk.holds(all(isinstance(it["description"], str) for said in body["details"].values() for it in said))
    answer = z.users.session.post(f"{desk.root}/tickets.json", data="{", headers={"Content-Type": "application/json"})
    desk.among(answer.status_code, (400, 422))
    desk.holds(isinstance(answer.json(), dict))
    for path in ("tickets/none.json", "users/12x.json", "groups/-1.json"):
        answer = z.users.session.get(f"{desk.root}/{path}")
        desk.among(answer.status_code, (400, 404))
        desk.holds("error" in answer.json())
    agent = desk.client(email=desk.agent("Limited").email)
    body = desk.refused(403, None, agent.groups.create, Group(name=desk.unique("Mine")))
    desk.same(body["error"]["title"], "Forbidden")
    desk.ask("PATCH", "groups.json", {}, status=404)
    desk.ask("GET", "groups")
    desk.ask("GET", "tickets?include=None&unknown=parameter&query=")


@family
def authentication(desk):
    """Who is let in: by token, as Basic and Bearer, and nobody else."""
    wrong = desk.client(token=desk.own[:-4] + "0000")
    body = desk.refused(401, "Couldn't authenticate you", wrong.groups)
    desk.same(body, {"error": "Couldn't authenticate you"})
    desk.refused(401, "Couldn't authenticate you", desk.client(email="nobody@nowhere.example").groups)
    bearer = desk.client(oauth_token=desk.own)
    desk.has(bearer.users.me(), role="admin")
    desk.same(sorted(desk.ids(bearer.groups())), sorted(desk.ids(desk.z.groups())))
    desk.ask("GET", "groups.json", status=401, client=desk.client(anonymous=True))
    suspended = desk.user("Suspended", suspended=True)
    desk.refused(401, None, desk.client(email=suspended.email).requests)


@family
def conditional_reads(desk):
    """What has not changed is not sent again."""
    session, ticket = desk.z.users.session, desk.ticket()
    url = f"{desk.root}/tickets/{ticket.id}.json"
    first = session.get(url)
    again = session.get(url, headers={"If-None-Match": first.headers["etag"]})
    desk.same((again.status_code, again.content), (304, b""))
    desk.z.tickets.update(Ticket(id=ticket.id, priority="low"))
    changed = session.get(url, headers={"If-None-Match": first.headers["etag"]})
    desk.same((changed.status_code, changed.json()["ticket"]["priority"]), (200, "low"))
    desk.same(changed.headers["content-type"], "application/json; charset=utf-8")
    made = session.post(f"{desk.root}/groups.json", json={"group": {"name": desk.unique("Located")}})
    desk.same((made.status_code, made.headers["location"]), (201, made.json()["group"]["url"]))


@family
def contention(desk):
    """Many change one ticket at once: each change is there with its audit, or was refused."""
    ticket = desk.ticket()
    clients = [desk.client() for _ in range(8)]

    def work(number):
        client = clients[number % len(clients)]
        try:
            client.tickets.update(Ticket(id=ticket.id, comment={"body": f"Change {number}"}, additional_tags=[f"change_{number}"]))
            return True
        except APIException as error:
            if error.response.status_code != 409:
                raise
            return False

    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        done = list(pool.map(work, range(24)))
    applied = {f"Change {number}" for number, ok in enumerate(done) if ok}
    bodies = [it.body for it in desk.z.tickets.comments(ticket.id)]
    desk.same((set(bodies[1:]), len(bodies) - 1), (applied, len(applied)))
    desk.same(set(desk.shown(ticket).tags), {f"change_{number}" for number, ok in enumerate(done) if ok})
    desk.same(len(list(desk.z.tickets.audits(ticket.id))), 1 + len(applied))
    desk.holds(len(applied) > 0)


@family
def rate_limits(desk):
    """Who asks too often waits: zenpy does by itself, and gives up when its patience is spent."""
    token = desk.ask("POST", "api_tokens.json", {"api_token": {"description": desk.unique("Hasty")}}, status=201)["api_token"]
    clients = [desk.client(token=token["token"]) for _ in range(16)]
    url = f"{desk.root}/locales/current.json"
    limited = []

    def hurry(client):
        until = time.monotonic() + 90
        while time.monotonic() < until and not limited:
            answer = client.users.session.get(url)
            if answer.status_code == 429:
                limited.append(answer)

    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(hurry, clients))
    desk.holds(limited)
    answer = limited[0]
    desk.holds(1 <= int(answer.headers["retry-after"]) <= 60)
    desk.holds(isinstance(answer.json()["error"], str))
    if int(answer.headers["retry-after"]) > 3:
        hasty = desk.client(token=token["token"], ratelimit_budget=2)
        try:
            hasty.locales.current()
            desk.holds(False)
        except RatelimitBudgetExceeded:
            desk.holds(True)
    # Another token is not concerned.
    desk.has(desk.z.locales.current(), locale="en-US")
    began = time.monotonic()
    desk.has(clients[0].locales.current(), locale="en-US")
    desk.holds(time.monotonic() - began < 65)
