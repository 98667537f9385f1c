"""Rules: views, macros, triggers, automations and SLA policies."""

import secrets

from zenpy.lib.api_objects import Automation, Comment, Macro, SlaPolicy, Ticket, Trigger, View

from .desk import family

UNSOLVED = [{"field": "status", "operator": "less_than", "value": "solved"}]


@family
def views(desk):
    """Views are kept; how they are run is part of search."""
    z = desk.z
    view = z.views.create(View(title=desk.unique("Unsolved"), all=UNSOLVED))
    desk.has(view, active=True, restriction=None, default=False, raw_title=view.title, url=f"{desk.root}/views/{view.id}.json")
    desk.same(view.conditions.all, UNSOLVED)
    desk.holds(len(view.execution["columns"]) > 0)
    desk.has(z.views(id=view.id), title=view.title)
    view.title = desk.unique("Still unsolved")
    desk.has(z.views.update(view), title=view.title, active=True)
    desk.same(z.views(id=view.id).conditions.all, UNSOLVED)
    output = {"columns": ["status", "subject", "requester"], "group_by": "assignee", "group_order": "asc",
              "sort_by": "status", "sort_order": "desc"}
    shaped = desk.ask("POST", "views.json", {"view": {"title": desk.unique("Shaped"), "all": UNSOLVED, "output": output}},
                      status=201)["view"]
    desk.same([it["id"] for it in shaped["execution"]["columns"]], output["columns"])
    desk.has(shaped["execution"], group_by="assignee", group_order="asc", sort_by="status", sort_order="desc")
    others = [z.views.create(View(title=desk.unique(f"View {nth}"), all=UNSOLVED)) for nth in range(3)]
    desk.paged(z.views, [view.id, *desk.ids(others)])
    desk.among(view.id, desk.ids(z.views.active()))
    desk.holds(len(list(z.views.compact())) <= 32)
    desk.same(desk.ids(z.views.search(query=view.title)), [view.id])
    desk.holds(z.views.count().value >= 5)
    z.views.update(View(id=view.id, active=False))
    desk.missing(view.id, desk.ids(z.views.active()))
    desk.refused(422, "RecordInvalid", z.views.create, View(title=desk.unique("Nothing asked"), all=[]))
    desk.refused(422, "RecordInvalid", z.views.create,
                 View(title=desk.unique("Odd"), all=[{"field": "smell", "operator": "is", "value": "x"}]))
    z.views.delete(view)
    desk.refused(404, "RecordNotFound", z.views, id=view.id)
    z.views.delete(others)
    for other in others:
        desk.refused(404, "RecordNotFound", z.views, id=other.id)


@family
def macros(desk):
    """Macros, and what they would change."""
    z, me = desk.z, desk.me
    actions = [{"field": "status", "value": "solved"}, {"field": "priority", "value": "low"},
               {"field": "comment_value", "value": "Thank you, {{ticket.requester.first_name}}"},
               {"field": "current_tags", "value": "done thanked"}]
    macro = z.macros.create(Macro(title=desk.unique("Close::Thanks"), actions=actions, description="Ends it"))
    desk.has(macro, active=True, restriction=None, description="Ends it", url=f"{desk.root}/macros/{macro.id}.json")
    desk.same([it["field"] for it in macro.actions], [it["field"] for it in actions])
    desk.has(z.macros(id=macro.id), title=macro.title)
    macro.title = desk.unique("Close::Thanks a lot")
    desk.has(z.macros.update(macro), title=macro.title, description="Ends it")
    others = [z.macros.create(Macro(title=desk.unique(f"Macro {nth}"), actions=actions[:1])) for nth in range(3)]
    desk.paged(z.macros, [macro.id, *desk.ids(others)])
    titles = [it.title for it in z.macros(sort_by="alphabetical", cursor_pagination=False)]
    desk.same(titles, sorted(titles, key=str.lower))
    desk.among("Close", desk.ask("GET", "macros/categories.json")["categories"])
    desk.same([it["id"] for it in desk.ask("GET", f"macros/search.json?query={macro.title}")["macros"]], [macro.id])
    desk.among(macro.id, [it["id"] for it in desk.ask("GET", "macros/active.json?per_page=100")["macros"]])

    result = z.macros.apply(macro.id)
    desk.has(result.ticket, status="solved", priority="low")
    asker = desk.user("Ada")
    ticket = desk.ticket(requester_id=asker.id, assignee_id=me.id, tags=["kept"])
    effect = z.tickets.show_macro_effect(ticket.id, macro.id)
    desk.has(effect.ticket, id=ticket.id, status="solved", priority="low")
    # Nothing has changed yet.
    desk.has(desk.shown(ticket), status="open", priority=None)
    z.tickets.update(effect.ticket)
    after = desk.shown(ticket)
    desk.has(after, status="solved", priority="low", subject=ticket.subject)
    desk.same(list(z.tickets.comments(ticket.id))[-1].body, "Thank you, Ada")

    desk.refused(422, "RecordInvalid", z.macros.create, Macro(title="", actions=actions))
    desk.refused(422, "RecordInvalid", z.macros.create, Macro(title=desk.unique("Idle"), actions=[]))
    desk.refused(422, "RecordInvalid", z.macros.create,
                 Macro(title=desk.unique("Odd"), actions=[{"field": "smell", "value": "x"}]))
    moved = desk.ask("PUT", "macros/update_many.json", {"macros": [{"id": macro.id, "active": False}]})["macros"]
    desk.same([(it["id"], it["active"]) for it in moved], [(macro.id, False)])
    z.macros.delete(macro)
    z.macros.delete(others)
    for gone in (macro, *others):
        desk.refused(404, "RecordNotFound", z.macros, id=gone.id)


@family
def personal_rules(desk):
    """An agent's own macros and views are nobody else's."""
    agent, other = desk.agent("Own"), desk.agent("Else")
    as_agent, as_other = desk.client(email=agent.email), desk.client(email=other.email)
    for name, body in (("macro", {"actions": [{"field": "status", "value": "solved"}]}), ("view", {"all": UNSOLVED})):
        body = {**body, "title": desk.unique("Mine"), "restriction": {"type": "User", "id": agent.id}}
        made = desk.ask("POST", f"{name}s.json", {name: body}, status=201, client=as_agent)[name]
        desk.same((made["restriction"]["type"], made["restriction"]["id"]), ("User", agent.id))
        desk.among(made["id"], desk.ids(getattr(as_agent, f"{name}s")()))
        desk.missing(made["id"], desk.ids(getattr(as_other, f"{name}s")()))
        desk.refused(404, "RecordNotFound", getattr(as_other, f"{name}s"), id=made["id"])


@family
def triggers(desk):
    """Triggers: what happens when a ticket is opened or changed."""
    z = desk.z
    tag = desk.key("triggered").lower()
    all_ = [{"field": "update_type", "operator": "is", "value": "Create"},
            {"field": "current_tags", "operator": "includes", "value": tag}]
    trigger = z.triggers.create(Trigger(title=desk.unique("Urgent"), all=all_, any=[], description="Hurry",
                                        actions=[{"field": "priority", "value": "urgent"}]))
    desk.has(trigger, active=True, default=False, description="Hurry", url=f"{desk.root}/triggers/{trigger.id}.json")
    desk.same((trigger.conditions.all, trigger.conditions.any), (all_, []))
    desk.holds(isinstance(trigger.category_id, str))
    desk.has(z.triggers(id=trigger.id), title=trigger.title)
    trigger.title = desk.unique("More urgent")
    desk.has(z.triggers.update(trigger), title=trigger.title, active=True)
    desk.same(z.triggers(id=trigger.id).conditions.all, all_)
    others = [z.triggers.create(Trigger(title=desk.unique(f"Trigger {nth}"), all=all_,
                                        actions=[{"field": "status", "value": "open"}])) for nth in range(3)]
    desk.paged(z.triggers, [trigger.id, *desk.ids(others)])
    desk.among(trigger.id, [it["id"] for it in desk.ask("GET", "triggers/active.json?per_page=100")["triggers"]])
    desk.among(trigger.id, [it["id"] for it in desk.ask("GET", f"triggers/search.json?query={trigger.title}")["triggers"]])
    definitions = desk.ask("GET", "triggers/definitions.json")["definitions"]
    desk.same(set(definitions), {"conditions_all", "conditions_any", "actions"})
    moved = desk.ask("PUT", "triggers/update_many.json", {"triggers": [{"id": trigger.id, "active": False, "position": 1}]})
    desk.same([it["active"] for it in moved["triggers"] if it["id"] == trigger.id], [False])
    desk.refused(422, "RecordInvalid", z.triggers.create, Trigger(title="", all=all_, actions=[{"field": "status", "value": "open"}]))
    desk.refused(422, "RecordInvalid", z.triggers.create, Trigger(title=desk.unique("Idle"), all=all_, actions=[]))
    desk.refused(422, "RecordInvalid", z.triggers.create,
                 Trigger(title=desk.unique("Odd"), all=[{"field": "smell", "operator": "is", "value": "x"}],
                         actions=[{"field": "status", "value": "open"}]))
    z.triggers.delete(trigger)
    z.triggers.delete(others)
    for gone in (trigger, *others):
        desk.refused(404, "RecordNotFound", z.triggers, id=gone.id)


@family
def trigger_categories(desk):
    """The categories that triggers are in."""
    body = {"trigger_category": {"name": desk.unique("Routing"), "position": 0}}
    made = desk.ask("POST", "trigger_categories.json", body, status=201)["trigger_category"]
    desk.holds(isinstance(made["id"], str))
    desk.among(made["id"], [it["id"] for it in desk.ask("GET", "trigger_categories.json")["trigger_categories"]])
    name = desk.unique("Sorting")
    path = f"trigger_categories/{made['id']}.json"
    desk.has(desk.ask("PATCH", path, {"trigger_category": {"name": name}})["trigger_category"], name=name)
    desk.has(desk.ask("GET", path)["trigger_category"], name=name)
    desk.ask("DELETE", path, status=204)
    desk.ask("GET", path, status=404)


@family
def automations(desk):
    """Automations: what happens to a ticket that waits."""
    z = desk.z
    # Two that do the same cannot be.
    hours = secrets.randbelow(500)
    all_ = [{"field": "status", "operator": "is", "value": "pending"},
            {"field": "PENDING", "operator": "greater_than", "value": str(hours + 24)}]
    actions = [{"field": "status", "value": "open"}]
    made = z.automations.create(Automation(title=desk.unique("Wake up"), all=all_, actions=actions))
    desk.has(made, active=True, default=False, url=f"{desk.root}/automations/{made.id}.json")
    desk.same((made.conditions.all, made.actions), (all_, actions))
    desk.has(z.automations(id=made.id), title=made.title)
    made.title = desk.unique("Wake up now")
    desk.has(z.automations.update(made), title=made.title)
    others = []
    for nth in range(3):
        waiting = [all_[0], {**all_[1], "value": str(hours + 25 + nth)}]
        others.append(z.automations.create(Automation(title=desk.unique(f"Automation {nth}"), all=waiting, actions=actions)))
    desk.paged(z.automations, [made.id, *desk.ids(others)])
    desk.among(made.id, [it["id"] for it in desk.ask("GET", "automations/active.json?per_page=100")["automations"]])
    desk.among(made.id, [it["id"] for it in desk.ask("GET", f"automations/search.json?query={made.title}")["automations"]])
    # It must wait for something, and end what it began.
    desk.refused(422, "RecordInvalid", z.automations.create, Automation(title=desk.unique("Now"), all=all_[:1], actions=actions))
    desk.refused(422, "RecordInvalid", z.automations.create, Automation(title="", all=all_, actions=actions))
    z.automations.delete(made)
    z.automations.delete(others)
    for gone in (made, *others):
        desk.refused(404, "RecordNotFound", z.automations, id=gone.id)


@family
def sla_policies(desk):
    """SLA policies, in their order."""
    z = desk.z
    filter_ = {"all": [{"field": "type", "operator": "is", "value": "incident"}], "any": []}
    metrics = [{"priority": "urgent", "metric": "first_reply_time", "target": 10, "business_hours": False},
               {"priority": "low", "metric": "requester_wait_time", "target": 180, "business_hours": False}]
    body = dict(title=desk.unique("Incidents"), description="Fast", filter=filter_, policy_metrics=metrics)
    # zenpy creates one without telling which.
    z.sla_policies.create(SlaPolicy(**body))
    made = next(it for it in z.sla_policies() if it.title == body["title"])
    desk.has(made, description="Fast", url=f"{desk.root}/slas/policies/{made.id}.json")
    shown = z.sla_policies(id=made.id)
    desk.same(shown.filter.to_dict() if hasattr(shown.filter, "to_dict") else shown.filter, filter_)
    desk.same([(it.priority, it.metric, it.target) for it in shown.policy_metrics],
              [(it["priority"], it["metric"], it["target"]) for it in metrics])
    z.sla_policies.update(SlaPolicy(id=made.id, description="Faster"))
    desk.has(z.sla_policies(id=made.id), description="Faster", title=body["title"])
    other = desk.ask("POST", "slas/policies.json", {"sla_policy": {**body, "title": desk.unique("Others")}}, status=201)["sla_policy"]
    order = [it["id"] for it in desk.ask("GET", "slas/policies.json?per_page=100")["sla_policies"]]
    desk.holds(order.index(made.id) < order.index(other["id"]))
    order = [other["id"], *(id for id in order if id != other["id"])]
    desk.ask("PUT", "slas/policies/reorder.json", {"sla_policy_ids": order})
    desk.same([it.id for it in z.sla_policies()], order)
    definitions = desk.ask("GET", "slas/policies/definitions.json")["definitions"]
    desk.same(set(definitions), {"all", "any"})
    desk.refused(422, "RecordInvalid", z.sla_policies.create, SlaPolicy(title="", filter=filter_, policy_metrics=metrics))
    odd = [{**metrics[0], "metric": "patience"}]
    desk.refused(422, "RecordInvalid", z.sla_policies.create, SlaPolicy(title=desk.unique("Odd"), filter=filter_, policy_metrics=odd))
    z.sla_policies.delete(made)
    desk.ask("DELETE", f"slas/policies/{other['id']}.json", status=204)
    desk.refused(404, "RecordNotFound", z.sla_policies, id=made.id)
    desk.has(desk.ticket(type="incident"), status="new")


@family
def what_rules_do(desk):
    """A comment by a macro, given to a ticket as agents do it."""
    z = desk.z
    macro = z.macros.create(Macro(title=desk.unique("Note"), actions=[{"field": "comment_value", "value": "From a macro"},
                                                                     {"field": "comment_mode_is_public", "value": "false"}]))
    ticket = desk.ticket()
    comment = z.tickets.show_macro_effect(ticket.id, macro.id).ticket.comment
    desk.has(comment if isinstance(comment, dict) else comment.to_dict(), public=False)
    z.tickets.update(Ticket(id=ticket.id, comment=Comment(body="From a macro", public=False), macro_ids=[macro.id]))
    desk.has(list(z.tickets.comments(ticket.id))[-1], public=False, body="From a macro")
