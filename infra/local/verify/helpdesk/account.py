"""What the account is set up with: brands, addresses, tokens, webhooks and the like."""

import http.server
import json
import threading

from zenpy.lib.api_objects import Brand, RecipientAddress, SatisfactionRating, SuspendedTicket, Ticket, Webhook

from .desk import family


@family
def brands(desk):
    """Brands."""
    z = desk.z
    subdomain = desk.key("brand").replace("_", "-").lower()
    brand = z.brands.create(Brand(name=desk.unique("Brand"), subdomain=subdomain))
    desk.has(brand, active=True, default=False, is_deleted=False, subdomain=subdomain, url=f"{desk.root}/brands/{brand.id}.json")
    desk.has(z.brands(id=brand.id), name=brand.name)
    brand.name = desk.unique("Renamed")
    desk.has(z.brands.update(brand), name=brand.name, subdomain=subdomain)
    desk.among(brand.id, desk.ids(z.brands()))
    desk.same(len([it for it in z.brands() if it.default]), 1)
    desk.has(desk.ticket(brand_id=brand.id), brand_id=brand.id)
    desk.refused(422, "RecordInvalid", z.brands.create, Brand(name="Twin", subdomain=subdomain))
    desk.refused(422, "RecordInvalid", z.tickets.create, Ticket(subject="x", description="x", brand_id=2**52))
    # Hosts are mapped outside.
    desk.ask("GET", f"brands/check_host_mapping.json?host_mapping=desk.example.com&subdomain={subdomain}", status=404)
    default = next(it for it in z.brands() if it.default)
    desk.refused(422, None, z.brands.delete, default)
    z.brands.delete(brand)
    desk.missing(brand.id, desk.ids(z.brands()))


@family
def recipient_addresses(desk):
    """The addresses that customers write to."""
    z = desk.z
    made = z.recipient_addresses.create(RecipientAddress(name="Sales", email=desk.address("sales")))
    desk.has(made, name="Sales", default=False, email=made.email)
    desk.has(made.brand, id=made.brand_id)
    made.name = "All sales"
    desk.has(z.recipient_addresses.update(made), name="All sales", email=made.email)
    desk.has(z.recipient_addresses(id=made.id), name="All sales")
    others = [z.recipient_addresses.create(RecipientAddress(name="Other", email=desk.address("other"))) for _ in range(3)]
    desk.paged(z.recipient_addresses, [made.id, *desk.ids(others)])
    desk.refused(422, "RecordInvalid", z.recipient_addresses.create, RecipientAddress(name="Twin", email=made.email))
    desk.refused(422, "RecordInvalid", z.recipient_addresses.create, RecipientAddress(name="Odd", email="nowhere"))
    for it in (made, *others):
        z.recipient_addresses.delete(it)
    desk.refused(404, "RecordNotFound", z.recipient_addresses, id=made.id)


@family
def settings(desk):
    """How the account is set."""
    settings = desk.ask("GET", "account/settings.json")["settings"]
    for part in ("branding", "tickets", "api", "user", "brands", "limits", "active_features", "localization"):
        desk.among(part, settings)
    desk.has(settings["brands"], default_brand_id=next(it.id for it in desk.z.brands() if it.default))
    # Who solves a ticket that nobody has gets it, if the account is set so.
    for assigned in (True, False):
        changed = {"settings": {"tickets": {"assign_tickets_upon_solve": assigned}}}
        shown = desk.ask("PUT", "account/settings.json", changed)["settings"]
        desk.same(shown["tickets"], {**settings["tickets"], "assign_tickets_upon_solve": assigned})
        shown = desk.ask("GET", "account/settings.json")["settings"]
        desk.same(shown["tickets"]["assign_tickets_upon_solve"], assigned)
        solved = Ticket(id=desk.ticket().id, status="solved")
        if assigned:
            desk.has(desk.z.tickets.update(solved).ticket, status="solved", assignee_id=desk.me.id)
        else:
            desk.refused(422, "RecordInvalid", desk.z.tickets.update, solved)
    desk.ask("PUT", "account/settings.json", {"settings": {"tickets": {"comments_public_by_default": False}}}, status=422)
    agent = desk.agent("Unset")
    desk.ask("PUT", "account/settings.json", {"settings": {"tickets": {}}}, status=403, client=desk.client(email=agent.email))


@family
def locales(desk):
    """Languages."""
    z = desk.z
    for listed in (z.locales(), z.locales.agent(), z.locales.public()):
        desk.among("en-US", [it.locale for it in listed])
    current = z.locales.current()
    desk.has(current, locale="en-US", id=1, rtl=False)
    desk.has(z.locales(id=1), locale="en-US", name="English")
    desk.has(desk.ask("GET", "locales/en-US.json")["locale"], id=1)
    desk.refused(404, "RecordNotFound", z.locales, id=99999)
    best = desk.ask("PUT", "locales/detect_best_locale.json", {"available_locales": ["xx", "en-US"]})["locale"]
    desk.has(best, locale="en-US")


@family
def api_tokens(desk):
    """Tokens: shown once, and revoked at once."""
    made = desk.ask("POST", "api_tokens.json", {"api_token": {"description": desk.unique("Script")}}, status=201)["api_token"]
    desk.holds(len(made["token"]) > 20 and made["active"])
    other = desk.client(token=made["token"])
    desk.has(other.users.me(), id=desk.me.id)
    shown = desk.ask("GET", f"api_tokens/{made['id']}.json")["api_token"]
    desk.has(shown, id=made["id"], description=made["description"], active=True)
    desk.holds(made["token"] not in json.dumps(shown))
    listed = desk.ask("GET", "api_tokens.json?page[size]=100")["api_tokens"]
    desk.among(made["id"], [it["id"] for it in listed])
    renamed = desk.ask("PUT", f"api_tokens/{made['id']}.json", {"api_token": {"description": "Other"}})["api_token"]
    desk.has(renamed, description="Other", active=True)
    desk.ask("DELETE", f"api_tokens/{made['id']}.json", status=204)
    desk.ask("GET", "groups.json", status=401, client=other)
    agent = desk.agent("Tokenless")
    desk.ask("POST", "api_tokens.json", {"api_token": {"description": "x"}}, status=403, client=desk.client(email=agent.email))


class Hook(http.server.BaseHTTPRequestHandler):
    """Keeps what a webhook sends."""

    taken = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        Hook.taken.append((dict(self.headers), body))
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.end_headers()
        self.wfile.write(b"thanks")

    def log_message(self, *_):
        pass


@family
def webhooks(desk):
    """Webhooks, their secrets, and a try of them."""
    z = desk.z
    body = dict(name=desk.unique("Hook"), description="Tells", status="active", endpoint="https://example.com/hook",
                http_method="POST", request_format="json", subscriptions=["conditional_ticket_events"],
                authentication={"type": "basic_auth", "data": {"username": "john_smith", "password": "hello_123"},
                                "add_position": "header"})
    made = z.webhooks.create(Webhook(**body))
    desk.holds(isinstance(made.id, str) and isinstance(made.created_by, str))
    desk.has(made, name=body["name"], status="active", endpoint=body["endpoint"], http_method="POST", request_format="json")
    desk.same(list(made.subscriptions), ["conditional_ticket_events"])
    desk.holds("hello_123" not in json.dumps(made.to_dict()))
    desk.has(z.webhooks(id=made.id), name=body["name"])
    body["name"] = desk.unique("Renamed")
    desk.same(z.webhooks.update(made.id, Webhook(**body)).status_code, 204)
    desk.same(z.webhooks.patch(Webhook(id=made.id, description="Tells more")).status_code, 204)
    desk.has(z.webhooks(id=made.id), name=body["name"], description="Tells more")
    desk.same([it.id for it in z.webhooks.list(filter=body["name"])], [made.id])
    clone = z.webhooks.clone(made.id)
    desk.holds(clone.id != made.id)
    desk.has(clone, endpoint=body["endpoint"])
    desk.holds({made.id, clone.id} <= {it.id for it in z.webhooks.list()})
    secret = z.webhooks.show_secret(made.id)
    desk.same(secret.algorithm, "SHA256")
    desk.holds(len(secret.secret) > 20)
    desk.same(z.webhooks.show_secret(made.id).secret, secret.secret)
    reset = z.webhooks.reset_secret(made.id)
    desk.holds(reset.secret != secret.secret)
    desk.same(z.webhooks.show_secret(made.id).secret, reset.secret)
    desk.same(list(z.webhooks.invocations(made.id)), [])
    for wrong in (dict(endpoint="no address"), dict(http_method="STEAL"), dict(request_format="poem"), dict(name="")):
        desk.ask("POST", "webhooks", {"webhook": {**body, **wrong}}, status=400)
    z.webhooks.delete(Webhook(id=made.id))
    z.webhooks.delete(Webhook(id=clone.id))
    desk.ask("GET", f"webhooks/{made.id}", status=404)


@family
def satisfaction_ratings(desk):
    """What customers say of how they were served."""
    z, me = desk.z, desk.me
    asker = desk.user("Rater")
    as_asker = desk.client(email=asker.email)
    ticket = desk.ticket(requester_id=asker.id, assignee_id=me.id)
    rating = {"satisfaction_rating": {"score": "good", "comment": "Awesome support!"}}
    desk.ask("POST", f"tickets/{ticket.id}/satisfaction_rating.json", rating, status=422, client=as_asker)
    z.tickets.update(Ticket(id=ticket.id, status="solved"))
    given = as_asker.satisfaction_ratings.create(ticket.id, SatisfactionRating(score="good", comment="Awesome support!"))
    desk.has(given, score="good", comment="Awesome support!", ticket_id=ticket.id, requester_id=asker.id, assignee_id=me.id,
             group_id=desk.shown(ticket).group_id)
    desk.same(desk.shown(ticket).satisfaction_rating.score, "good")
    changed = as_asker.satisfaction_ratings.create(ticket.id, SatisfactionRating(score="bad"))
    desk.has(changed, score="bad", ticket_id=ticket.id)
    desk.paged(z.satisfaction_ratings, [changed.id])
    desk.among(changed.id, desk.ids(z.satisfaction_ratings(score="received")))
    desk.missing(changed.id, desk.ids(z.satisfaction_ratings(score="good")))
    desk.has(desk.ask("GET", f"satisfaction_ratings/{changed.id}.json")["satisfaction_rating"], score="bad")
    desk.holds(desk.ask("GET", "satisfaction_ratings/count.json")["count"]["value"] >= 1)
    # An agent rates nobody, themselves least.
    answer = z.users.session.post(f"{desk.root}/tickets/{ticket.id}/satisfaction_rating.json", json=rating)
    desk.among(answer.status_code, (403, 404, 422))
    desk.ask("POST", f"tickets/{ticket.id}/satisfaction_rating.json", {"satisfaction_rating": {"score": "meh"}},
             status=422, client=as_asker)


@family
def suspended_tickets(desk):
    """What was held back, recovered or thrown away."""
    z = desk.z
    asker = desk.user("Held")
    z.users.update(type(asker)(id=asker.id, name=asker.name, suspended=True))
    held = []
    for nth in range(4):
        body = {"request": {"requester": {"name": "Held", "email": asker.email}, "subject": desk.unique(f"Held {nth}"),
                            "comment": {"body": "Let me in"}}}
        answer = desk.client(anonymous=True).users.session.post(f"{desk.root}/requests.json", json=body)
        held.append((body["request"]["subject"], answer.status_code))
    all_ = {it.subject: it for it in z.suspended_tickets()}
    for subject, _ in held:
        desk.among(subject, all_)
    first, second, third, fourth = (all_[subject] for subject, _ in held)
    desk.has(first, content="Let me in", url=f"{desk.root}/suspended_tickets/{first.id}.json")
    desk.same(first.author["email"], asker.email)
    desk.holds(first.cause and isinstance(first.cause_id, int))
    desk.has(z.suspended_tickets(id=first.id), subject=first.subject)
    desk.paged(z.suspended_tickets, [first.id, second.id])
    z.suspended_tickets.recover(first)
    desk.missing(first.id, desk.ids(z.suspended_tickets()))
    # One is the ticket of who lets it in, as Zendesk documents it; several are their authors'.
    desk.among(first.subject, [it.subject for it in z.users.requested(desk.me.id)])
    z.suspended_tickets.recover([second])
    desk.same([it.subject for it in z.users.requested(asker.id)], [second.subject])
    z.suspended_tickets.delete(third)
    z.suspended_tickets.delete([fourth])
    left = desk.ids(z.suspended_tickets())
    for it in (second, third, fourth):
        desk.missing(it.id, left)
    desk.refused(404, "RecordNotFound", z.suspended_tickets, id=third.id)
    desk.refused(404, "RecordNotFound", z.suspended_tickets.recover, SuspendedTicket(id=third.id))


@family
def webhook_tests(desk):
    """A webhook that is tried really sends, signed as it will be."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        request = {"endpoint": f"http://127.0.0.1:{server.server_port}/try", "http_method": "POST", "request_format": "json",
                   "payload": json.dumps({"hello": "there"})}
        answer = desk.z.webhooks.test(request=request)
        desk.same((answer.status_code, answer.payload), (200, "thanks"))
        desk.same([json.loads(body) for _, body in Hook.taken], [{"hello": "there"}])
    finally:
        server.shutdown()
