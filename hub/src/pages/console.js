// @ts-check
// Brings the console's first page to life: the tiles of the stores, their sums, and the look-up of an item.
//
// What it relies on:
// - GET /v1/stores/events: `store`, as typed below; first one for each store, then one whenever something changed;
// - GET /v1/items/{gtin}/where -> {gtin, name, stores: [{store, sellable, on_hand, covers_seq, age_ms}]}.

import { age, announce, answerLookUps, copyOf, fill, fresh, localise, part, rate, showLive, showMoment, span } from "./page.js";
import { follow } from "./sse.js";

/**
 * @typedef {{ store: string, online: boolean, agent_version: string | null, epoch: number, head: number,
 *   committed: number, reconciled: number, queue: number, lag_ms: number | null, last_scan_at: string | null,
 *   digest: "ok" | "mismatch" | "unknown", movements_per_s: number }} Store
 */

const NOTHING = "\u2013";
const PROOFS = { ok: ["ok", "Positions equal"], mismatch: ["bad", "Positions differ"], unknown: ["none", "Not compared yet"] };
/** How many readings a spark line shows. */
const SPARK_LENGTH = 60;
const SPARK = { width: 120, height: 28 };

/** @type {Map<string, { tile: HTMLElement, store: Store | null, rates: number[] }>} */
const stores = new Map();
for (const tile of part("tiles").children) {
  if (tile instanceof HTMLElement) stores.set(tile.dataset.store ?? "", { tile, store: null, rates: [] });
}

// === tiles ===

/** A tile for a store that was enrolled after the page was loaded: at the end, so that none moves. @param {string} name */
function enrolled(name) {
  const tile = copyOf("store-tile");
  tile.dataset.store = name;
  part("tiles").append(tile);
  part("no-stores").hidden = true;
  part("totals").hidden = false;
  const entry = { tile, store: /** @type {Store | null} */ (null), rates: /** @type {number[]} */ ([]) };
  stores.set(name, entry);
  return entry;
}

/** @param {HTMLElement} tile @param {string} selector @param {string} state */
function setState(tile, selector, state) {
  const badge = tile.querySelector(selector);
  if (badge instanceof HTMLElement) badge.dataset.state = state;
}

/** @param {Store} store */
function onStore(store) {
  fresh();
  const entry = stores.get(store.store) ?? enrolled(store.store);
  const { tile, store: before } = entry;
  const [proofState, proof] = PROOFS[store.digest] ?? PROOFS.unknown;
  const { head, committed, reconciled, epoch } = store;
  fill(tile, {
    store: store.store, head, committed, reconciled, epoch, waiting: Math.max(0, head - committed),
    link: store.online ? "Online" : "Offline", proof: proof ?? "", rate: rate(store.movements_per_s),
    lag: store.lag_ms === null ? NOTHING : span(store.lag_ms), version: store.agent_version ?? NOTHING,
  });
  tile.dataset.online = String(store.online);
  tile.dataset.proof = proofState;
  setState(tile, ".tile-link", store.online ? "ok" : "wait");
  setState(tile, ".tile-proof", proofState ?? "none");
  const rail = tile.querySelector(".rail");
  if (rail instanceof HTMLElement) rail.dataset.link = store.online ? "online" : "offline";
  const time = tile.querySelector("time");
  if (time && store.last_scan_at) showMoment(time, store.last_scan_at);
  entry.rates = [...entry.rates, store.movements_per_s].slice(-SPARK_LENGTH);
  spark(tile, entry.rates);
  entry.store = store;
  tell(before, store);
  sum();
}

/** Says what needs somebody's attention; figures that merely move are not news. @param {Store | null} before @param {Store} now */
function tell(before, now) {
  if (before && before.online !== now.online) announce(`Store ${now.store} is ${now.online ? "online" : "offline"}.`);
  if (before && before.digest !== now.digest && now.digest === "mismatch") announce(`Store ${now.store}: positions differ from ours.`);
}

/** @param {HTMLElement} tile @param {number[]} rates */
function spark(tile, rates) {
  const highest = Math.max(1, ...rates);
  const first = SPARK_LENGTH - rates.length;
  const points = rates.map((value, index) => {
    const x = ((first + index) / (SPARK_LENGTH - 1)) * SPARK.width;
    return `${x.toFixed(1)},${(SPARK.height - 2 - (value / highest) * (SPARK.height - 4)).toFixed(1)}`;
  });
  const line = `M${points.join("L")}`;
  const start = ((first / (SPARK_LENGTH - 1)) * SPARK.width).toFixed(1);
  tile.querySelector(".spark-line")?.setAttribute("d", line);
  tile.querySelector(".spark-fill")?.setAttribute("d", `${line}L${SPARK.width},${SPARK.height}L${start},${SPARK.height}Z`);
}

// === sums ===

/** @param {HTMLElement} root @param {string} selector @param {boolean} shown */
function show(root, selector, shown) {
  const element = root.querySelector(selector);
  if (element instanceof HTMLElement) element.hidden = !shown;
}

function sum() {
  const known = [...stores.values()].flatMap(({ store }) => (store ? [store] : []));
  // Until every tile has been told of, the sums of the server stand.
  if (known.length < stores.size) return;
  const online = known.filter((store) => store.online);
  const mismatches = known.filter((store) => store.digest === "mismatch").length;
  const lags = online.flatMap(({ lag_ms }) => (lag_ms === null ? [] : [lag_ms]));
  const totals = part("totals");
  fill(totals, {
    online: online.length, offline: known.length - online.length, stores: known.length, mismatches,
    rate: rate(known.reduce((total, store) => total + store.movements_per_s, 0)),
    waiting: known.reduce((total, store) => total + Math.max(0, store.head - store.committed), 0),
    lag: lags.length > 0 ? span(Math.max(...lags)) : NOTHING,
  });
  show(totals, '[data-total="offline"]', online.length < known.length);
  show(totals, '[data-total="mismatches"]', mismatches > 0);
}

// === where is it? ===

/** @param {any} found as the API gives it */
function card(found) {
  const element = copyOf("where-card");
  fill(element, { name: found.name ?? "Not in the catalogue", gtin: found.gtin });
  const rows = found.stores.map((/** @type {any} */ { store, sellable, on_hand, covers_seq, age_ms }) => {
    const row = copyOf("found-row");
    fill(row, { store, sellable, on_hand, covers_seq, age: span(age_ms) });
    return row;
  });
  element.querySelector('[data-list="stores"]')?.replaceChildren(...rows);
  show(element, ".scroll", rows.length > 0);
  show(element, "[data-empty]", rows.length === 0);
  return element;
}

answerLookUps(
  (asked) => `/v1/items/${asked}/where`,
  card,
  (value) => `${value.name ?? "Not in the catalogue"}: in ${value.stores.length} stores`,
);

// === follow the stores ===

localise();
age();
follow("/v1/stores/events", { on: { store: onStore }, onState: showLive });
