// What is exported, and what is told of the account: incremental exports, events, activities and audit logs.

/** A start for exports that hold what a family makes: a minute ago, as the exports ask for. */
const since = () => Math.floor(Date.now() / 1000) - 61;

export async function incrementalTickets(desk) {
  const { zendesk } = desk;
  const start = since();
  const [kept, deleted] = [await desk.ticket(), await desk.ticket()];
  await zendesk.tickets.delete(deleted.id);
  const exported = new Map((await zendesk.tickets.incremental(start)).map((it) => [it.id, it]));
  desk.has(exported.get(kept.id), { subject: kept.subject, status: "new" });
  desk.has(exported.get(deleted.id), { status: "deleted" });
  desk.holds(Number.isInteger(exported.get(kept.id).generated_timestamp) && Array.isArray(exported.get(kept.id).fields));
  // The client sends what it does not know as "undefined".
  const { result: page } = await zendesk.ticketexport.exportCursor(start);
  desk.among(kept.id, desk.ids(page.tickets));
  desk.holds(page.after_url.startsWith(`${desk.endpoint}/incremental/tickets/cursor`));
  desk.same(page.end_of_stream, true);
  const fresh = await desk.ticket();
  const { result: next } = await zendesk.ticketexport.exportCursor(undefined, page.after_cursor);
  desk.among(fresh.id, desk.ids(next.tickets));
  desk.missing(kept.id, desk.ids(next.tickets));
  const { result: included } = await zendesk.ticketexport.exportWithUser(start);
  desk.among(desk.me.id, desk.ids(included.users));
  desk.among(kept.id, desk.ids((await zendesk.ticketexport.export(start)).result.tickets));
  const sample = (await zendesk.tickets.incrementalSample(start)).result;
  desk.holds(sample.length > 0 && sample.length <= 50);
}

export async function incrementalPeople(desk) {
  const { zendesk } = desk;
  const start = since();
  const [user, firm] = [await desk.user("Exported"), await desk.organization("Exported")];
  desk.has((await zendesk.users.incremental(start)).find((it) => it.id === user.id), { email: user.email });
  desk.has((await zendesk.organizations.incremental(start)).find((it) => it.id === firm.id), { name: firm.name });
  desk.holds((await zendesk.users.incrementalSample(start)).result.length > 0);
  const { result: page } = await zendesk.users.get(["incremental", "users", "cursor", { start_time: start, per_page: 1 }]);
  desk.same(page.length, 1);
}

export async function ticketEvents(desk) {
  const { zendesk } = desk;
  const start = since();
  const { id } = await desk.ticket({}, "First words");
  await desk.change(id, { priority: "high" });
  const told = await zendesk.ticketevents.incrementalInclude(start, "comment_events");
  const events = told.filter((it) => it.ticket_id === id);
  desk.same(events.length, 2);
  desk.same(events[0].child_events.find((it) => it.event_type === "Comment")?.body, "First words");
  const change = events[1].child_events.find((it) => it.priority);
  desk.has(change, { event_type: "Change", priority: "high", previous_value: null });
  const bare = await zendesk.ticketevents.incremental(start);
  desk.same(bare.filter((it) => it.ticket_id === id).length, 2);
  desk.holds(!bare.some((it) => it.child_events.some((child) => child.body)));
}

export async function ticketMetricEvents(desk) {
  const { zendesk, me } = desk;
  const start = since();
  const { id } = await desk.ticket({ requester_id: (await desk.user("Timed")).id });
  await desk.change(id, { comment: { body: "An answer" }, assignee_id: me.id });
  const where = ["incremental", "ticket_metric_events", { start_time: start }];
  const { ticket_metric_events: events } = (await zendesk.ticketmetrics.get(where)).result;
  const kinds = events.filter((it) => it.ticket_id === id).map((it) => `${it.metric} ${it.type}`);
  for (const kind of ["reply_time activate", "reply_time fulfill", "agent_work_time activate"]) desk.among(kind, kinds);
}

export async function activities(desk) {
  const { zendesk, me } = desk;
  const agent = await desk.agent("Busy");
  const ticket = await desk.ticket({ assignee_id: me.id });
  await desk.client({ username: agent.email }).tickets.update(ticket.id, { ticket: { comment: { body: "For you" } } });
  const all = await zendesk.activitystream.getAll(["activities"]);
  const mine = all.filter((it) => it.target?.ticket?.id === ticket.id);
  const told = mine.find((it) => it.verb === "tickets.comment");
  desk.has(told, { user_id: me.id, actor_id: agent.id });
  desk.has(told?.actor, { id: agent.id, name: agent.name });
  desk.has((await zendesk.activitystream.show(told.id)).result, { id: told.id });
  desk.holds((await zendesk.activitystream.count()).result.count.value >= 1);
}

export async function auditLogs(desk) {
  const { zendesk, me } = desk;
  const group = await desk.group("Logged");
  const query = { filter: { source_type: "group", source_id: group.id } };
  const logs = (await zendesk.groups.get(["audit_logs", query])).result.audit_logs;
  desk.same(logs.length, 1);
  desk.has(logs[0], { action: "create", actor_id: me.id, source_id: group.id, source_type: "group" });
  const shown = (await zendesk.groups.get(["audit_logs", logs[0].id])).result;
  desk.has(shown.audit_log, { id: logs[0].id });
  const agent = await desk.agent("Curious");
  await desk.refused(403, null, () => desk.client({ username: agent.email }).groups.get(["audit_logs"]));
}

export async function jobStatuses(desk) {
  const { zendesk } = desk;
  const { result } = await zendesk.tickets.createMany({ tickets: [{ subject: "By a job", description: "x" }] });
  const job = result.job_status;
  desk.has(job, { status: "queued", url: `${desk.endpoint}/job_statuses/${job.id}.json` });
  const ended = await zendesk.jobstatuses.watch(job.id, 300, 400);
  desk.has(ended, { id: job.id, total: 1, progress: 1, status: "completed" });
  const [one] = (await zendesk.jobstatuses.showMany([job.id])).result.job_statuses;
  desk.has(one, { id: job.id });
  desk.among(job.id, desk.ids((await zendesk.jobstatuses.list()).result.job_statuses));
  await desk.refused(404, "RecordNotFound", () => zendesk.jobstatuses.show("nothing"));
}
