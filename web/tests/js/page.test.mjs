import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { ask, grouped, rate, signed, span } from "../../assets/page.js";

test("numbers are written as the server writes them", () => {
  assert.equal(grouped(1204), "1,204");
  assert.equal(grouped(-1234567), "\u22121,234,567");
  assert.equal(signed(12), "+12");
  assert.equal(signed(-3), "\u22123");
  assert.equal(signed(0), "0");
  assert.equal(rate(12), "12.0");
});

test("spans of time are short and never lose their unit", () => {
  const spans = [[0, "0 ms"], [40.4, "40 ms"], [3240, "3.2 s"], [45_000, "45 s"], [300_000, "5 min"], [10_800_000, "3 h"], [259_200_000, "3 d"]];
  for (const [ms, expected] of spans) assert.equal(span(ms), expected);
});

const real = globalThis.fetch;
afterEach(() => { globalThis.fetch = real; });

test("a refusal comes back as its problem", async () => {
  const problem = { code: "lot_expired", detail: "lot `7A22` is past its date", retryable: false };
  globalThis.fetch = async () => new Response(JSON.stringify(problem), { status: 409 });
  assert.deepEqual(await ask("/v1/scans", { code: "1" }), { value: null, problem });
});

test("an unreachable server is a problem that may pass", async () => {
  globalThis.fetch = async () => { throw new TypeError("failed to fetch"); };
  const { problem } = await ask("/v1/positions/1");
  assert.equal(problem.code, "unreachable");
  assert.equal(problem.retryable, true);
});

test("what is sent is declared as JSON", async () => {
  let sent;
  globalThis.fetch = async (_path, init) => { sent = init; return new Response('{"result":"accepted"}'); };
  assert.deepEqual(await ask("/v1/scans", { code: "1" }), { value: { result: "accepted" }, problem: null });
  assert.equal(sent.method, "POST");
  assert.equal(sent.headers["content-type"], "application/json");
  assert.equal(sent.body, '{"code":"1"}');
});
