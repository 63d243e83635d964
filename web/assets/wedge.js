// @ts-check
// Control characters of scanners that type what they read, as a keyboard would (wedges). A text field shows none of
// them, and browsers take some of the keys for themselves: so each has a picture that stands for it while it is in a
// field, such as ␝ for FNC1 (GS, ASCII 29).
//
// Limit today: scanners whose keyboard layout differs from the computer's type other characters; that is not mended.

export const GS = "\u001d";

const PICTURES = 0x2400;

/** A text as a field shows it. @param {string} text */
export const pictured = (text) => text.replace(/[\u0000-\u001f]/g, (control) => String.fromCharCode(PICTURES + control.charCodeAt(0)));

/** What a field's text stands for. @param {string} text */
export const meant = (text) => text.replace(/[\u2400-\u241f]/g, (picture) => String.fromCharCode(picture.charCodeAt(0) - PICTURES));

/**
 * Recognises GS among keys: F8, Ctrl+], the character itself, and Alt with 29 on the number pad.
 * @typedef {{ type: string, key: string, code: string, ctrlKey: boolean, altKey: boolean }} Key
 * @returns {(event: Key) => "separator" | "part" | "other"} `part` is a key that belongs to a separator yet to come
 */
export function separatorKeys() {
  let digits = "";
  return (event) => {
    if (event.type === "keyup") {
      if (event.key !== "Alt") return "other";
      const number = digits;
      digits = "";
      return number !== "" && Number(number) === GS.charCodeAt(0) ? "separator" : "other";
    }
    if (event.key === "F8" || event.key === GS || (event.ctrlKey && event.key === "]")) return "separator";
    const digit = event.altKey ? /^Numpad([0-9])$/.exec(event.code)?.[1] : undefined;
    if (digit === undefined) {
      digits = "";
      return "other";
    }
    digits = (digits + digit).slice(-8);
    return "part";
  };
}

/**
 * Lets a field take what a scanner types: control characters are shown by their pictures.
 * @param {HTMLInputElement} field
 */
export function takeScans(field) {
  const recognise = separatorKeys();
  // Some systems type the character of Alt and a number by themselves, right after the key has been let go.
  let justTyped = false;

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const is = recognise(event);
    if (event.type === "keydown") justTyped = false;
    if (is !== "separator") return;
    event.preventDefault();
    justTyped = event.type === "keyup";
    type(pictured(GS));
  }

  /** @param {string} text */
  function type(text) {
    const [start, end] = [field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length];
    field.setRangeText(text, start, end, "end");
  }

  field.addEventListener("keydown", onKey);
  field.addEventListener("keyup", onKey);
  field.addEventListener("beforeinput", (event) => {
    if (!justTyped || event.data !== GS) return;
    justTyped = false;
    event.preventDefault();
  });
  // Whatever else brought them: pasted, or put in by the scanner's own software.
  field.addEventListener("input", () => {
    const shown = pictured(field.value);
    if (shown === field.value) return;
    const at = field.selectionStart;
    field.value = shown;
    field.setSelectionRange(at, at);
  });
  // A field of one line would drop the ends of lines, and paste drops other characters too.
  field.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain").replace(/[\r\n]+$/, "");
    if (!text || !/[\u0000-\u001f]/.test(text)) return;
    event.preventDefault();
    type(pictured(text));
  });
  field.form?.addEventListener("formdata", (event) => event.formData.set(field.name, meant(field.value)));
}
