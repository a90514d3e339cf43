// An address as it is read aloud: what is easily mistaken for something else is marked and named.
import { make } from "./dom.js";
import { known as has, say as told } from "./texts.js";

const MISTAKEN = new Set("0Oo1lI|-_");

/** A short name below the letter; the line to read back has the long one. */
function named(char, long) {
  const key = `mark.u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return has(key) ? told(key) : long;
}

/**
 * marked: [{char, kind, say}] of the API. A screen reader hears the plain address; the marks are for the eye. Behind the @ of a
 * carrier that is known nothing is marked: the domain is not in doubt.
 */
export function spelled(address, marked, known = true) {
  const end = known ? address.lastIndexOf("@") : Infinity;
  const shown = (marked ?? []).map(({ char, kind, say }, at) =>
    say && at < end && MISTAKEN.has(char)
      ? make("span", { class: `mark-letter ${kind}`, "aria-hidden": "true" }, char, make("small", {}, named(char, say)))
      : make("span", { class: at < end ? kind : "domain", "aria-hidden": "true" }, char));
  return [make("span", { class: "unseen" }, address), make("span", { class: "letters" }, ...(shown.length ? shown : [address]))];
}
