// An address as it is read aloud: what is easily mistaken for something else is marked and named.
import { make } from "./dom.js";

const MISTAKEN = new Set("0Oo1lI|-_.5S8B2Z".split(""));

/** marked: [{char, kind, say}] of the API. A screen reader hears the plain address; the marks are for the eye. */
export function spelled(address, marked) {
  const shown = (marked ?? []).map(({ char, kind, say }) =>
    say && MISTAKEN.has(char)
      ? make("ruby", { class: kind, "aria-hidden": "true" }, char, make("rt", {}, say))
      : make("span", { class: kind, "aria-hidden": "true" }, char));
  return [make("span", { class: "unseen" }, address), make("span", { class: "letters" }, ...(shown.length ? shown : [address]))];
}
