// Search, and views as they are run: what was just written is found at once.

const unsolved = { field: "status", operator: "less_than", value: "solved" };

const word = (desk, name) => desk.key(name).replaceAll("_", "");
const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

export async function search(desk) {
  const { zendesk, me } = desk;
  const mark = word(desk, "zyx");
  const asker = await desk.user(`Amy ${mark}`);
  const firm = await desk.organization(`Firm ${mark}`);
  const first = await desk.ticket({ subject: `${mark} printer`, requester_id: asker.id, tags: [mark], priority: "urgent", assignee_id: me.id });
  const second = await desk.ticket({ requester_id: asker.id, tags: [mark] }, `about ${mark}, seen`);
  const found = (await zendesk.search.query(mark)).result;
  const kinds = (all) => all.map((it) => `${it.result_type} ${it.id}`).sort();
  desk.same(kinds(found), [`organization ${firm.id}`, `ticket ${first.id}`, `ticket ${second.id}`, `user ${asker.id}`]);
  desk.same(kinds(await zendesk.search.queryAll(mark)), kinds(found));
  desk.same((await zendesk.search.showResultsCount(mark)).result.count, 4);
  // What is called so comes first.
  desk.same(desk.ids((await zendesk.search.query(`${mark} type:ticket`)).result), [first.id, second.id]);
  for (const [query, wanted] of [
    [`"${mark} printer" type:ticket`, [first.id]],
    [`${mark} -seen type:ticket`, [first.id]],
    [`tags:${mark} priority>high`, [first.id]],
    [`tags:${mark} assignee:me`, [first.id]],
    [`tags:${mark} assignee:none`, [second.id]],
    [`tags:${mark} requester:${asker.email}`, [first.id, second.id]],
    [`tags:${mark} requester:"${asker.name}" created>1hours`, [first.id, second.id]],
    [`tags:${mark} status:closed`, []],
    [`${mark} type:user`, [asker.id]],
    [`"${firm.name}" type:organization`, [firm.id]],
  ]) {
    desk.same(desk.ids((await zendesk.search.query(query)).result).sort(), [...wanted].sort());
  }
  desk.same(desk.ids(await zendesk.users.search({ query: `email:${asker.email}` })), [asker.id]);
  await desk.change(first.id, { status: "solved", subject: `${mark} quenched` });
  desk.same(desk.ids((await zendesk.search.query(`${mark} quenched`)).result), [first.id]);
  desk.same(desk.ids((await zendesk.search.query(`tags:${mark} status<solved`)).result), [second.id]);
}

export async function searchIsRefused(desk) {
  const { zendesk } = desk;
  const wrong = await desk.refused(422, "invalid", () => zendesk.search.query("printer status:foo"));
  desk.holds(wrong.description?.endsWith("at character 16"));
  const far = await desk.fetch("GET", "search.json?query=x&page=11");
  desk.same([far.status, far.body], [422, {
    error: "invalid",
    description: "Invalid search: Requested response size was greater than Search Response Limits",
  }]);
  desk.same((await desk.fetch("GET", "search/export.json?query=x")).status, 400);
  desk.same((await desk.fetch("GET", "search.json")).status, 400);
}

export async function searchExport(desk) {
  const { zendesk } = desk;
  const mark = word(desk, "wvu");
  const ids = [];
  for (let nth = 0; nth < 3; nth += 1) {
    ids.unshift((await desk.ticket({ subject: `${mark} of three` })).id);
    await pause(1000);
  }
  desk.same(desk.ids(await zendesk.search.exportResults(mark, "ticket", 1)), ids);
  desk.same(desk.ids(await zendesk.search.exportResults(mark, "ticket")), ids);
}

export async function requestsAreSearched(desk) {
  const mark = word(desk, "tsr");
  const [asker, other] = [await desk.user("Asker"), await desk.user("Other")];
  const mine = await desk.ticket({ requester_id: asker.id }, `I say ${mark}`);
  await desk.ticket({ requester_id: other.id }, `I say ${mark} too`);
  const client = desk.client({ username: asker.email });
  desk.same(desk.ids((await client.requests.search({ query: mark })).result), [mine.id]);
  await desk.refused(403, null, () => client.search.query(mark));
}

export async function viewsAreRun(desk) {
  const { zendesk, me } = desk;
  const tag = desk.key("nml");
  const all = [unsolved, { field: "current_tags", operator: "includes", value: tag }];
  const output = { columns: ["subject", "priority"], sort_by: "priority", sort_order: "desc" };
  const view = (await zendesk.views.create({ view: { title: desk.unique("Tagged"), all, output } })).result;
  const counted = async () => (await zendesk.views.showCount(view.id)).result.view_count;
  desk.has(await counted(), { value: 0, fresh: true });
  const low = await desk.ticket({ tags: [tag], priority: "low" });
  const urgent = await desk.ticket({ tags: [tag], priority: "urgent", assignee_id: me.id });
  const order = [urgent.id, low.id];
  const tickets = async () => (await zendesk.views.tickets(view.id)).flatMap((page) => page.tickets ?? page).map((it) => it.id);
  desk.same(await tickets(), order);
  desk.has(await counted(), { value: 2, pretty: "2", fresh: true, view_id: view.id });
  const counts = (await zendesk.views.showCounts([view.id])).result.view_counts;
  desk.same(counts.map((it) => [it.view_id, it.value]), [[view.id, 2]]);
  // The client makes only the view of what running it tells.
  const { body: run } = await desk.fetch("GET", `views/${view.id}/execute.json?include=users`);
  desk.same(run.rows.map((it) => it.ticket.id), order);
  desk.same(run.columns.map((it) => it.id), output.columns);
  desk.among(urgent.requester_id, desk.ids(run.users));
  const preview = await desk.fetch("POST", "views/preview.json", { view: { all, output } });
  desk.same([preview.status, preview.body.rows.map((it) => it.ticket.id)], [200, order]);
  await desk.refused(422, "RecordInvalid", () => zendesk.views.preview({ view: { all: [] } }));
  const count = await desk.fetch("POST", "views/preview/count.json", { view: { all } });
  desk.same(count.body.view_count.value, 2);
  await desk.change(urgent.id, { status: "solved" });
  desk.same(await tickets(), [low.id]);
  desk.has(await counted(), { value: 1 });
  await desk.refused(404, "InvalidEndpoint", () => zendesk.views.export(view.id));
  await desk.empty(zendesk.views.request("DELETE", ["views", view.id]));
}
