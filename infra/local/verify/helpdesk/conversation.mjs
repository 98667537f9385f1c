// What is said in tickets, and what is told of it: comments, audits, metrics and requests.

export async function comments(desk) {
  const { zendesk, me } = desk;
  const asker = await desk.user("Talker");
  const { id } = await desk.ticket({ requester_id: asker.id }, "First");
  await desk.change(id, { comment: { body: "Only for us", public: false } });
  await desk.change(id, { comment: { body: "My number is 4711, call 4711", author_id: asker.id } });
  const said = await zendesk.tickets.getComments(id);
  desk.same(said.map((it) => [it.author_id, it.public, it.body]), [
    [asker.id, true, "First"], [me.id, false, "Only for us"], [asker.id, true, "My number is 4711, call 4711"],
  ]);
  desk.holds(said.every((it) => it.html_body && it.plain_body && it.created_at && Array.isArray(it.attachments)));
  const counted = await zendesk.tickets.get(["tickets", id, "comments", "count"]);
  desk.same(counted.result.count.value, 3);
  const redacted = await zendesk.tickets.put(["tickets", id, "comments", said[2].id, "redact"], { text: "4711" });
  desk.has(redacted.result.comment, { id: said[2].id, body: "My number is ▇▇▇▇, call ▇▇▇▇" });
  await zendesk.tickets.put(["tickets", id, "comments", said[0].id, "make_private"], {});
  desk.same((await zendesk.tickets.getComments(id)).map((it) => it.public), [false, false, true]);
  desk.same(desk.ids(await desk.pages(`tickets/${id}/comments`, "comments", "page[size]=2")), desk.ids(said));
  await desk.refused(404, "RecordNotFound", () => zendesk.tickets.getComments(2 ** 52));
  await desk.refused(422, "RecordInvalid", () => zendesk.tickets.create({ ticket: { subject: "Nothing is said" } }));
}

export async function audits(desk) {
  const { zendesk, me } = desk;
  const { id } = await desk.ticket({ priority: "low" });
  await desk.change(id, { priority: "high", assignee_id: me.id, comment: { body: "Mine" } });
  const [first, second] = await zendesk.ticketaudits.list(id);
  desk.has(second, { ticket_id: id, author_id: me.id });
  const events = Object.fromEntries(second.events.map((it) => [it.field_name ?? it.type, it]));
  desk.has(events.priority, { type: "Change", value: "high", previous_value: "low" });
  desk.has(events.status, { type: "Change", value: "open", previous_value: "new" });
  desk.has(events.assignee_id, { value: String(me.id), previous_value: null });
  desk.has(events.Comment, { body: "Mine", public: true });
  desk.holds(second.metadata.system.client.startsWith("node-zendesk"));
  desk.has((await zendesk.ticketaudits.show(id, second.id)).result, { id: second.id });
  desk.same((await zendesk.ticketaudits.count(id)).result.count.value, 2);
  desk.same(desk.ids(await zendesk.tickets.exportAudit(id)), [first.id, second.id]);
  await zendesk.ticketaudits.makePrivate(id, second.id);
  desk.same((await zendesk.tickets.getComments(id)).map((it) => it.public), [true, false]);
  const { result: newest } = await zendesk.ticketaudits.listAll();
  desk.holds(newest.length > 0 && newest.length <= 1000);
  const { body } = await desk.fetch("GET", "ticket_audits.json?limit=1");
  desk.same(body.audits.length, 1);
  desk.holds(body.before_url.startsWith(`${desk.endpoint}/ticket_audits`));
  await desk.refused(404, "RecordNotFound", () => zendesk.ticketaudits.list(2 ** 52));
}

export async function ticketMetrics(desk) {
  const { zendesk, me } = desk;
  const asker = await desk.user("Measured");
  const { id } = await desk.ticket({ requester_id: asker.id });
  await desk.change(id, { assignee_id: me.id, comment: { body: "On it" } });
  await desk.change(id, { status: "solved" });
  const asAsker = desk.client({ username: asker.email });
  await asAsker.requests.update(id, { request: { comment: { body: "No!" } } });
  const listed = (await zendesk.ticketmetrics.list(id)).result;
  const metric = listed.ticket_metric ?? listed;
  desk.has(metric, { ticket_id: id, reopens: 1, replies: 1, group_stations: 1, assignee_stations: 1 });
  desk.same(Object.keys(metric.reply_time_in_minutes).sort(), ["business", "calendar"]);
  desk.holds(metric.solved_at === null || metric.solved_at);
  const shown = (await zendesk.ticketmetrics.show(metric.id)).result;
  desk.has(shown.ticket_metric ?? shown, { ticket_id: id });
  await desk.paged("ticket_metrics", "ticket_metrics", await zendesk.ticketmetrics.listAll(), [metric.id]);
}

export async function requests(desk) {
  const [asker, other] = [await desk.user("Customer"), await desk.user("Neighbour")];
  const asAsker = desk.client({ username: asker.email });
  const asOther = desk.client({ asUser: other.email });
  const asked = { request: { subject: desk.unique("Help"), comment: { body: "Where is it?" } } };
  const { response, result: request } = await asAsker.requests.create(asked);
  desk.same(response.status, 201);
  desk.has(request, { subject: asked.request.subject, status: "new", requester_id: asker.id, description: "Where is it?" });
  desk.has(await desk.shown(request.id), { submitter_id: asker.id });
  await desk.change(request.id, { comment: { body: "Nobody knows", public: false } });
  await desk.change(request.id, { comment: { body: "On its way" }, assignee_id: desk.me.id });
  const pages = await asAsker.requests.listComments(request.id);
  const said = pages.flatMap((page) => page.comments ?? page);
  desk.same(said.map((it) => it.body), ["Where is it?", "On its way"]);
  const one = (await asAsker.requests.getComment(request.id, said[0].id)).at(0);
  desk.has(one.comment ?? one, { body: "Where is it?" });
  await asAsker.requests.update(request.id, { request: { comment: { body: "Still not here" } } });
  desk.same((await desk.zendesk.tickets.getComments(request.id)).length, 4);

  desk.same(desk.ids(await asAsker.requests.list()), [request.id]);
  desk.same(desk.ids(await asAsker.requests.listOpen()), [request.id]);
  desk.same(desk.ids(await desk.zendesk.requests.listByUser(asker.id)), [request.id]);
  desk.has((await asAsker.requests.update(request.id, { request: { solved: true } })).result, { status: "solved" });
  desk.same(desk.ids(await asAsker.requests.listSolved()), [request.id]);
  desk.same(await asAsker.requests.listOpen(), []);

  await desk.refused(404, "RecordNotFound", () => asOther.requests.show(request.id));
  desk.same(await asOther.requests.list(), []);
  const copied = await desk.ticket({ requester_id: asker.id, email_ccs: [{ user_id: other.id, action: "put" }] });
  desk.same(desk.ids(await asOther.requests.listCCD()), [copied.id]);
  await desk.refused(403, null, () => asAsker.tickets.list());
  await desk.refused(403, null, () => asAsker.tickets.show(request.id));
  await desk.refused(403, null, () => asOther.users.list());
}
