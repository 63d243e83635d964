// @ts-check
// Brings the page "What a code says" to life: its field takes what scanners type, and what is written out can be copied.

import { announce, part } from "./page.js";
import { meant, takeScans } from "./wedge.js";

const field = /** @type {HTMLInputElement} */ (part("code"));
takeScans(field);
// An address to keep says no more than it has to.
field.form?.addEventListener("formdata", ({ formData }) => { if (formData.get("region") === "") formData.delete("region"); });
part("code-keys").hidden = false;
// The next scan takes the place of this one.
field.focus({ preventScroll: true });
field.select();

/** Pages on a shop's LAN have no certificate, and without one browsers keep their clipboard to the old way. @param {HTMLInputElement} source */
async function copy(source) {
  const text = meant(source.value);
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const put = (/** @type {ClipboardEvent} */ event) => {
    event.preventDefault();
    event.clipboardData?.setData("text/plain", text);
  };
  document.addEventListener("copy", put, { once: true });
  source.select();
  const done = document.execCommand("copy");
  document.removeEventListener("copy", put);
  if (!done) throw new Error("the browser refused");
}

for (const button of document.querySelectorAll("button[data-copies]")) {
  if (!(button instanceof HTMLButtonElement)) continue;
  const source = /** @type {HTMLInputElement} */ (part(button.dataset.copies ?? ""));
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await copy(source);
      button.focus();
      button.textContent = "Copied";
      announce("Copied.");
    } catch {
      source.select();
      announce("The browser does not let this page copy: the text is selected, copy it with the keyboard.");
    }
  });
}
