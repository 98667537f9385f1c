"""What records are made of: fields, forms and custom statuses."""

from zenpy.lib.api_objects import CustomFieldOption, CustomStatus, OrganizationField, Ticket, TicketField, TicketForm, User, UserField

from .desk import family


@family
def ticket_fields(desk):
    """Fields of tickets, of every type, and what they take."""
    z = desk.z
    fields = {}
    for kind in ("text", "textarea", "checkbox", "date", "integer", "decimal", "regexp", "partialcreditcard"):
        more = {"regexp_for_validation": r"\A[0-9]{4}\z"} if kind == "regexp" else {}
        fields[kind] = z.ticket_fields.create(TicketField(type=kind, title=desk.unique(kind), **more))
        desk.has(fields[kind], type=kind, active=True, required=False, removable=True, raw_title=fields[kind].title,
                 url=f"{desk.root}/ticket_fields/{fields[kind].id}.json")
    values = {"text": "short", "textarea": "long\nlines", "checkbox": True, "date": "2026-11-21", "integer": "42",
              "decimal": "4.2", "regexp": "4711"}
    sent = [{"id": fields[kind].id, "value": value} for kind, value in values.items()]
    ticket = desk.ticket(custom_fields=sent)
    found = {it["id"]: it["value"] for it in desk.shown(ticket).custom_fields}
    for kind in ("text", "textarea", "checkbox", "date", "regexp"):
        desk.same(found[fields[kind].id], values[kind])
    desk.same((float(found[fields["integer"].id]), float(found[fields["decimal"].id])), (42, 4.2))
    # `fields` says the same, and fields without a value are there too.
    desk.same({it["id"]: it["value"] for it in desk.shown(ticket).fields}, found)
    desk.same(found[fields["partialcreditcard"].id], None)
    for kind, wrong in (("date", "tomorrow"), ("integer", "many"), ("decimal", "much"), ("regexp", "12")):
        change = Ticket(id=ticket.id, custom_fields=[{"id": fields[kind].id, "value": wrong}])
        desk.invalid("base", z.tickets.update, change)
    field = z.ticket_fields(id=fields["text"].id)
    field.title = desk.unique("Renamed")
    desk.has(z.ticket_fields.update(field), title=field.title, type="text")
    all_ = {it.id: it for it in z.ticket_fields()}
    desk.holds({"subject", "description", "status", "tickettype", "priority", "group", "assignee"} <= {it.type for it in all_.values()})
    desk.among(field.id, all_)
    system = next(it for it in all_.values() if it.type == "subject")
    desk.has(system, removable=False, active=True)
    desk.refused(422, None, z.ticket_fields.delete, system)
    desk.holds(desk.ask("GET", "ticket_fields/count.json")["count"]["value"] == len(all_))
    desk.refused(422, "RecordInvalid", z.ticket_fields.create, TicketField(type="riddle", title="x"))
    desk.invalid("title", z.ticket_fields.create, TicketField(type="text", title=""))
    for field in fields.values():
        z.ticket_fields.delete(field)
        desk.refused(404, "RecordNotFound", z.ticket_fields, id=field.id)
    desk.missing(fields["text"].id, [it["id"] for it in desk.shown(ticket).custom_fields])


@family
def ticket_field_options(desk):
    """Drop-downs, and what may be chosen in them."""
    z = desk.z
    names = [desk.key(word) for word in ("apple", "pear", "plum")]
    options = [{"name": name.title(), "value": name} for name in names]
    field = z.ticket_fields.create(TicketField(type="tagger", title=desk.unique("Fruit"), custom_field_options=options))
    desk.same([it.value for it in field.custom_field_options], names)
    ticket = desk.ticket(custom_fields=[{"id": field.id, "value": names[0]}])
    value = lambda: {it["id"]: it["value"] for it in desk.shown(ticket).custom_fields}[field.id]
    # What is chosen is a tag, and the tag is what is chosen.
    desk.same((value(), list(ticket.tags)), (names[0], [names[0]]))
    z.tickets.update(Ticket(id=ticket.id, custom_fields=[{"id": field.id, "value": names[1]}]))
    desk.same((value(), list(desk.shown(ticket).tags)), (names[1], [names[1]]))
    z.tickets.delete_tags(ticket.id, [names[1]])
    desk.same(value(), None)
    z.tickets.update(Ticket(id=ticket.id, custom_fields=[{"id": field.id, "value": "stone"}]))
    desk.same((value(), list(desk.shown(ticket).tags)), (None, []))

    # zenpy sends the options with every update of a field, by their ids alone: they stay as they are.
    shown = z.ticket_fields(id=field.id)
    shown.title = desk.unique("Fruits")
    updated = z.ticket_fields.update(shown)
    desk.same([it.value for it in updated.custom_field_options], names)
    listed = list(z.ticket_fields.options(id=field.id))
    desk.same([it.value for it in listed], names)
    desk.has(z.ticket_fields.options.show(field.id, listed[0].id), name=names[0].title(), value=names[0])
    cherry = desk.key("cherry")
    made = z.ticket_fields.options.create_or_update(field.id, CustomFieldOption(name="Cherry", value=cherry))
    desk.has(made, name="Cherry", value=cherry)
    changed = z.ticket_fields.options.create_or_update(field.id, CustomFieldOption(id=made.id, name="Cherries", value=cherry))
    desk.has(changed, id=made.id, name="Cherries", value=cherry)
    z.ticket_fields.options.delete(field.id, listed[2].id)
    desk.same([it.value for it in z.ticket_fields.options(id=field.id)], [*names[:2], cherry])
    desk.refused(404, "RecordNotFound", z.ticket_fields.options.show, field.id, listed[2].id)
    many = z.ticket_fields.create(TicketField(type="multiselect", title=desk.unique("Fruits"),
                                              custom_field_options=[{"name": it, "value": f"{it}_m"} for it in names]))
    chosen = [f"{it}_m" for it in names[:2]]
    ticket = desk.ticket(custom_fields=[{"id": many.id, "value": chosen}])
    desk.same(sorted({it["id"]: it["value"] for it in ticket.custom_fields}[many.id]), sorted(chosen))
    desk.same(sorted(ticket.tags), sorted(chosen))
    # Two options of one value cannot be.
    desk.refused(422, "RecordInvalid", z.ticket_fields.create,
                 TicketField(type="tagger", title=desk.unique("Twins"), custom_field_options=[options[0], options[0]]))
    z.ticket_fields.delete(field)
    z.ticket_fields.delete(many)


@family
def ticket_forms(desk):
    """Forms: which fields a ticket shows."""
    z = desk.z
    field = z.ticket_fields.create(TicketField(type="text", title=desk.unique("On a form")))
    form = z.ticket_forms.create(TicketForm(name=desk.unique("Snowboard"), ticket_field_ids=[field.id], end_user_visible=True))
    desk.has(form, active=True, default=False, end_user_visible=True, raw_name=form.name, in_all_brands=True,
             url=f"{desk.root}/ticket_forms/{form.id}.json")
    desk.among(field.id, form.ticket_field_ids)
    desk.has(z.ticket_forms(id=form.id), name=form.name)
    desk.same({it.id for it in form.ticket_fields}, set(form.ticket_field_ids))
    form.name = desk.unique("Ski")
    desk.has(z.ticket_forms.update(form), name=form.name)
    desk.among(form.id, desk.ids(z.ticket_forms()))
    desk.has(desk.ticket(ticket_form_id=form.id), ticket_form_id=form.id)
    clone = desk.ask("POST", f"ticket_forms/{form.id}/clone.json", {}, status=201)["ticket_form"]
    desk.holds(clone["id"] != form.id and form.name in clone["name"])
    desk.same(clone["ticket_field_ids"], list(form.ticket_field_ids))
    shown = desk.ask("GET", f"ticket_forms/show_many.json?ids={form.id},{clone['id']}")["ticket_forms"]
    desk.same({it["id"] for it in shown}, {form.id, clone["id"]})
    order = [clone["id"], *(it.id for it in z.ticket_forms() if it.id != clone["id"])]
    ordered = desk.ask("PUT", "ticket_forms/reorder.json", {"ticket_form_ids": order})["ticket_forms"]
    desk.same([it["id"] for it in sorted(ordered, key=lambda it: it["position"])], order)
    desk.invalid("name", z.ticket_forms.create, TicketForm(name=""))
    desk.refused(422, "RecordInvalid", z.tickets.create, Ticket(subject="x", description="x", ticket_form_id=2**52))
    default = next(it for it in z.ticket_forms() if it.default)
    desk.refused(422, None, z.ticket_forms.delete, default)
    for id in (clone["id"], form.id):
        z.ticket_forms.delete(TicketForm(id=id))
        desk.refused(404, "RecordNotFound", z.ticket_forms, id=id)
    z.ticket_fields.delete(field)


@family
def user_fields(desk):
    """Fields of users."""
    z = desk.z
    key = desk.key("shoe_size").lower()
    field = z.user_fields.create(UserField(type="integer", title=desk.unique("Shoe size"), key=key, description="In Paris points"))
    desk.has(field, type="integer", key=key, active=True, system=False, description="In Paris points",
             url=f"{desk.root}/user_fields/{field.id}.json")
    user = desk.user("Fielded", user_fields={key: 43})
    desk.same(z.users(id=user.id).user_fields[key], 43)
    z.users.update(User(id=user.id, name=user.name, user_fields={key: 44}))
    desk.same(z.users(id=user.id).user_fields[key], 44)
    desk.same(desk.user("Empty").user_fields[key], None)
    desk.refused(422, "RecordInvalid", z.users.update, User(id=user.id, name=user.name, user_fields={key: "large"}))
    field.title = desk.unique("Size of shoes")
    desk.has(z.user_fields.update(field), title=field.title, key=key)
    desk.has(z.user_fields(id=field.id), title=field.title)
    desk.among(field.id, desk.ids(z.user_fields()))
    body = {"user_field": {"type": "dropdown", "key": desk.key("colour").lower(), "title": desk.unique("Colour"),
                           "custom_field_options": [{"name": "Red", "value": desk.key("red").lower()}]}}
    dropdown = desk.ask("POST", "user_fields.json", body, status=201)["user_field"]
    blue = {"custom_field_option": {"name": "Blue", "value": desk.key("blue").lower()}}
    made = desk.ask("POST", f"user_fields/{dropdown['id']}/options.json", blue, status=201)["custom_field_option"]
    desk.has(made, name="Blue")
    options = desk.ask("GET", f"user_fields/{dropdown['id']}/options.json")["custom_field_options"]
    desk.same([it["name"] for it in options], ["Red", "Blue"])
    desk.ask("DELETE", f"user_fields/{dropdown['id']}/options/{made['id']}.json", status=204)
    order = [dropdown["id"], *(it.id for it in z.user_fields() if it.id != dropdown["id"])]
    desk.ask("PUT", "user_fields/reorder.json", {"user_field_ids": order})
    desk.same(desk.ids(z.user_fields())[0], dropdown["id"])
    desk.refused(422, "RecordInvalid", z.user_fields.create, UserField(type="text", title="Twin", key=key))
    for id in (dropdown["id"], field.id):
        z.user_fields.delete(UserField(id=id))
        desk.refused(404, "RecordNotFound", z.user_fields, id=id)


@family
def organization_fields(desk):
    """Fields of organizations."""
    z = desk.z
    key = desk.key("tier").lower()
    field = z.organization_fields.create(OrganizationField(type="text", title=desk.unique("Tier"), key=key))
    desk.has(field, type="text", key=key, active=True, url=f"{desk.root}/organization_fields/{field.id}.json")
    firm = desk.organization(organization_fields={key: "gold"})
    desk.same(z.organizations(id=firm.id).organization_fields[key], "gold")
    field.title = desk.unique("Level")
    desk.has(z.organization_fields.update(field), title=field.title)
    other = z.organization_fields.create(OrganizationField(type="checkbox", title=desk.unique("Paid"), key=desk.key("paid").lower()))
    order = [other.id, *(it.id for it in z.organization_fields() if it.id != other.id)]
    z.organization_fields.reorder(order)
    desk.same(desk.ids(z.organization_fields())[0], other.id)
    for it in (field, other):
        z.organization_fields.delete(it)
        desk.refused(404, "RecordNotFound", z.organization_fields, id=it.id)


@family
def custom_statuses(desk):
    """Statuses of one's own, each of one of the five categories."""
    z = desk.z
    label = desk.unique("Asking")[:48]
    made = z.custom_statuses.create(CustomStatus(agent_label=label, end_user_label="Being asked", status_category="pending",
                                                 description="We wait", end_user_description="You are asked"))
    desk.has(made, agent_label=label, raw_agent_label=label, end_user_label="Being asked", status_category="pending",
             active=True, default=False, url=f"{desk.root}/custom_statuses/{made.id}.json")
    ticket = desk.ticket(assignee_id=desk.me.id)
    changed = z.tickets.update(Ticket(id=ticket.id, custom_status_id=made.id)).ticket
    desk.has(changed, status="pending", custom_status_id=made.id)
    desk.has(z.tickets.update(Ticket(id=ticket.id, status="open")).ticket, status="open")
    desk.holds(desk.shown(ticket).custom_status_id != made.id)
    made.agent_label = desk.unique("Asked")[:48]
    desk.has(z.custom_statuses.update(made), agent_label=made.agent_label, status_category="pending")
    all_ = {it.id: it for it in z.custom_statuses()}
    desk.same({it.status_category for it in all_.values()}, {"new", "open", "pending", "hold", "solved"})
    desk.among(made.id, all_)
    pending = desk.ask("GET", "custom_statuses.json?status_categories=pending&default=true")["custom_statuses"]
    desk.same([it["status_category"] for it in pending], ["pending"])
    desk.refused(422, "RecordInvalid", z.custom_statuses.create, CustomStatus(agent_label="x", status_category="asleep"))
    desk.refused(404, "RecordNotFound", z.custom_statuses.update, CustomStatus(id=2**62, agent_label="x"))
    desk.refused(422, "RecordInvalid", z.tickets.update, Ticket(id=ticket.id, custom_status_id=2**52))
    desk.ask("PUT", f"custom_statuses/{made.id}.json", {"custom_status": {"active": False}})
    desk.has(z.custom_statuses(id=made.id), active=False)
