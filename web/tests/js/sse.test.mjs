import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { SILENCE_MS, follow, parser, pause } from "../../assets/sse.js";

const MOVEMENTS = [
  'event: movement\ndata: {"seq":17}\nid: 17\n\n',
  ": alive\n\n",
  'event: movement\r\ndata: {"seq":18,\r\ndata: "name":"é"}\r\nid:18\r\n\r\n',
  'event: status\ndata: {"seq":18}\n\n',
];

/** @param {string[]} pieces */
function read(pieces) {
  const messages = [];
  pieces.forEach(parser((message) => messages.push(message)));
  return messages;
}

test("a stream reads the same wherever it is cut", () => {
  const whole = MOVEMENTS.join("");
  const expected = read([whole]);
  assert.deepEqual(expected, [
    { event: "movement", id: "17", data: '{"seq":17}' },
    { event: "movement", id: "18", data: '{"seq":18,\n"name":"é"}' },
    { event: "status", id: null, data: '{"seq":18}' },
  ]);
  for (let cut = 1; cut < whole.length; cut += 1) {
    assert.deepEqual(read([whole.slice(0, cut), whole.slice(cut)]), expected, `cut at ${cut}`);
  }
  assert.deepEqual(read([...whole]), expected, "in single characters");
});

test("an event that was cut off is not delivered", () => {
  assert.deepEqual(read(['event: movement\nid: 17\ndata: {"seq":17}\n']), []);
});

test("pauses double up to half a minute, half of it left to chance", () => {
  assert.equal(pause(1, 1), 500);
  assert.equal(pause(2, 1), 1000);
  assert.equal(pause(2, 0), 500);
  assert.equal(pause(40, 1), 30_000);
});

// Following: a page, a server of scripted answers, and a clock that stands still.

let asked, answers, states, shown, following;

/** Lets everything happen that waits for nothing but its turn. */
async function settle() {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

/** A stream that stays open until the test ends it. */
function open(...pieces) {
  let end = () => {};
  const encoder = new TextEncoder();
  const body = new ReadableStream({
    start(controller) {
      pieces.forEach((piece) => controller.enqueue(encoder.encode(piece)));
      end = () => controller.close();
    },
  });
  return { answer: new Response(body), end: () => end() };
}

function start(since = null) {
  const on = { movement: (value, id) => shown.push([id, value.seq]), broken: () => { throw new Error("no"); } };
  following = follow("/v1/events", { since, on, onState: (state) => states.push(state) });
}

beforeEach(() => {
  [asked, answers, states, shown] = [[], [], [], []];
  mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.location = { href: "http://store.test/" };
  globalThis.document = { visibilityState: "visible", addEventListener() {}, removeEventListener() {} };
  globalThis.listeners = {};
  globalThis.addEventListener = (name, listener) => { globalThis.listeners[name] = listener; };
  globalThis.removeEventListener = (name) => { delete globalThis.listeners[name]; };
  globalThis.fetch = async (url, { signal }) => {
    asked.push(url.pathname + url.search);
    const answer = answers.shift();
    if (!answer) return new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason)));
    if (answer instanceof Error) throw answer;
    return answer;
  };
});

afterEach(() => {
  following?.close();
  mock.timers.reset();
});

test("after a cut it goes on from the last event it showed, and shows each once", async () => {
  const first = open('event: movement\nid: 17\ndata: {"seq":17}\n\n', 'event: movement\nid: 18\ndata: {"seq":18}\n\nevent: mov');
  const second = open('event: movement\nid: 18\ndata: {"seq":18}\n\nevent: movement\nid: 19\ndata: {"seq":19}\n\n');
  answers.push(first.answer, new Error("unreachable"), second.answer);
  start(16);
  await settle();
  first.end();
  await settle();
  mock.timers.tick(500);
  await settle();
  mock.timers.tick(1000);
  await settle();
  assert.deepEqual(asked, ["/v1/events?since=16", "/v1/events?since=18", "/v1/events?since=18"]);
  assert.deepEqual(shown, [[17, 17], [18, 18], [19, 19]]);
  assert.deepEqual(states, ["connecting", "online", "reconnecting", "reconnecting", "online"]);
  assert.equal(following.since(), 19);
});

test("an event that cannot be shown does not stop the ones after it", async () => {
  mock.method(console, "error", () => {});
  answers.push(open('event: broken\ndata: {}\n\nevent: movement\ndata: {no json\n\nevent: movement\nid: 1\ndata: {"seq":1}\n\n').answer);
  start();
  await settle();
  assert.deepEqual(asked, ["/v1/events"]);
  assert.deepEqual(shown, [[1, 1]]);
  mock.restoreAll();
});

test("a refused cursor stops it with the problem", async () => {
  const problem = { code: "cursor_ahead", detail: "the ledger ends at 3", retryable: false };
  answers.push(new Response(JSON.stringify(problem), { status: 409 }));
  start(17);
  await settle();
  mock.timers.tick(60_000);
  await settle();
  assert.deepEqual(states, ["connecting", "refused"]);
  assert.equal(asked.length, 1);
});

test("a server that is only busy is asked again", async () => {
  const busy = () => new Response(JSON.stringify({ code: "unavailable", retryable: true }), { status: 503 });
  answers.push(busy(), new Response("<html>bad gateway</html>", { status: 502 }));
  start(17);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await settle();
    mock.timers.tick(1000);
  }
  await settle();
  assert.equal(asked.length, 3);
  assert.deepEqual(states, ["connecting", "reconnecting", "reconnecting"]);
});

test("a line that is silent for too long is given up", async () => {
  start(17);
  await settle();
  mock.timers.tick(SILENCE_MS);
  await settle();
  assert.deepEqual(states, ["connecting", "reconnecting"]);
});

test("the network coming back ends the pause", async () => {
  answers.push(new Error("unreachable"));
  start(17);
  await settle();
  globalThis.listeners.online();
  await settle();
  assert.equal(asked.length, 2);
});

test("closing it ends everything", async () => {
  start(17);
  await settle();
  following.close();
  await settle();
  mock.timers.tick(60_000);
  await settle();
  assert.equal(asked.length, 1);
  assert.deepEqual(globalThis.listeners, {});
});
