// Tickets, and what may happen to them.

export async function tickets(desk) {
  const { zendesk, me } = desk;
  const subject = desk.unique("My printer is on fire!");
  const asked = {
    subject, comment: { body: "The smoke is very colorful." }, priority: "urgent", type: "incident",
    tags: ["smoke", "fire"], external_id: desk.key("printer"),
  };
  const { response, result: ticket } = await zendesk.tickets.create({ ticket: asked });
  desk.same(response.status, 201);
  desk.has(ticket, {
    subject, raw_subject: subject, description: "The smoke is very colorful.", status: "new", priority: "urgent",
    type: "incident", requester_id: me.id, submitter_id: me.id, is_public: true, has_incidents: false,
    external_id: asked.external_id, url: `${desk.endpoint}/tickets/${ticket.id}.json`,
  });
  desk.same([...ticket.tags].sort(), ["fire", "smoke"]);
  desk.same(await desk.shown(ticket.id), ticket);
  desk.has((await zendesk.brand.show(ticket.brand_id)).result.brand, { id: ticket.brand_id });
  desk.has((await zendesk.ticketforms.show(ticket.ticket_form_id)).result, { default: true });

  const changed = await desk.change(ticket.id, { subject: "Only warm", priority: "low" });
  desk.has(changed, { subject: "Only warm", priority: "low", status: "new" });
  await desk.empty(zendesk.tickets.delete(ticket.id));
  for (const call of [
    () => desk.shown(ticket.id),
    () => desk.change(ticket.id, { priority: "high" }),
    () => zendesk.tickets.delete(ticket.id),
  ]) {
    await desk.refused(404, "RecordNotFound", call);
  }
}

export async function ticketLists(desk) {
  const { zendesk } = desk;
  const asker = await desk.user("Lister");
  const made = [];
  for (let nth = 0; nth < 5; nth += 1) made.push(await desk.ticket({ requester_id: asker.id }));
  const ids = desk.ids(made);
  desk.same(desk.ids(await zendesk.tickets.listByUserRequested(asker.id)), ids);
  await desk.paged("tickets", "tickets", await zendesk.tickets.list(), ids);
  await desk.paged(`users/${asker.id}/tickets/requested`, "tickets", made, ids);
  desk.same(desk.ids((await zendesk.tickets.showMany(ids)).result).sort(), [...ids].sort());
  await desk.change(ids[0], { assignee_id: desk.me.id });
  desk.among(ids[0], desk.ids(await zendesk.tickets.listRecent()));
  const { body } = await desk.fetch("GET", `users/${asker.id}/tickets/requested.json?per_page=2&page=2`);
  desk.same([desk.ids(body.tickets), body.count], [ids.slice(2, 4), 5]);
  const counted = (await zendesk.tickets.get(["tickets", "count"])).result;
  desk.holds(counted.count.value >= 5);

  // What belongs to tickets comes with them.
  const sided = desk.client();
  sided.tickets.setSideLoad(["users", "metric_sets", "comment_count"]);
  const { result } = await sided.tickets.show(ids[0]);
  desk.same([result.id, result.metric_set?.ticket_id, result.comment_count], [ids[0], ids[0], 1]);
  const whole = await desk.fetch("GET", `tickets/show_many.json?ids=${ids}&include=users,groups,organizations`);
  desk.among(asker.id, desk.ids(whole.body.users ?? []));
  desk.same([Array.isArray(whole.body.groups), Array.isArray(whole.body.organizations)], [true, true]);
}

export async function manyTickets(desk) {
  const { zendesk } = desk;
  const asked = Array.from({ length: 12 }, (_, nth) => ({ subject: desk.unique(`Many ${nth}`), description: "x" }));
  const made = await desk.done(zendesk.tickets.createMany({ tickets: asked }));
  desk.same([made.total, made.progress, made.results.map((it) => it.index)], [12, 12, asked.map((_, nth) => nth)]);
  const ids = desk.ids(made.results);
  const shown = (await zendesk.tickets.showMany(ids)).result;
  desk.same(new Map(shown.map((it) => [it.id, it.subject])), new Map(ids.map((id, nth) => [id, asked[nth].subject])));

  const alike = await desk.done(zendesk.tickets.updateMany(ids.slice(0, 2), { ticket: { priority: "low" } }));
  desk.same(alike.results.map((it) => [it.id, it.action, it.status, it.success]),
    ids.slice(0, 2).map((id) => [id, "update", "Updated", true]));
  for (const id of ids.slice(0, 2)) desk.has(await desk.shown(id), { priority: "low" });
  const each = { tickets: ids.slice(2, 4).map((id) => ({ id, subject: `Changed ${id}` })) };
  await desk.done(zendesk.tickets.put(["tickets", "update_many"], each));
  for (const id of ids.slice(2, 4)) desk.has(await desk.shown(id), { subject: `Changed ${id}` });

  await desk.done(zendesk.tickets.deleteMany(ids));
  await desk.refused(404, "RecordNotFound", () => desk.shown(ids[0]));
  const many = Array.from({ length: 101 }, () => ({ subject: "One too many", description: "x" }));
  await desk.refused(400, "TooManyValues", () => zendesk.tickets.createMany({ tickets: many }));
  await desk.refused(400, "TooManyValues", () => zendesk.tickets.showMany(many.map((_, nth) => nth + 1)));
  await desk.refused(400, "TooManyValues", () => zendesk.tickets.deleteMany(many.map((_, nth) => nth + 1)));
}

export async function ticketLife(desk) {
  const { me } = desk;
  const asker = await desk.user("Asker");
  const asAsker = desk.client({ username: asker.email });
  const { id } = await desk.ticket({ requester_id: asker.id });
  desk.same(await desk.invalid("base", () => desk.change(id, { status: "solved" })),
    "Assignee: is required when solving a ticket");
  desk.has(await desk.change(id, { assignee_id: me.id }), { status: "open", assignee_id: me.id });
  await desk.invalid("status", () => desk.change(id, { status: "new" }));
  for (const status of ["pending", "solved"]) {
    desk.has(await desk.change(id, { status }), { status });
    await asAsker.requests.update(id, { request: { comment: { body: `Not ${status}` } } });
    desk.has(await desk.shown(id), { status: "open" });
  }
  await desk.change(id, { status: "pending" });
  desk.has(await desk.change(id, { comment: { body: "Still waiting" } }), { status: "pending" });
  for (const [field, value] of [["status", "asleep"], ["priority", "huge"], ["type", "riddle"]]) {
    await desk.invalid(field, () => desk.change(id, { [field]: value }));
  }
  await desk.refused(422, "RecordInvalid", () => desk.change(id, { assignee_id: asker.id }));
  await desk.refused(422, "RecordInvalid", () => desk.change(id, { group_id: 2 ** 52 }));
}

export async function closedTickets(desk) {
  const { zendesk, me } = desk;
  const past = { subject: "Long ago", description: "Cold", assignee_id: me.id, status: "closed", tags: ["winter"] };
  const closed = (await zendesk.ticketimport.import({ ticket: past })).result.ticket;
  desk.has(closed, { status: "closed" });
  const said = await desk.invalid("status", () => desk.change(closed.id, { comment: { body: "And another thing" } }));
  desk.holds(said.endsWith("closed prevents ticket update"));
  const again = await desk.ticket({ via_followup_source_id: closed.id });
  desk.has(again, { via_followup_source_id: closed.id, status: "new", tags: ["winter"] });
  desk.same([again.via.source.rel, again.via.source.from.ticket_id], ["follow_up", closed.id]);
  desk.same((await desk.shown(closed.id)).followup_ids, [again.id]);
  const { id } = await desk.ticket();
  await desk.refused(422, "RecordInvalid", () => desk.ticket({ via_followup_source_id: id }));
}

export async function safeUpdates(desk) {
  const ticket = await desk.ticket();
  const safe = { safe_update: true, updated_stamp: ticket.updated_at };
  desk.has(await desk.change(ticket.id, { priority: "low", ...safe }), { priority: "low" });
  const stale = { ...safe, updated_stamp: "2020-01-01T00:00:00Z" };
  await desk.refused(409, "UpdateConflict", () => desk.change(ticket.id, { priority: "high", ...stale }));
  desk.has(await desk.shown(ticket.id), { priority: "low" });
}

export async function ticketTags(desk) {
  const { zendesk } = desk;
  const { id } = await desk.ticket({ tags: ["one"] });
  const now = async () => [...(await desk.shown(id)).tags].sort();
  desk.same([...(await zendesk.tickets.addTags(id, { tags: ["two"] }))[0].tags].sort(), ["one", "two"]);
  desk.same([...(await zendesk.tickets.updateTags(id, { tags: ["three", "four"] }))[0].tags].sort(), ["four", "three"]);
  desk.same(await now(), ["four", "three"]);
  const { status, body } = await desk.fetch("DELETE", `tickets/${id}/tags.json`, { tags: ["three"] });
  desk.holds(status === 204 || body.tags.join() === "four");
  desk.same(await now(), ["four"]);
}

export async function mergedTickets(desk) {
  const { zendesk, me } = desk;
  const asker = await desk.user("Twice");
  const made = [];
  for (let nth = 0; nth < 3; nth += 1) made.push(await desk.ticket({ requester_id: asker.id, assignee_id: me.id }));
  const [target, ...sources] = desk.ids(made);
  const comments = { target_comment: "Three of a kind", source_comment: "See the other one" };
  await desk.done(zendesk.tickets.merge(target, { ids: sources, ...comments }));
  for (const source of sources) {
    const shown = await desk.shown(source);
    desk.has(shown, { status: "closed" });
    desk.among("closed_by_merge", shown.tags);
    desk.has((await zendesk.tickets.getComments(source)).at(-1), { body: "See the other one" });
  }
  desk.has((await zendesk.tickets.getComments(target)).at(-1), { body: "Three of a kind" });
  await desk.refused(404, "RecordNotFound", () => zendesk.tickets.merge(2 ** 52, { ids: [target] }));
}

export async function problems(desk) {
  const { zendesk, me } = desk;
  const problem = await desk.ticket({ type: "problem", subject: desk.unique("Outage"), assignee_id: me.id });
  const incidents = [];
  for (let nth = 0; nth < 2; nth += 1) {
    incidents.push(await desk.ticket({ type: "incident", problem_id: problem.id, assignee_id: me.id }));
  }
  desk.same(desk.ids(await zendesk.tickets.listIncidents(problem.id)).sort(), desk.ids(incidents).sort());
  desk.has(await desk.shown(problem.id), { has_incidents: true });
  desk.has((await zendesk.tickets.get(["tickets", problem.id, "related"])).result, { incidents: 2 });
  const found = await zendesk.tickets.post(["problems", "autocomplete"], { text: problem.subject });
  desk.same(desk.ids(found.result), [problem.id]);
}

export async function collaborators(desk) {
  const { zendesk } = desk;
  const [copied, follower] = [await desk.user("Copied"), await desk.agent("Follower")];
  const ticket = await desk.ticket({
    email_ccs: [{ user_id: copied.id, action: "put" }], followers: [{ user_id: follower.id, action: "put" }],
  });
  desk.has(ticket, { email_cc_ids: [copied.id], follower_ids: [follower.id] });
  const [{ users }] = await zendesk.tickets.listCollaborators(ticket.id);
  desk.same(desk.ids(users).sort(), [copied.id, follower.id].sort());
  desk.same(desk.ids(await zendesk.tickets.listByUserCCD(copied.id)), [ticket.id]);
  const changed = await desk.change(ticket.id, { email_ccs: [{ user_id: copied.id, action: "delete" }] });
  desk.has(changed, { email_cc_ids: [], follower_ids: [follower.id] });
}

export async function deletedTickets(desk) {
  const { zendesk } = desk;
  const [kept, lost] = [await desk.ticket(), await desk.ticket()];
  for (const { id } of [kept, lost]) await desk.empty(zendesk.tickets.delete(id));
  const deleted = async () => (await zendesk.tickets.getAll(["deleted_tickets"])).flatMap((it) => it.deleted_tickets);
  const found = (await deleted()).find((it) => it.id === kept.id);
  desk.has(found, { subject: kept.subject, previous_state: "new" });
  desk.same(found.actor.id, desk.me.id);
  desk.same((await zendesk.tickets.put(["deleted_tickets", kept.id, "restore"])).response.status, 200);
  desk.has(await desk.shown(kept.id), { status: "new", subject: kept.subject });
  await desk.done(zendesk.tickets.request("DELETE", ["deleted_tickets", lost.id]));
  desk.missing(lost.id, desk.ids(await deleted()));
  await desk.refused(404, "RecordNotFound", () => zendesk.tickets.put(["deleted_tickets", lost.id, "restore"]));
}

export async function importedTickets(desk) {
  const { zendesk, me } = desk;
  const asker = await desk.user("Historian");
  const past = {
    subject: "From the old system", requester_id: asker.id, assignee_id: me.id, status: "solved",
    created_at: "2019-03-04T05:06:07Z", solved_at: "2019-03-05T05:06:07Z",
    comments: [
      { author_id: asker.id, value: "It began so.", created_at: "2019-03-04T05:06:07Z" },
      { author_id: me.id, value: "Only for us.", public: false, created_at: "2019-03-04T06:06:07Z" },
    ],
  };
  const { response, result } = await zendesk.imports.ticket({ ticket: past });
  desk.same(response.status, 201);
  const ticket = result.ticket ?? result;
  desk.has(ticket, { status: "solved", created_at: "2019-03-04T05:06:07Z", description: "It began so." });
  const comments = await zendesk.tickets.getComments(ticket.id);
  desk.same(comments.map((it) => [it.author_id, it.public, it.created_at]),
    past.comments.map((it) => [it.author_id, it.public ?? true, it.created_at]));
  const job = await desk.done(zendesk.ticketimport.bulkImport([{ subject: "Old", description: "x" }]));
  desk.has(await desk.shown(job.results[0].id), { subject: "Old" });
}

export async function spam(desk) {
  const { zendesk } = desk;
  const spammer = await desk.user("Spammer");
  const { id } = await desk.ticket({ requester_id: spammer.id });
  desk.same((await zendesk.tickets.put(["tickets", id, "mark_as_spam"])).response.status, 200);
  await desk.refused(404, "RecordNotFound", () => desk.shown(id));
  desk.has((await zendesk.users.show(spammer.id)).result, { suspended: true });
}
