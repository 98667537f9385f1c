// Sends calls with a JavaScript SDK as it is published, which is installed in CEAP_VERIFY_NODE: one line of JSON on
// standard input, as send.py takes it. Ends with an error if the SDK gave any of them up.

import { createRequire } from "node:module";
import path from "node:path";
import { text } from "node:stream/consumers";

const installed = createRequire(path.resolve(process.env.CEAP_VERIFY_NODE, "package.json"));
const { library, host, write_key: writeKey, calls } = JSON.parse(await text(process.stdin));
const failures = [];

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function segment() {
  const { Analytics } = installed("@segment/analytics-node");
  const analytics = new Analytics({ writeKey, host, maxEventsInBatch: 20, flushInterval: 100, maxRetries: 20 });
  analytics.on("error", (error) => failures.push(JSON.stringify(error)));
  for (const { call, arguments: given } of calls) analytics[call](given);
  await analytics.closeAndFlush({ timeout: 600_000 });
}

async function rudderstack() {
  const Analytics = installed("@rudderstack/rudder-sdk-node");
  const analytics = new Analytics(writeKey, {
    dataPlaneUrl: host,
    flushAt: 20,
    flushInterval: 100,
    errorHandler: (error) => failures.push(String(error)),
  });
  for (const { call, arguments: given } of calls) analytics[call](given);
  while (analytics.queue.length > 0) await analytics.flush();
  await analytics.pendingFlush;
}

// It posts each event once, under an id of its own making, and leaves the rest to the `fetch` that it is given: this
// one asks again until it is answered, and sends what is marked `twice` twice.
async function jitsu() {
  const { jitsuAnalytics } = installed("@jitsu/js");
  let twice = false;
  const post = async (url, request) => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const answer = await fetch(url, request);
        if (answer.status < 500 && answer.status !== 429) return answer;
      } catch (error) {
        if (attempt > 20) throw error;
      }
      await pause(20 * (attempt + 1));
    }
  };
  const patient = async (url, request) => {
    if (twice) await post(url, request);
    return post(url, request);
  };
  const analytics = jitsuAnalytics({ host, writeKey, s2s: true, fetch: patient, errorPolicy: "rethrow" });
  for (const given of calls) {
    twice = given.twice ?? false;
    await analytics[given.call](...given.arguments);
  }
}

await { segment, rudderstack, jitsu }[library]();
if (failures.length > 0) {
  console.error(failures.join("\n"));
  process.exit(1);
}
