// The one field: what is typed becomes a proposal that Enter accepts, and then a check that Enter starts.
import { ask } from "./api.js";
import { spelled } from "./address.js";
import { $, make, show } from "./dom.js";
import { attempt, calm, complain } from "./frame.js";
import { serviceOf } from "./services.js";
import { known, say } from "./texts.js";

const PAUSE = 150; // ms without a key before the API is asked

/** started(made): a check that was accepted. began(): Enter was pressed; stopped(): it came to nothing. */
export function field({ started, began, stopped }) {
  const input = $("address"), ticket = $("ticket"), agreed = $("agreed");
  let asked = "", answer = null, under = null, pause, busy = false;

  async function read(text) {
    under?.abort(); // what was typed before is no answer any more
    if (text === asked && answer) return answer;
    under = new AbortController();
    const found = await ask("POST", "/api/v1/addresses", { text }, under.signal);
    asked = text;
    answer = found;
    return found;
  }

  async function propose() {
    const text = input.value;
    if (!text.trim()) return forget();
    try {
      draw(await read(text));
      calm();
    } catch (error) { complain(error); }
  }

  function forget() {
    under?.abort();
    asked = "";
    answer = null;
    $("proposal").replaceChildren();
    consent(false);
  }

  function accept(address) {
    input.value = address;
    input.focus();
    return propose();
  }

  /** Asked for where it is wanted, and each customer anew. */
  function consent(wanted) {
    show($("agreed-line"), wanted);
    if (!wanted) agreed.checked = false;
  }

  function draw(found) {
    consent(Boolean(found.consent));
    $("proposal").replaceChildren(...proposal(found, input.value, accept));
  }

  /** What Enter means depends on what is read: the proposal is accepted, or its check begins. No Enter is lost meanwhile. */
  async function enter(event) {
    event.preventDefault();
    const text = input.value;
    if (!text.trim() || busy) return;
    clearTimeout(pause);
    const found = await attempt(() => read(text));
    if (!found || busy) return; // a later Enter has called this reading off, or begun
    if (!found.proposal || found.problem || !found.carrier) return draw(found);
    if (found.proposal !== text) return accept(found.proposal);
    if (found.consent && !agreed.checked) { draw(found); agreed.focus(); return; }
    await begin(found);
  }

  /** One check at a time. */
  async function begin(found) {
    busy = true;
    try {
      began(found);
      const made = await attempt(() => ask("POST", "/api/v1/checks", question(found.proposal)));
      if (made) started(made); else stopped();
    } finally { busy = false; }
  }

  function question(address) {
    const reason = document.querySelector("#reason input:checked").value;
    return { address, reason, ...(ticket.value.trim() ? { ticket: ticket.value.trim() } : {}), ...(agreed.checked ? { consent: "stated" } : {}) };
  }

  $("ask").addEventListener("submit", enter);
  agreed.addEventListener("change", () => { if (answer) draw(answer); });
  input.addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(propose, PAUSE); });
  return {
    fill(address, ref) { input.value = address; if (ref) ticket.value = ref; input.focus(); return propose(); },
    clear() { input.value = ""; ticket.value = ""; forget(); input.focus(); },
    blank() { input.value = ""; forget(); },
    focus() { input.focus(); input.select(); },
  };
}

/** What is wrong with what was typed is told in plain words, whatever the engineers call it. */
function trouble({ problem, elsewhere }) {
  if (elsewhere) return say("elsewhere", { title: elsewhere });
  return known(`problem.${problem?.code}`) ? say(`problem.${problem.code}`) : say("unread");
}

function proposal(found, typed, accept) {
  const parts = [];
  if (found.proposal && !found.problem) {
    const changed = found.proposal !== typed;
    parts.push(make("div", { class: "proposal-main" },
      make("p", { class: "address" }, spelled(found.proposal, found.marked, Boolean(found.carrier))),
      make("p", { class: "read-back" }, make("strong", {}, say("read_back")), " ", found.read_back ?? ""),
      changed ? make("p", { class: "changes" }, (found.changes ?? []).join(" ")) : null,
      make("p", { class: "go-on" },
        changed
          ? [make("strong", {}, say("proposal"), " "), make("button", { type: "button", on: { click: () => accept(found.proposal) } }, say("proposal_press"), " ", make("kbd", {}, "Enter"))]
          : found.carrier ? [serviceOf(found.carrier.name) ?? found.carrier.title, " · ", say(found.consent && !$("agreed").checked ? "problem.MP2512" : "ready")] : make("strong", {}, say("no_carrier")))));
  } else {
    parts.push(make("p", { class: "problem" }, trouble(found)));
  }
  const near = found.suggestions ?? [];
  if (near.length) {
    parts.push(make("p", { class: "near" }, say("near"), " ",
      near.map((one) => make("button", { type: "button", on: { click: () => accept(one) } }, one))));
  }
  return parts;
}
