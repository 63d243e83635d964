// @ts-check
// Follows a stream of server-sent events without a gap: after a cut it asks for what came since the last id it saw.
//
// It reads the response itself in place of using EventSource, because it must see the comments that tell a quiet
// ledger from a dead line, and the problem that a refused cursor is answered with.
// Limit today: each page holds a connection of its own.

/** Two and a half times the interval at which the server sends a comment. */
export const SILENCE_MS = 37500;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30000;

/**
 * connecting: no answer yet; online: events arrive; reconnecting: the line is cut, another attempt follows;
 * refused: the server will not answer this request, and no attempt follows.
 * @typedef {"connecting" | "online" | "reconnecting" | "refused"} State
 * @typedef {{ event: string, id: string | null, data: string }} Message
 * @typedef {{ code?: string, detail?: string, retryable?: boolean }} Problem
 */

/**
 * @param {string} path of the stream
 * @param {object} options
 * @param {number | null} [options.since] the last sequence number already shown; null begins with what happens next
 * @param {Record<string, (value: any, id: number | null) => void>} options.on a handler for each kind of event
 * @param {(state: State, detail: { attempt: number, problem?: Problem }) => void} [options.onState]
 * @returns {{ close: () => void, since: () => number | null }}
 */
export function follow(path, { since = null, on, onState = () => {} }) {
  let [attempt, closed, wake] = [0, false, () => {}];
  let line = new AbortController();

  /** @param {Message} message */
  function deliver({ event, id, data }) {
    const seq = id === null || id === "" ? null : Number(id);
    // A server may send again what it is not sure we have seen: each id is shown once.
    if (seq !== null && since !== null && seq <= since) return;
    try {
      on[event]?.(JSON.parse(data), seq);
    } catch (error) {
      console.error(`event ${event} ${id ?? ""} could not be shown`, error);
    }
    if (seq !== null) since = seq;
  }

  async function attend() {
    line = new AbortController();
    let dead = setTimeout(() => line.abort(), SILENCE_MS);
    try {
      const url = new URL(path, location.href);
      if (since !== null) url.searchParams.set("since", String(since));
      const headers = { accept: "text/event-stream" };
      const response = await fetch(url, { headers, signal: line.signal, cache: "no-store" });
      if (!response.ok || !response.body) return await response.json().catch(() => null);
      onState("online", { attempt });
      const [reader, text, read] = [response.body.getReader(), new TextDecoder(), parser(deliver)];
      for (let piece = await reader.read(); !piece.done && !closed; piece = await reader.read()) {
        clearTimeout(dead);
        dead = setTimeout(() => line.abort(), SILENCE_MS);
        attempt = 0;
        read(text.decode(piece.value, { stream: true }));
      }
    } catch { // Cut, unreachable or silent for too long: all the same to us.
    } finally {
      clearTimeout(dead);
    }
    return null;
  }

  async function run() {
    onState("connecting", { attempt });
    while (!closed) {
      const problem = await attend();
      if (closed) return;
      if (problem && problem.retryable === false) return onState("refused", { attempt, problem });
      attempt += 1;
      onState("reconnecting", { attempt });
      await new Promise((resolve) => { wake = () => resolve(null); setTimeout(wake, pause(attempt)); });
    }
  }

  const hurry = () => { if (document.visibilityState === "visible") wake(); };
  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);
  run();
  return {
    since: () => since,
    close() {
      closed = true;
      removeEventListener("online", hurry);
      document.removeEventListener("visibilitychange", hurry);
      line.abort();
      wake();
    },
  };
}

/**
 * How long to wait before an attempt: twice as long each time, with half of it left to chance, so that the pages of
 * a shop do not all come back in the same instant.
 * @param {number} attempt counted from 1
 */
export function pause(attempt, chance = Math.random()) {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
  return longest * (0.5 + chance / 2);
}

/**
 * Reads the event stream format (HTML standard, section 9.2.6), in pieces cut anywhere.
 * @param {(message: Message) => void} deliver
 * @returns {(piece: string) => void}
 */
export function parser(deliver) {
  let [rest, event, data] = ["", "", /** @type {string[]} */ ([])];
  let id = /** @type {string | null} */ (null);
  /** @param {string} line */
  const take = (line) => {
    if (line === "") {
      if (data.length > 0) deliver({ event: event || "message", id, data: data.join("\n") });
      [event, data, id] = ["", [], null];
      return;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    else if (field === "data") data.push(value);
    else if (field === "id" && !value.includes("\0")) id = value;
  };
  return (piece) => {
    // A carriage return at the end may be half of a line end: it waits for what follows.
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    lines.forEach(take);
  };
}
