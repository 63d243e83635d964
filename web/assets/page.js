// @ts-check
// What the scripts of all pages share: moments and numbers, slots to fill, words for screen readers, the mark in the
// masthead that says whether figures are live, and questions to the API.

/** @typedef {{ code: string, title?: string, detail: string, retryable: boolean, trace_id?: string }} Problem */

const whole = new Intl.NumberFormat("en");
const tenths = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const clockForm = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const fullForm = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** @param {number} number as `1,204`, with a true minus sign */
export const grouped = (number) => whole.format(number).replace("-", "\u2212");

/** @param {number} number as `+12`, `−3` or `0` */
export const signed = (number) => (number > 0 ? `+${grouped(number)}` : grouped(number));

/** @param {number} number per second, as `12.5` */
export const rate = (number) => tenths.format(number);

/**
 * A span of time in words short enough for a tile: `40 ms`, `3.2 s`, `5 min`, `2 h`, `3 d`.
 * @param {number} ms
 */
export function span(ms) {
  if (ms < 1000) return `${Math.floor(ms)} ms`;
  if (ms < 10_000) return `${tenths.format(Math.floor(ms / 100) / 10)} s`;
  if (ms < 120_000) return `${Math.floor(ms / 1000)} s`;
  if (ms < 7_200_000) return `${Math.floor(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.floor(ms / 3_600_000)} h`;
  return `${Math.floor(ms / 86_400_000)} d`;
}

/** @param {string} id @returns {HTMLElement} */
export function part(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no part #${id}`);
  return found;
}

/**
 * Shows a moment in the reader's own time zone. The server wrote UTC, for readers without script.
 * `data-as` chooses the form: `clock` (default), `full`, or `ago`, which `age` keeps fresh.
 * @param {HTMLTimeElement} element
 * @param {string} [moment] RFC 3339; without it the element's own
 */
export function showMoment(element, moment = element.dateTime) {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return;
  if (element.dateTime !== moment) element.dateTime = moment;
  element.title = fullForm.format(at);
  const as = element.dataset.as;
  const text = as === "ago" ? ago(at) : (as === "full" ? fullForm : clockForm).format(at);
  if (element.textContent !== text) element.textContent = text;
}

/** @param {Date} at */
function ago(at) {
  const seconds = Math.floor((Date.now() - at.getTime()) / 1000);
  return seconds < 1 ? "just now" : `${span(seconds * 1000).replace(/\.0 s$/, " s")} ago`;
}

/** Shows every moment under an element. @param {ParentNode} root */
export function localise(root = document) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    showMoment(/** @type {HTMLTimeElement} */ (element));
  }
}

/** Keeps spans of time fresh. @param {ParentNode} root */
export function age(root = document) {
  const each = () => {
    for (const element of root.querySelectorAll('time[data-as="ago"][datetime]')) {
      showMoment(/** @type {HTMLTimeElement} */ (element));
    }
  };
  each();
  setInterval(each, 1000);
}

/**
 * Writes values into the slots of an element, `[data-slot=name]`, touching only what differs.
 * @param {ParentNode} root
 * @param {Record<string, string | number>} values
 */
export function fill(root, values) {
  for (const [name, value] of Object.entries(values)) {
    const text = typeof value === "number" ? grouped(value) : value;
    for (const slot of root.querySelectorAll(`[data-slot="${name}"]`)) {
      if (slot.textContent !== text) slot.textContent = text;
    }
  }
}

/**
 * Writes a message into an element; values in back-ticks are set as code.
 * @param {Element} element
 * @param {string} text
 */
export function say(element, text) {
  element.replaceChildren(...text.split("`").map((part, index) => {
    if (index % 2 === 0) return part;
    const code = document.createElement("code");
    code.textContent = part;
    return code;
  }));
}

/**
 * A fresh copy of the first element in a `<template>`.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function copyOf(id) {
  const template = /** @type {HTMLTemplateElement} */ (part(id));
  const copy = template.content.firstElementChild?.cloneNode(true);
  if (!(copy instanceof HTMLElement)) throw new Error(`template #${id} is empty`);
  return copy;
}

/** Says something to screen readers, without moving the focus. @param {string} text */
export function announce(text) {
  part("announce").textContent = text.replaceAll("`", "");
}

const LIVE_WORDS = { connecting: "Connecting", online: "Live", reconnecting: "Reconnecting", refused: "Stopped" };
let lost = false;

/**
 * Shows in the masthead whether figures are live. Meant as `onState` of `follow`.
 * @param {import("./sse.js").State} state
 * @param {{ attempt: number, problem?: { detail?: string } }} detail
 */
export function showLive(state, { attempt, problem }) {
  const mark = part("live");
  mark.dataset.state = state;
  document.documentElement.dataset.live = state;
  const since = state === "reconnecting" || state === "refused" ? `, as of ${clockForm.format(lastOnline)}` : "";
  part("live-word").textContent = LIVE_WORDS[state] + since;
  mark.title = problem?.detail ?? "";
  // A cut that the first attempt mends is not worth interrupting anyone.
  if (state === "reconnecting" && attempt === 2) lost = true;
  if (state === "reconnecting" && attempt === 2) announce("Connection lost. Trying to reconnect.");
  if (state === "refused") announce(`Live figures stopped. ${problem?.detail ?? ""}`);
  if (state === "online" && lost) announce("Connected again.");
  if (state === "online") lost = false;
}

let lastOnline = new Date();
/** Notes that figures are of now: call it for whatever arrives. */
export const fresh = () => { lastOnline = new Date(); };

/**
 * Asks the API. A refusal comes back as its problem; so does an unreachable server, as `unreachable`.
 * @param {string} path
 * @param {object} [body] sent as JSON by POST
 * @returns {Promise<{ value: any, problem: null } | { value: null, problem: Problem }>}
 */
export async function ask(path, body) {
  const headers = { accept: "application/json", ...(body && { "content-type": "application/json" }) };
  const init = body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers };
  try {
    const response = await fetch(path, { ...init, signal: AbortSignal.timeout(10_000) });
    const value = await response.json();
    if (response.ok) return { value, problem: null };
    const unnamed = { code: "unnamed", detail: `the server answered ${response.status}`, retryable: false };
    return { value: null, problem: { ...unnamed, ...value } };
  } catch {
    const detail = "the server cannot be reached at present";
    return { value: null, problem: { code: "unreachable", detail, retryable: true } };
  }
}

/** A message in the place of an answer: `loading`, `error` or `offline`. @param {string} state @param {string} text */
export function stateOf(state, text) {
  const element = document.createElement("p");
  element.className = "state";
  element.dataset.state = state;
  say(element, text);
  return element;
}

/**
 * Answers the look-up form of a page (#look, #look-gtin, #look-answer) in place.
 * @param {(asked: string) => string} path of the question
 * @param {(value: any) => HTMLElement} show the answer
 * @param {(value: any) => string} tell the answer to screen readers
 */
export function answerLookUps(path, show, tell) {
  const [input, answer] = [/** @type {HTMLInputElement} */ (part("look-gtin")), part("look-answer")];
  let latest = 0;
  part("look").addEventListener("submit", async (event) => {
    event.preventDefault();
    const asked = input.value.trim();
    if (asked === "") return input.focus();
    const own = (latest += 1);
    const patience = setTimeout(() => answer.replaceChildren(stateOf("loading", "Looking")), 150);
    const { value, problem } = await ask(path(encodeURIComponent(asked)));
    clearTimeout(patience);
    if (own !== latest) return; // Another one was asked for meanwhile.
    input.select();
    const unreachable = problem?.code === "unreachable";
    answer.replaceChildren(problem ? stateOf(unreachable ? "offline" : "error", problem.detail) : show(value));
    announce(problem ? problem.detail : tell(value));
  });
}
