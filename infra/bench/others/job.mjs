// The filter and the score of the benchmark's use case, as two Lambdas in JavaScript, one after the other as the workflow
// has them. Takes {"rounds", "warm", "inputs"} on standard input; says how long the processor took and what came out.

import { readFileSync } from "node:fs";

const TTL_MS = 3 * 86_400_000;

const filterHandler = (event) => {
  const passed = event.signals.filter((signal) => (signal.features.orders ?? 0) === 0);
  const subjects = new Set(passed.map((signal) => signal.subject));
  const profiles = Object.fromEntries(
    Object.entries(event.profiles).filter(([name]) => subjects.has(name)),
  );
  return { tenant: event.tenant, profiles, signals: passed };
};

const scoreHandler = (event) => ({
  tenant: event.tenant,
  signals: event.signals.map((signal) => {
    const terms = [
      [0.001 * (signal.event.data.value ?? 0), "value of the cart"],
      [0.01 * (signal.features.visits ?? 0), "visits"],
    ];
    const score = Math.min(1, Math.max(0, 0.2 + terms[0][0] + terms[1][0]));
    const raised = terms.filter(([part]) => part > 0).sort((a, b) => b[0] - a[0]);
    return {
      ...signal,
      score,
      reasons: raised.map(([, reason]) => reason).slice(0, 3),
      model: "1",
      expires_at: new Date(Date.parse(signal.at) + TTL_MS).toISOString(),
      entry: { history: false },
    };
  }),
});

// As Lambda's runtime does it: JSON in, JSON out.
const invoked = (handler, payload) => JSON.stringify(handler(JSON.parse(payload)));
const both = (payload) => invoked(scoreHandler, invoked(filterHandler, payload));

const job = JSON.parse(readFileSync(0, "utf8"));
for (let round = 0; round < job.warm; round += 1) job.inputs.forEach(both);
const began = process.cpuUsage();
let outputs = [];
for (let round = 0; round < job.rounds; round += 1) outputs = job.inputs.map(both);
const { user, system } = process.cpuUsage(began);
process.stdout.write(JSON.stringify({ seconds: (user + system) / 1e6, outputs }));
