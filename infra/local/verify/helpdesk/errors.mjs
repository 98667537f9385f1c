// How errors are told, who is let in, and how often.

export async function errorShapes(desk) {
  const { zendesk } = desk;
  desk.same(await desk.refused(404, "RecordNotFound", () => zendesk.tickets.show(2 ** 52)),
    { error: "RecordNotFound", description: "Not found" });
  await desk.refused(404, "InvalidEndpoint", () => zendesk.tickets.get(["nothing_of_the_kind"]));
  const { details } = await desk.refused(422, "RecordInvalid", () => zendesk.groups.create({ group: { name: "" } }));
  desk.holds(Object.values(details).flat().every((it) => typeof it.description === "string"));
  // As the client tells errors unless it is asked to tell them whole.
  const told = async (call) => call().then(() => "no error", (error) => error.message);
  const plain = desk.client({ throwOriginalException: false });
  desk.same(await told(() => plain.tickets.show(2 ** 52)), "Request processing failed: Zendesk Error (404): Item not found");
  desk.same(await told(() => plain.groups.create({ group: { name: "" } })),
    "Request processing failed: Zendesk Error (422): Unprocessable Entity");
  const agent = await desk.agent("Limited");
  const limited = desk.client({ username: agent.email, throwOriginalException: false });
  const forbidden = await told(() => limited.groups.create({ group: { name: "x" } }));
  desk.holds(forbidden.startsWith("Request processing failed: Zendesk Error (403): Forbidden - Forbidden: "));
}

export async function authentication(desk) {
  const wrong = desk.client({ token: `${desk.own.slice(0, -4)}0000` });
  await desk.refused(401, "Couldn't authenticate you", () => wrong.groups.list());
  const nobody = desk.client({ username: "nobody@nowhere.example" });
  await desk.refused(401, "Couldn't authenticate you", () => nobody.groups.list());
  const bearer = desk.client({ oauth: true, token: desk.own });
  desk.has((await bearer.users.me()).result, { role: "admin" });
  const user = await desk.user("Assumed");
  desk.has((await desk.client({ asUser: user.email }).users.me()).result, { id: user.id });
}

export async function conditionalReads(desk) {
  const { id } = await desk.ticket();
  const first = await desk.fetch("GET", `tickets/${id}.json`);
  const headers = { "if-none-match": first.headers.get("etag") };
  const again = await desk.fetch("GET", `tickets/${id}.json`, undefined, { headers });
  desk.same([again.status, again.text], [304, ""]);
  await desk.change(id, { priority: "low" });
  desk.same((await desk.fetch("GET", `tickets/${id}.json`, undefined, { headers })).status, 200);
  const made = await desk.fetch("POST", "groups.json", { group: { name: desk.unique("Located") } });
  desk.same([made.status, made.headers.get("location")], [201, made.body.group.url]);
}

export async function contention(desk) {
  const { id } = await desk.ticket();
  const work = async (number) => {
    const ticket = { comment: { body: `Change ${number}` }, additional_tags: [`change_${number}`] };
    return desk.zendesk.tickets.update(id, { ticket }).then(() => true, (error) => {
      if (error.statusCode === 409) return false;
      throw error;
    });
  };
  const done = await Promise.all(Array.from({ length: 24 }, (_, number) => work(number)));
  const applied = done.flatMap((ok, number) => (ok ? [number] : []));
  const bodies = (await desk.zendesk.tickets.getComments(id)).slice(1).map((it) => it.body);
  desk.same(bodies.sort(), applied.map((number) => `Change ${number}`).sort());
  desk.same([...(await desk.shown(id)).tags].sort(), applied.map((number) => `change_${number}`).sort());
  desk.same((await desk.zendesk.ticketaudits.list(id)).length, 1 + applied.length);
  desk.holds(applied.length > 0);
}

export async function rateLimits(desk) {
  const made = await desk.fetch("POST", "api_tokens", { api_token: { description: desk.unique("Hasty") } });
  const { token } = made.body.api_token;
  const until = Date.now() + 90_000;
  let limited;
  const hurry = async () => {
    while (!limited && Date.now() < until) {
      const answer = await desk.fetch("GET", "locales/current.json", undefined, { token });
      if (answer.status === 429) limited = answer;
    }
  };
  await Promise.all(Array.from({ length: 16 }, hurry));
  const wait = Number(limited.headers.get("retry-after"));
  desk.holds(Number.isInteger(wait) && wait >= 1 && wait <= 60);
  // The client tells it as a result, and waits for nothing.
  if (wait > 3) {
    const { result } = await desk.client({ token }).locales.showCurrent();
    desk.has(result, { statusCode: 429, message: "Zendesk rate limits 200 requests per minute" });
  }
  // Another token is not concerned.
  desk.has((await desk.zendesk.locales.showCurrent()).result, { locale: "en-US" });
}
