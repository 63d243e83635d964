import assert from "node:assert/strict";
import { test } from "node:test";

import { GS, meant, pictured, separatorKeys, takeScans } from "../../assets/wedge.js";

test("a control character and its picture stand for each other", () => {
  assert.equal(pictured("]d210A\u001d2105"), "]d210A\u241d2105");
  assert.equal(pictured("\u0002a\u001e\r"), "\u2402a\u241e\u240d");
  for (const text of ["", "]d210A\u001d2105", "gr\u00fc\u00df \u{1f4e6}", "\u0000\u001f"]) assert.equal(meant(pictured(text)), text);
});

const down = (key, code = "", more = {}) => ({ type: "keydown", key, code, ctrlKey: false, altKey: false, ...more });
const alt = { altKey: true };
const letGo = { ...down("Alt"), type: "keyup" };

test("every way to type FNC1 is recognised", () => {
  const ways = [
    [down("F8", "F8")],
    [down("]", "BracketRight", { ctrlKey: true })],
    [down(GS)],
    [down("Alt", "AltLeft", alt), down("0", "Numpad0", alt), down("2", "Numpad2", alt), down("9", "Numpad9", alt), letGo],
    [down("Alt", "AltLeft", alt), ...["0", "0", "2", "9"].map((digit) => down(digit, `Numpad${digit}`, alt)), letGo],
  ];
  for (const keys of ways) {
    const recognise = separatorKeys();
    const said = keys.map(recognise);
    assert.equal(said.at(-1), "separator");
    assert.ok(!said.slice(0, -1).includes("separator"));
  }
});

test("other keys are left alone", () => {
  const recognise = separatorKeys();
  for (const key of [down("2", "Digit2"), down("9", "Numpad9"), down("]", "BracketRight"), down("Enter", "Enter")]) assert.equal(recognise(key), "other");
  for (const digit of ["0", "6", "5"]) recognise(down(digit, `Numpad${digit}`, alt));
  assert.equal(recognise(letGo), "other");
  assert.equal(recognise(letGo), "other");
});

/** As much of a text field as is asked of it. */
function fieldOf(value) {
  const on = {};
  const form = { addEventListener: (name, run) => { on[name] = run; } };
  const field = {
    name: "code", value, selectionStart: value.length, selectionEnd: value.length, form,
    addEventListener: (name, run) => { on[name] = run; },
    setSelectionRange(start, end) { [this.selectionStart, this.selectionEnd] = [start, end]; },
    setRangeText(text, start, end) {
      this.value = this.value.slice(0, start) + text + this.value.slice(end);
      this.setSelectionRange(start + text.length, start + text.length);
    },
  };
  takeScans(field);
  const fire = (name, event = {}) => {
    let prevented = false;
    on[name]({ type: name, preventDefault: () => { prevented = true; }, ...event });
    return prevented;
  };
  return { field, fire };
}

test("a field shows what was typed and sends what was meant", () => {
  const { field, fire } = fieldOf("10A");
  assert.ok(fire("keydown", down("F8", "F8")));
  assert.equal(field.value, "10A\u241d");
  assert.ok(!fire("keydown", down("2", "Digit2")));
  field.value += "21\u001d";
  field.setSelectionRange(6, 6);
  fire("input");
  assert.equal(field.value, "10A\u241d21\u241d");
  assert.equal(field.selectionStart, 6);
  const formData = new FormData();
  fire("formdata", { formData });
  assert.equal(formData.get("code"), "10A\u001d21\u001d");
});

test("a separator that the system types after Alt and 29 is not taken twice", () => {
  const { field, fire } = fieldOf("");
  for (const digit of ["0", "2", "9"]) fire("keydown", down(digit, `Numpad${digit}`, alt));
  fire("keyup", letGo);
  assert.ok(fire("beforeinput", { data: GS }));
  assert.ok(!fire("beforeinput", { data: GS }));
  assert.equal(field.value, "\u241d");
});

test("what is pasted keeps its separators and loses the end of its line", () => {
  const { field, fire } = fieldOf("");
  const clipboardData = { getData: () => "]d210A\u001d2105\r\n" };
  assert.ok(fire("paste", { clipboardData }));
  assert.equal(field.value, "]d210A\u241d2105");
  assert.ok(!fire("paste", { clipboardData: { getData: () => "4006381333931\n" } }));
});
