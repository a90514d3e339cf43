// What every page has: notices, brightness, keys, and the count of what has changed.
import { Refused, ask } from "./api.js";
import { $, make, shape, show, write } from "./dom.js";
import { say } from "./texts.js";

/** A short word in the corner; read out, and gone by itself. */
let fading;
export function toast(text) {
  write($("said"), text);
  clearTimeout(fading);
  fading = setTimeout(() => write($("said"), ""), 6000);
}

/** What went wrong, above everything, until the next thing works. */
export function complain(error) {
  if (error?.name === "AbortError") return;
  const notice = $("notice");
  const text = error instanceof Refused ? error.message : say("failed");
  notice.replaceChildren(make("p", {}, text));
  if (error?.hint) notice.append(make("p", { class: "hint" }, error.hint));
  if (error?.code) notice.append(make("p", { class: "code" }, error.code));
  if (error?.status === 401) notice.append(make("a", { class: "button", href: location.pathname }, say("sign_in")));
  show(notice, true);
  if (!(error instanceof Refused)) throw error;
}

let standing = null;

/** What went wrong with the check that is on the page: it stays, whatever else works meanwhile. null: it is over. */
export function stands(error) {
  if (!error && !standing) return;
  standing = error;
  if (error) complain(error); else calm();
}

export function calm() { if (standing) complain(standing); else show($("notice"), false); }

/** Runs an act; what is refused is told. */
export async function attempt(act) {
  try {
    const done = await act();
    calm();
    return done;
  } catch (error) {
    complain(error);
    return undefined;
  }
}

/** To the clipboard; where the browser does not allow it, the text is shown and selected. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(say("copied"));
  } catch {
    const shown = make("textarea", { rows: 14, readonly: true, class: "copy-me", "aria-label": say("copy_failed") });
    shown.value = text;
    $("notice").replaceChildren(make("p", {}, say("copy_failed")), shown);
    show($("notice"), true);
    shown.focus();
    shown.select();
  }
}

function brightness() {
  const root = document.documentElement, turn = ["auto", "light", "dark"];
  const label = () => {
    $("theme").title = say(`theme_${root.dataset.theme ?? "auto"}`);
    $("theme").setAttribute("aria-label", $("theme").title);
    $("theme").replaceChildren(shape(root.dataset.theme ?? "auto"));
  };
  $("theme").addEventListener("click", () => {
    const next = turn[(turn.indexOf(root.dataset.theme ?? "auto") + 1) % turn.length];
    if (next === "auto") delete root.dataset.theme; else root.dataset.theme = next;
    remember("theme", next);
    label();
  });
  label();
}

function remember(key, value) { try { localStorage.setItem(key, value); } catch { /* not kept */ } }
function recall(key) { try { return localStorage.getItem(key); } catch { return null; } }

const keys = new Map();
/** A letter key, when nobody is typing (WCAG 2.1.4: they can be switched off). */
export function onKey(key, act) { keys.set(key, act); }

function typing(target) {
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target?.isContentEditable) return true;
  return target instanceof HTMLInputElement && !["radio", "checkbox", "button", "file"].includes(target.type);
}

function listen() {
  const letters = $("letters"), help = $("help");
  letters.checked = recall("letters") !== "off";
  letters.addEventListener("change", () => remember("letters", letters.checked ? "on" : "off"));
  $("help-open").addEventListener("click", () => help.showModal());
  onKey("?", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    if (document.querySelector("dialog[open]") || !letters.checked) return;
    const act = keys.get(event.key);
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/** What folds out of the bar folds back by Escape, and by a click elsewhere. */
function menus() {
  const fold = (but) => { for (const one of document.querySelectorAll(".menu[open]")) if (!one.contains(but)) one.open = false; };
  document.addEventListener("click", (event) => fold(event.target));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.activeElement?.closest(".menu[open]")?.querySelector("summary").focus();
    fold(null);
  });
}

/** How many of one's own checks say something else by now, beside their page's name. */
async function count() {
  if (document.hidden) return;
  try {
    const { checks } = await ask("GET", "/api/v1/checks?mine=1");
    counted(checks);
  } catch { /* told where it is asked for */ }
}

export function counted(checks) {
  const changed = checks.filter((one) => one.revised).length;
  write($("changed-count"), changed ? say("changed_count", { count: changed }) : "");
  show($("changed-count"), changed > 0);
}

/** every: seconds between two looks at one's own checks; 0 where the page does it itself. */
export function frame(every) {
  brightness();
  menus();
  listen();
  onKey("m", () => { location.href = "/checks"; });
  if (!every) return;
  count();
  setInterval(count, every * 1000);
  document.addEventListener("visibilitychange", count);
}
