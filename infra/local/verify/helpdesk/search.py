"""Search, saved searches, and views as they are run: what was just written is found at once."""

import time
from datetime import datetime, timedelta, timezone

from zenpy.lib.api_objects import Ticket, View

from .desk import family

UNSOLVED = {"field": "status", "operator": "less_than", "value": "solved"}


def tagged(tag):
    return [UNSOLVED, {"field": "current_tags", "operator": "includes", "value": tag}]


@family
def search(desk):
    """Everything is searched, in Zendesk's language."""
    z, me = desk.z, desk.me
    word = desk.key("zyx").replace("_", "")
    asker = desk.user(f"Amy {word}", tags=[f"{word}vip"])
    firm = desk.organization(f"Firm {word}")
    first = desk.ticket(subject=f"{word} printer", requester_id=asker.id, tags=[word], priority="urgent",
                        assignee_id=me.id)
    second = desk.ticket(f"about {word}, seen", requester_id=asker.id, tags=[word, f"{word}x"], type="task")

    # What is called so comes first.
    desk.same(desk.ids(z.search(word, type="ticket")), [first.id, second.id])
    found = list(z.search(word))
    desk.same({(type(it).__name__, it.id) for it in found},
              {("Ticket", first.id), ("Ticket", second.id), ("User", asker.id), ("Organization", firm.id)})
    desk.same(z.search.count(word), 4)
    desk.same(len(z.search(word, type="ticket")), 2)
    shown = next(it for it in found if it.id == first.id and type(it).__name__ == "Ticket")
    desk.has(shown, subject=first.subject, priority="urgent", requester_id=asker.id)
    for wanted, more in (
        ([first.id], {"query": f'"{word} printer"'}),
        ([first.id], {"query": f"{word} -seen"}),
        ([first.id], {"query": word, "minus": f"tags:{word}x"}),
        ([second.id], {"query": f"{word} ticket_type:task"}),
        ([first.id], {"query": word, "priority_greater_than": "high"}),
        ([first.id], {"query": word, "assignee": "me"}),
        ([second.id], {"query": word, "assignee": "none"}),
        ([first.id, second.id], {"query": word, "requester": asker.name, "sort_by": "created_at", "sort_order": "asc"}),
        ([], {"query": word, "requester": "Nobody at all"}),
        ([first.id, second.id], {"tags": word, "sort_by": "priority", "sort_order": "desc"}),
        ([], {"query": word, "status": "closed"}),
        ([first.id, second.id], {"query": word[:-1] + "*", "tags": word, "sort_by": "created_at", "sort_order": "asc"}),
    ):
        ids = desk.ids(z.search(type="ticket", **more))
        # Of the same second, either comes first where time sorts.
        desk.same(sorted(ids), sorted(wanted))
    now = datetime.now(timezone.utc)
    between = [now - timedelta(hours=1), now + timedelta(hours=1)]
    desk.same(len(z.search(word, type="ticket", created_between=between)), 2)
    desk.same(desk.ids(z.search(type="user", tags=f"{word}vip")), [asker.id])
    desk.same(desk.ids(z.users.search(query=f"email:{asker.email}")), [asker.id])
    desk.same(desk.ids(z.users.search(query=f"{word} role:end-user")), [asker.id])
    complete = desk.ask("GET", f"users/autocomplete.json?name=amy%20{word[:6]}")["users"]
    desk.among(asker.id, [it["id"] for it in complete])

    # Side-loads, and pages.
    path = f"search.json?query={word}%20type:ticket&include=tickets(users)&per_page=1"
    page = desk.ask("GET", path)
    desk.among(asker.id, [it["id"] for it in page["users"]])
    desk.same((page["count"], len(page["results"]), page["previous_page"], page["facets"]), (2, 1, None, None))
    desk.holds("page=2" in page["next_page"])

    # What changes is found as it is.
    z.tickets.update(Ticket(id=first.id, status="solved", subject=f"{word} quenched"))
    desk.same(desk.ids(z.search(f"{word} quenched", type="ticket")), [first.id])
    desk.same(desk.ids(z.search(f'"{word} printer"', type="ticket")), [])
    desk.same(desk.ids(z.search(word, type="ticket", status_less_than="solved")), [second.id])
    z.tickets.delete(Ticket(id=first.id))
    desk.same(desk.ids(z.search(word, type="ticket")), [second.id])


@family
def search_is_refused(desk):
    """What is no search says where it is wrong; pages go no further than a thousand results."""
    for query, place in (("printer%20status:foo", 16), ("%22printer", 1), ("created:4hours", 9)):
        refused = desk.ask("GET", f"search.json?query={query}", status=422)
        desk.same(refused["error"], "invalid")
        desk.holds(refused["description"].endswith(f"at character {place}"))
    far = desk.ask("GET", "search.json?query=x&page=11", status=422)
    desk.same(far["description"], "Invalid search: Requested response size was greater than Search Response Limits")
    desk.ask("GET", "search.json", status=400)
    desk.ask("GET", "search.json?query=x&page[size]=10", status=400)
    desk.ask("GET", "search/export.json?query=x", status=400)
    desk.ask("GET", "search/export.json?query=x&filter[type]=ticket&page[after]=nonsense", status=400)


@family
def search_export(desk):
    """An export tells all that is found, once each, from the newest on."""
    z = desk.z
    word = desk.key("wvu").replace("_", "")
    tickets = []
    for _ in range(5):
        tickets.append(desk.ticket(subject=f"{word} one of five"))
        time.sleep(1)
    for size in (True, 1, 2, 5):
        ids = desk.ids(z.search_export(word, type="ticket", cursor_pagination=size))
        desk.same(ids, desk.ids(tickets)[::-1])
    desk.same(len(list(z.search_export(type="user", cursor_pagination=1000))), z.search.count(type="user"))


@family
def requests_are_searched(desk):
    """A customer finds their own requests by what is shown of them."""
    asker, other = desk.user("Asker"), desk.user("Other")
    word = desk.key("tsr").replace("_", "")
    mine = desk.ticket(f"I say {word}", requester_id=asker.id)
    desk.ticket(f"I say {word} too", requester_id=other.id)
    desk.said(mine, f"secretly {word}hidden", comment={"public": False})
    client = desk.client(email=asker.email)
    found = desk.ask("GET", f"requests/search.json?query={word}", client=client)
    desk.same(([it["id"] for it in found["requests"]], found["count"]), ([mine.id], 1))
    desk.same(desk.ask("GET", f"requests/search.json?query={word}hidden", client=client)["requests"], [])
    desk.ask("GET", f"search.json?query={word}", status=403, client=client)


@family
def saved_searches(desk):
    """Searches that are kept, which zenpy does not know."""
    word = desk.key("qpo").replace("_", "")
    ticket = desk.ticket(subject=f"{word} kept")
    asked = {"title": desk.unique("Kept"), "query": f"type:ticket {word}", "sort_by": "created_at", "shared": "all"}
    made = desk.ask("POST", "saved_searches.json", {"saved_search": asked}, status=201)["saved_search"]
    desk.has(made, owner_id=desk.me.id, url=f"{desk.root}/saved_searches/{made['id']}.json", **asked)
    path = f"saved_searches/{made['id']}"
    found = desk.ask("GET", f"{path}/execute.json")
    desk.same(([it["id"] for it in found["results"]], found["count"]), ([ticket.id], 1))
    changed = desk.ask("PUT", f"{path}.json", {"saved_search": {"shared": None}})["saved_search"]
    desk.has(changed, shared=None, title=asked["title"])
    agent = desk.client(email=desk.agent("Else").email)
    desk.ask("GET", f"{path}.json", status=404, client=agent)
    refused = desk.ask("PUT", f"{path}.json", {"saved_search": {"query": "status:foo"}}, status=422)
    desk.holds("at character 8" in refused["details"]["query"][0]["description"])
    desk.among(made["id"], [it["id"] for it in desk.ask("GET", "saved_searches.json?per_page=100")["saved_searches"]])
    desk.ask("DELETE", f"{path}.json", status=204)
    desk.ask("GET", f"{path}.json", status=404)


@family
def views_are_run(desk):
    """The tickets of views, their rows, and how many they are, as of now."""
    z = desk.z
    tag = desk.key("nml").lower()
    output = {"columns": ["subject", "status", "requester", "priority"], "sort_by": "priority", "sort_order": "desc"}
    view = desk.ask("POST", "views.json", {"view": {"title": desk.unique("Tagged"), "all": tagged(tag), "output": output}},
                    status=201)["view"]
    desk.has(z.views.count(view["id"]), value=0, fresh=True)
    low, urgent, none = (desk.ticket(tags=[tag], **more) for more in ({"priority": "low"}, {"priority": "urgent", "assignee_id": desk.me.id}, {}))
    order = [urgent.id, low.id, none.id]
    # As soon as they are written.
    desk.same(desk.ids(z.views.tickets(view["id"])), order)
    desk.same(desk.ids(z.views.tickets(view["id"], cursor_pagination=2)), order)
    desk.same(desk.ids(z.views.tickets(view["id"], cursor_pagination=False)), order)
    desk.has(z.views.count(view["id"]), value=3, pretty="3", fresh=True, view_id=view["id"])
    desk.has(z.views.execute(view["id"]), id=view["id"], title=view["title"])
    run = desk.ask("GET", f"views/{view['id']}/execute.json?include=users")
    desk.same([it["ticket"]["id"] for it in run["rows"]], order)
    desk.same([it["id"] for it in run["columns"]], output["columns"])
    desk.has(run["rows"][0], subject=urgent.subject, priority="urgent", requester_id=urgent.requester_id)
    desk.among(urgent.requester_id, [it["id"] for it in run["users"]])
    turned = desk.ask("GET", f"views/{view['id']}/tickets.json?sort_by=id&sort_order=asc")["tickets"]
    desk.same([it["id"] for it in turned], sorted(order))
    other = z.views.create(View(title=desk.unique("All"), all=[UNSOLVED]))
    counts = desk.ask("GET", f"views/count_many.json?ids={view['id']},{other.id}")["view_counts"]
    desk.same([it["view_id"] for it in counts], [view["id"], other.id])
    desk.same(counts[0]["value"], 3)
    desk.same([it.value for it in z.views.count_many([view["id"]])], [3])
    desk.holds(counts[1]["value"] >= 3)

    body = {"view": {"all": tagged(tag), "output": {"columns": ["subject"], "sort_by": "nice_id", "sort_order": "asc"}}}
    preview = desk.ask("POST", "views/preview.json", body)
    desk.same([it["ticket"]["id"] for it in preview["rows"]], sorted(order))
    desk.same(desk.ask("POST", "views/preview/count.json", body)["view_count"]["value"], 3)
    desk.ask("POST", "views/preview.json", {"view": {"all": []}}, status=422)

    z.tickets.update(Ticket(id=urgent.id, status="solved"))
    desk.same(desk.ids(z.views.tickets(view["id"])), [low.id, none.id])
    desk.has(z.views.count(view["id"]), value=2)
    # An agent who sees only what is theirs.
    agent = desk.agent("Own", ticket_restriction="assigned")
    as_agent = desk.client(email=agent.email)
    desk.same(desk.ids(as_agent.views.tickets(view["id"])), [])
    desk.has(as_agent.views.count(view["id"]), value=0)
    desk.same(as_agent.search.count(f"tags:{tag}"), 0)
    desk.refused(404, "InvalidEndpoint", z.views.export, view["id"])
    z.views.delete([View(id=view["id"]), other])
