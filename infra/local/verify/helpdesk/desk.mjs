// What the families of zendesk_suite.mjs share: a client, checks that are counted, and people to work with.

import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";

const installed = createRequire(path.resolve(process.env.CEAP_VERIFY_NODE, "package.json"));
const { createClient } = installed("node-zendesk");

// How many times a job is looked at, and how long to wait between.
const LOOKS = 400;
const PAUSE = 300;

/** The helpdesk under test, as its owner sees it. */
export class Desk {
  checks = 0;
  failed = [];
  suffix = randomBytes(4).toString("hex");
  #count = 0;

  constructor(endpoint, tenant, email, token) {
    Object.assign(this, { endpoint, tenant, email, token, own: token });
  }

  /** Runs a family, with a token of its own: each may ask as often in a minute. */
  async run(name, family) {
    this.family = name;
    const [checks, failed, began] = [this.checks, this.failed.length, performance.now()];
    const owner = this.client({ token: this.own });
    const made = await this.fetch("POST", "api_tokens", { api_token: { description: name } }, { token: this.own });
    try {
      this.token = made.body.api_token.token;
      // Errors tell their status and body only to who asks for them as they are.
      this.zendesk = this.client();
      this.me = (await owner.users.me()).result;
      await family(this);
    } catch (error) {
      const where = error.stack?.split("\n").find((line) => line.includes("/helpdesk/") && !line.includes("desk.mjs"));
      const said = error.result ? JSON.stringify(error.result) : "";
      this.failed.push(`${name}: ${error.message} ${said} ${where?.trim()}`.slice(0, 800));
    }
    if (made.body?.api_token) await this.fetch("DELETE", `api_tokens/${made.body.api_token.id}`, undefined, { token: this.own });
    const wrong = this.failed.slice(failed);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const word = wrong.length === 0 ? "ok" : `${wrong.length} FAILED`;
    console.log(`${name}: ${word}, ${this.checks - checks} checks, ${seconds} s`);
    for (const line of wrong) console.log(`  ${line}`);
  }

  // Clients

  /** A client of its own: as somebody else, or with more options. */
  client(options = {}) {
    return createClient({
      username: this.email,
      token: this.token,
      endpointUri: this.endpoint,
      throwOriginalException: true,
      ...options,
    });
  }

  /** Asks without the client, for what it does not let be seen: statuses and headers. */
  async fetch(method, where, body, { email = this.email, token = this.token, headers = {} } = {}) {
    const basic = Buffer.from(`${email}/token:${token}`).toString("base64");
    const authorization = token === null ? { "x-ceap-tenant": this.tenant } : { authorization: `Basic ${basic}` };
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(where.startsWith("http") ? where : `${this.endpoint}/${where}`, {
      method,
      headers: { "content-type": "application/json", ...authorization, ...headers },
      ...json,
    });
    const text = await answer.text();
    const wait = answer.headers.get("retry-after");
    this.check((answer.status === 429 || answer.status === 503) === (wait !== null), `${answer.status}, wait ${wait}`);
    const type = answer.headers.get("content-type") ?? "";
    return { status: answer.status, headers: answer.headers, text, body: type.includes("json") && text ? JSON.parse(text) : undefined };
  }

  // Checks

  /** Counts a check, and keeps what it was if it fails. */
  check(holds, said) {
    this.checks += 1;
    if (holds) return;
    const frames = new Error().stack.split("\n");
    const where = frames.find((line) => line.includes("/helpdesk/") && !line.includes("desk.mjs")) ?? "";
    this.failed.push(`${this.family}: ${path.basename(where).replace(")", "")}: ${said}`.slice(0, 800));
  }

  holds(truth) {
    this.check(Boolean(truth), "does not hold");
  }

  same(found, wanted) {
    this.check(isDeepStrictEqual(found, wanted), `${JSON.stringify(found)} is not ${JSON.stringify(wanted)}`);
  }

  among(item, items) {
    this.check([...items].includes(item), `${item} is not among ${JSON.stringify([...items])}`);
  }

  missing(item, items) {
    this.check(![...items].includes(item), `${item} is among ${JSON.stringify([...items])}`);
  }

  /** Whether an object has these values. */
  has(found, wanted) {
    for (const [name, value] of Object.entries(wanted)) {
      const is = found?.[name];
      this.check(isDeepStrictEqual(is, value), `${name} is ${JSON.stringify(is)}, not ${JSON.stringify(value)}`);
    }
  }

  /** Whether a call is refused so. What was said of it. */
  async refused(status, error, call) {
    try {
      const done = await call();
      this.check(false, `was not refused: ${JSON.stringify(done?.result ?? done)}`);
    } catch (thrown) {
      const said = `${thrown.message} ${JSON.stringify(thrown.result)}`;
      this.check(thrown.statusCode === status, `not ${status}: ${said}`);
      if (error) this.check(thrown.result?.error === error, `not ${error}: ${said}`);
      return thrown.result ?? {};
    }
    return {};
  }

  /** Whether a call is refused for what a field of its record is. What was said of it. */
  async invalid(field, call) {
    const { details = {} } = await this.refused(422, "RecordInvalid", call);
    const said = details[field]?.[0]?.description;
    this.check(Boolean(said), `nothing is said of ${field}: ${JSON.stringify(details)}`);
    return said ?? "";
  }

  /** Whether something was done that is answered without a body. */
  async empty(promise) {
    const { result, response } = await promise;
    const said = `${response.status} ${JSON.stringify(result)}`;
    this.check(response.status === 204 && result.message === "No Content", `not empty: ${said}`);
  }

  /** Waits for a job, and returns how it ended. */
  async done(promise, status = "completed") {
    const { result } = await promise;
    const started = result.job_status;
    this.among(started?.status, ["queued", "working", "completed"]);
    const ended = await this.zendesk.jobstatuses.watch(started.id, PAUSE, LOOKS);
    this.check(ended.status === status, `job is ${ended.status}: ${ended.message}`);
    return ended;
  }

  ids(things) {
    return things.map((thing) => thing.id);
  }

  // Pages

  /** Every record of a list, page after page, as `query` asks for pages. */
  async pages(where, name, query) {
    const found = [];
    let next = `${this.endpoint}/${where}.json?${query}`;
    while (next) {
      const { status, body } = await this.fetch("GET", next);
      this.same(status, 200);
      found.push(...(body[name] ?? []));
      this.holds(!body.meta || body.meta.has_more === (body.links.next !== null));
      next = body.meta ? body.links.next : body.next_page;
    }
    return found;
  }

  /** Whether both paginations walk through all of a list, and meet these ids; and the client's own does too. */
  async paged(where, name, all, wanted) {
    const byCursor = this.ids(await this.pages(where, name, "page[size]=2"));
    const byOffset = this.ids(await this.pages(where, name, "per_page=2"));
    this.same([...byCursor].sort(), [...byOffset].sort());
    this.same(new Set(byCursor).size, byCursor.length);
    this.same(this.ids(all).sort(), [...byCursor].sort());
    for (const id of wanted) this.among(id, byCursor);
  }

  // Data of its own

  /** A word that no other run uses. */
  unique(word) {
    this.#count += 1;
    return `${word} ${this.suffix}${this.#count}`;
  }

  key(word) {
    return this.unique(word).replaceAll(" ", "_").toLowerCase();
  }

  address(word) {
    return `${this.key(word)}@customer.example`;
  }

  /** Somebody new: an end-user unless it says otherwise. */
  async user(word = "Ada", more = {}) {
    const user = { name: this.unique(word), email: this.address(word), verified: true, ...more };
    return (await this.zendesk.users.create({ user })).result;
  }

  async agent(word = "Grace", more = {}) {
    return this.user(word, { role: "agent", ...more });
  }

  async group(word = "Night shift") {
    return (await this.zendesk.groups.create({ group: { name: this.unique(word) } })).result;
  }

  async organization(word = "Acme", more = {}) {
    return (await this.zendesk.organizations.create({ organization: { name: this.unique(word), ...more } })).result;
  }

  /** A new ticket, as it is answered. */
  async ticket(more = {}, body = "The smoke is very colorful.") {
    const ticket = { subject: this.unique("My printer is on fire!"), comment: { body }, ...more };
    return (await this.zendesk.tickets.create({ ticket })).result;
  }

  /** A ticket as it is now. */
  async shown(id) {
    return (await this.zendesk.tickets.show(id)).result;
  }

  async change(id, ticket) {
    return (await this.zendesk.tickets.update(id, { ticket })).result;
  }
}
