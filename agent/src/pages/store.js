// @ts-check
// Brings the store's first page to life: the feed, the positions, the look-up and the scan box.
//
// What it relies on:
// - GET /v1/events?since=SEQ: `movement` (id: seq) and `status`, as typed below;
// - POST /v1/scans {device, device_seq, code, intent, qty} -> {result, code?, detail?, on_hand?, name?};
// - GET /v1/positions/{gtin} -> {gtin, name, unit, sellable, on_hand, covers_seq, buckets: [{account, lot, qty}]}.
// Limit today: scans wait for the agent in this page only; leaving it gives up those not yet recorded, after asking.

import { age, announce, answerLookUps, ask, copyOf, fill, fresh, grouped, localise, part, rate, say, showLive, showMoment, signed } from "./page.js";
import { follow, pause } from "./sse.js";

/**
 * @typedef {{ seq: number, recorded_at: string, kind: string, gtin: string, name: string | null, lot: string | null,
 *   qty: number, unit: string, from: string, to: string, reason: string, on_hand: number, sellable?: number,
 *   device: string }} Movement
 * @typedef {{ seq: number, committed: number, reconciled: number, hub: "online" | "offline", scans_per_s: number }} Status
 */

const page = part("store");
const FEED_LENGTH = Number(page.dataset.feed);
const POSITIONS_LENGTH = Number(page.dataset.positions);
/** The table grows by itself only while that moves nothing anyone may be looking at. */
const POSITIONS_AT_LEAST = 12;

// === words ===

const KINDS = /** @type {Record<string, string>} */ ({ sell: "Sold", receive: "Received", return: "Returned", adjust: "Adjusted", move: "Moved", open: "Opening", count: "Counted" });
const BEYOND = ["supplier", "customer", "transit", "shrink", "waste", "found", "opening", "rework"];
const UNKNOWN_ITEM = "Not in the catalogue";

/** @param {string} account */
const inStore = (account) => !BEYOND.includes(account.split("/")[0] ?? "");
/** @param {string} account */
const place = (account) => account.replace(/^sellable\//, "").replaceAll(/[_/]/g, " ");
/** @param {string} kind */
const stem = (kind) => kind.split("_")[0] ?? kind;
/** @param {string} kind */
const word = (kind) => KINDS[kind] ?? KINDS[stem(kind)] ?? kind.replaceAll("_", " ");

/** The quantity with the sign of what it did to the stock on hand. @param {Movement} movement */
function change({ from, to, qty }) {
  if (inStore(from) === inStore(to)) return grouped(qty);
  return signed(inStore(to) ? qty : -qty);
}

/** What the kind alone does not say. @param {Movement} movement */
function note({ kind, from, to, reason }) {
  if (stem(kind) === "move") return `${place(from)} to ${place(to)}`;
  return stem(kind) === "adjust" ? reason.replaceAll("_", " ") : "";
}

/** Makes a row say that it was just touched. @param {HTMLElement} row */
function touch(row) {
  row.classList.remove("touched");
  void row.offsetWidth; // Without this the browser would not start the animation anew.
  row.classList.add("touched");
}

// === the rail: how far the ledger has come ===

const marks = { seq: Number(page.dataset.seq), committed: Number(page.dataset.committed) };
let hub = part("marks").dataset.link;

function showMarks() {
  fill(part("marks"), { ...marks, waiting: Math.max(0, marks.seq - marks.committed) });
}

/** @param {Status} status */
function onStatus(status) {
  fresh();
  marks.seq = Math.max(marks.seq, status.seq);
  marks.committed = status.committed;
  showMarks();
  fill(part("marks"), { reconciled: status.reconciled });
  part("rate").textContent = rate(status.scans_per_s);
  feed.commit(status.committed);
  if (status.hub === hub) return;
  hub = status.hub;
  part("marks").dataset.link = hub;
  part("link").dataset.state = hub === "online" ? "ok" : "wait";
  fill(part("link"), { word: hub === "online" ? "Online to hub" : "Counting offline" });
  announce(hub === "online" ? "The hub can be reached again." : "The hub cannot be reached. The store counts on by itself.");
}

// === the feed ===

const feed = (() => {
  const [body, scroll, fresher, pauser] = [part("feed"), part("feed-scroll"), part("feed-new"), part("feed-pause")];
  /** @type {Movement[]} */
  let held = [];
  let [newcomers, paused, pointed, drawing] = [0, false, false, false];

  // Rows must not slip away from under a pointer, a focus or a finger that has scrolled down to them.
  const busy = () => paused || pointed || scroll.scrollTop > 0 || body.contains(document.activeElement);

  /** @param {Movement} movement */
  function row(movement) {
    const element = copyOf("movement-row");
    element.dataset.seq = String(movement.seq);
    const { gtin, unit, device, on_hand } = movement;
    const lot = movement.lot ? `lot ${movement.lot}` : "";
    const name = movement.name ?? UNKNOWN_ITEM;
    fill(element, { kind: word(movement.kind), note: note(movement), name, gtin, lot, unit, device, on_hand, change: change(movement) });
    const kind = element.querySelector("[data-kind]");
    if (kind instanceof HTMLElement) kind.dataset.kind = stem(movement.kind);
    const time = element.querySelector("time");
    if (time) showMoment(time, movement.recorded_at);
    tick(element, movement.seq <= marks.committed);
    element.classList.add("touched");
    return element;
  }

  /** @param {Element} element @param {boolean} atHub */
  function tick(element, atHub) {
    const hubTick = element.querySelector('[data-at="hub"]');
    if (!(hubTick instanceof HTMLElement)) return;
    hubTick.dataset.on = String(atHub);
    fill(element, { not_yet: atHub ? "" : "not yet at" });
  }

  function draw() {
    drawing = false;
    if (busy()) {
      fill(fresher, { new: newcomers });
      fresher.hidden = newcomers === 0;
      return;
    }
    body.prepend(...held.map(row).reverse());
    while (body.children.length > FEED_LENGTH) body.lastElementChild?.remove();
    [held, newcomers] = [[], 0];
    fresher.hidden = true;
  }

  function redraw() {
    if (!drawing) requestAnimationFrame(draw);
    drawing = true;
  }

  scroll.addEventListener("pointerenter", (event) => { pointed = event.pointerType === "mouse"; });
  scroll.addEventListener("pointerleave", () => { pointed = false; redraw(); });
  scroll.addEventListener("scroll", redraw, { passive: true });
  body.addEventListener("focusout", redraw);
  pauser.hidden = false;
  pauser.addEventListener("click", () => {
    paused = !paused;
    pauser.setAttribute("aria-pressed", String(paused));
    pauser.textContent = paused ? "Resume" : "Pause";
    redraw();
  });
  fresher.addEventListener("click", () => {
    scroll.scrollTop = 0;
    [paused, pointed] = [false, false];
    pauser.setAttribute("aria-pressed", "false");
    pauser.textContent = "Pause";
    pauser.focus();
    redraw();
  });

  return {
    /** @param {Movement} movement */
    add(movement) {
      part("feed-empty").hidden = true;
      newcomers += 1;
      held.push(movement);
      if (held.length > FEED_LENGTH) held.shift();
      redraw();
    },
    /** @param {number} committed */
    commit(committed) {
      for (const waiting of body.querySelectorAll('[data-at="hub"][data-on="false"]')) {
        const element = waiting.closest("tr");
        if (element && Number(element.dataset.seq) <= committed) tick(element, true);
      }
    },
  };
})();

// === the positions that changed last ===

const stock = (() => {
  const [body, more] = [part("stock"), part("stock-new")];
  /** Items that changed but have no row, the one that changed last at the end. @type {Map<string, Movement>} */
  const others = new Map();

  /** @param {Movement} movement */
  const sellableChange = ({ from, to, qty }) => (to.startsWith("sellable/") ? qty : 0) - (from.startsWith("sellable/") ? qty : 0);

  /** @param {HTMLElement} row @param {Movement} movement */
  function patch(row, movement) {
    if (Number(row.dataset.seq) >= movement.seq) return;
    row.dataset.seq = String(movement.seq);
    fill(row, { on_hand: movement.on_hand, unit: movement.unit });
    if (movement.name) fill(row, { name: movement.name });
    if (row.dataset.sellable !== "") showSellable(row, movement.sellable ?? Number(row.dataset.sellable) + sellableChange(movement));
    const time = row.querySelector("time");
    if (time) showMoment(time, movement.recorded_at);
    touch(row);
  }

  /** @param {HTMLElement} row @param {number} sellable */
  function showSellable(row, sellable) {
    row.dataset.sellable = String(sellable);
    fill(row, { sellable });
  }

  /** @param {Movement} movement */
  function make(movement) {
    const row = copyOf("position-row");
    row.dataset.gtin = movement.gtin;
    row.dataset.seq = "0";
    row.dataset.sellable = "";
    fill(row, { name: movement.name ?? UNKNOWN_ITEM, gtin: movement.gtin, sellable: "\u2026" });
    if (movement.sellable !== undefined) row.dataset.sellable = String(movement.sellable);
    patch(row, movement);
    if (movement.sellable === undefined) complete(row, movement.gtin);
    return row;
  }

  /** A movement tells what is on hand, not how much of it is sellable: that is asked for once. @param {HTMLElement} row @param {string} gtin */
  async function complete(row, gtin) {
    const { value } = await ask(`/v1/positions/${encodeURIComponent(gtin)}`);
    if (!value || Number(row.dataset.seq) > value.covers_seq) {
      if (value) setTimeout(() => complete(row, gtin), 500);
      return;
    }
    row.dataset.seq = String(value.covers_seq);
    fill(row, { on_hand: value.on_hand });
    showSellable(row, value.sellable);
  }

  more.addEventListener("click", () => {
    const newest = [...others.values()].reverse().slice(0, POSITIONS_LENGTH);
    others.clear();
    body.prepend(...newest.map(make));
    while (body.children.length > POSITIONS_LENGTH) body.lastElementChild?.remove();
    more.hidden = true;
    body.closest(".scroll")?.scrollTo({ top: 0 });
    const region = body.closest(".scroll");
    if (region instanceof HTMLElement) region.focus();
  });

  return {
    /** @param {Movement} movement */
    apply(movement) {
      const row = body.querySelector(`[data-gtin="${CSS.escape(movement.gtin)}"]`);
      if (row instanceof HTMLElement) return patch(row, movement);
      part("stock-empty").hidden = true;
      if (body.children.length < POSITIONS_AT_LEAST) return body.append(make(movement));
      others.delete(movement.gtin);
      others.set(movement.gtin, movement);
      fill(more, { new: others.size });
      more.hidden = false;
    },
  };
})();

// === the look-up ===

/** @param {any} position as the API gives it */
function card(position) {
  const element = copyOf("position-card");
  const { gtin, unit, sellable, on_hand, covers_seq } = position;
  fill(element, { name: position.name ?? UNKNOWN_ITEM, gtin, unit: unit ?? "", sellable, on_hand, covers_seq });
  const list = element.querySelector('[data-list="buckets"]');
  for (const bucket of position.buckets ?? []) {
    const line = document.createElement("li");
    const [where, much] = [document.createElement("span"), document.createElement("span")];
    where.textContent = place(bucket.account) + (bucket.lot ? `, lot ${bucket.lot}` : "");
    much.textContent = grouped(bucket.qty);
    line.append(where, " ", much);
    list?.append(line);
  }
  return element;
}

answerLookUps(
  (asked) => `/v1/positions/${asked}`,
  card,
  (value) => `${value.name ?? UNKNOWN_ITEM}: ${grouped(value.sellable)} sellable, ${grouped(value.on_hand)} on hand`,
);

// === the scan box ===

const OUTCOMES = /** @type {Record<string, { word: string, state: string }>} */ ({
  sending: { word: "Sending", state: "none" },
  waiting: { word: "Not recorded yet", state: "wait" },
  accepted: { word: "Recorded", state: "ok" },
  duplicate: { word: "Already recorded", state: "info" },
  rejected: { word: "Rejected", state: "bad" },
});
const OUTCOMES_LENGTH = 4;

/** @typedef {{ event: object, code: string, element: HTMLElement, attempt: number }} Scan */

const scans = (() => {
  const list = part("outcomes");
  // The page is a device of its own for as long as it is open: two pages never share a sequence.
  const noise = [...crypto.getRandomValues(new Uint8Array(5))].map((byte) => byte.toString(16).padStart(2, "0"));
  const device = `page-${noise.join("")}`;
  /** @type {Scan[]} */
  const queue = [];
  let [seq, sending] = [0, false];
  let whenIdle = () => {};

  /** @param {Scan} scan @param {string} outcome @param {string} detail */
  function show({ element, code }, outcome, detail) {
    const { word, state } = OUTCOMES[outcome] ?? { word: outcome, state: "none" };
    element.dataset.state = state;
    fill(element, { word, code });
    const details = element.querySelector(".outcome-detail");
    if (details) say(details, detail);
    const close = element.querySelector("button");
    // What was refused stays until somebody has seen it.
    if (close) close.hidden = state !== "bad";
    if (outcome !== "sending") announce(`${word}. ${detail}`);
    const done = [...list.children].filter((other) => ["ok", "info"].includes(/** @type {HTMLElement} */ (other).dataset.state ?? ""));
    done.slice(OUTCOMES_LENGTH).forEach((other) => other.remove());
  }

  /** @param {any} answer */
  function detailOf(answer) {
    const onHand = typeof answer.on_hand === "number" ? `${grouped(answer.on_hand)} on hand` : "";
    return [answer.name, answer.detail, onHand].filter(Boolean).join(", ");
  }

  // One at a time and in order: what was scanned first is recorded first.
  async function send() {
    if (sending) return;
    sending = true;
    for (let scan = queue[0]; scan; scan = queue[0]) {
      const { value, problem } = await ask("/v1/scans", scan.event);
      if (problem?.retryable) {
        scan.attempt += 1;
        show(scan, "waiting", `${problem.detail}: trying again`);
        await new Promise((resolve) => { setTimeout(resolve, pause(Math.min(scan.attempt, 5))); });
        continue;
      }
      queue.shift();
      if (problem) show(scan, "rejected", problem.detail);
      else show(scan, value.result, detailOf(value));
    }
    sending = false;
    whenIdle();
  }

  addEventListener("beforeunload", (event) => { if (queue.length > 0) event.preventDefault(); });
  list.addEventListener("click", (event) => {
    const closed = event.target instanceof Element && event.target.closest(".outcome-close")?.closest("li");
    if (!closed) return;
    closed.remove();
    part("scan-code").focus();
  });

  return {
    /** Does something once no scan waits any more. @param {() => void} next */
    afterwards(next) {
      whenIdle = next;
      if (!sending) next();
    },
    /** @param {string} code @param {string} intent @param {number} qty */
    record(code, intent, qty) {
      seq += 1;
      const element = copyOf("outcome");
      const scan = { event: { device, device_seq: seq, code, intent, qty }, code, element, attempt: 0 };
      list.prepend(element);
      show(scan, "sending", "");
      queue.push(scan);
      send();
    },
  };
})();

part("scan").addEventListener("submit", (event) => {
  event.preventDefault();
  const [code, intent, qty] = ["scan-code", "scan-intent", "scan-qty"].map((id) => /** @type {HTMLInputElement} */ (part(id)));
  if (!code || !intent || !qty) return;
  const text = code.value.trim();
  if (text === "") return code.focus();
  const many = Number(qty.value);
  if (!Number.isSafeInteger(many) || many < 1) {
    qty.setAttribute("aria-invalid", "true");
    announce("The quantity must be a whole number from 1.");
    return qty.select();
  }
  qty.removeAttribute("aria-invalid");
  scans.record(text, intent.value, many);
  [code.value, qty.value] = ["", "1"];
  code.focus();
});

// === follow the ledger ===

localise();
age();
follow("/v1/events", {
  since: marks.seq,
  on: {
    movement(/** @type {Movement} */ movement) {
      fresh();
      marks.seq = Math.max(marks.seq, movement.seq);
      showMarks();
      feed.add(movement);
      stock.apply(movement);
    },
    status: onStatus,
  },
  onState(state, detail) {
    showLive(state, detail);
    // Another life of this ledger: what is shown no longer holds. Scans that still wait go first.
    if (detail.problem?.code === "cursor_ahead") scans.afterwards(() => location.reload());
  },
});
