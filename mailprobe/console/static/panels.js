// What can be done about a check: a test mail, a returned mail, watching, keeping, and saying that a verdict was wrong.
import { ask } from "./api.js";
import { $, make, show, write } from "./dom.js";
import { attempt, toast } from "./frame.js";
import { say, time } from "./texts.js";

const MOST = 1_000_000; // characters of a returned mail
const HEARD = ["550", "5.1.1", "Invalid recipient", "User unknown", "No such user", "552", "mailbox full", "blocked", "SPF check failed"];

/** current(): id of the check; shown(view): its new state. */
export function panels(current, shown) {
  const path = (what) => `/api/v1/checks/${encodeURIComponent(current())}/${what}`;
  const post = (what, body, word) => attempt(async () => {
    shown(await ask("POST", path(what), body));
    if (word) toast(say(word));
    return true;
  });
  const open = opening(["canary", "bounce", "watch", "keep"]);

  $("canary-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!$("canary-agreed").checked) return;
    if (await post("canary", { consent: say("consent") }, "sent")) {
      $("canary-agreed").checked = false;
      open(null);
    }
  });

  $("bounce-form").addEventListener("submit", (event) => { event.preventDefault(); read($("bounce-text").value); });
  $("bounce-file").addEventListener("change", (event) => take(event.target.files));
  dropping($("bounce"), take);

  async function take(chosen) {
    const file = chosen[0];
    if (!file) return;
    if (file.size > MOST) return toast(say("too_big"));
    await read(await file.text());
    $("bounce-file").value = "";
  }

  async function read(text) {
    if (!text.trim()) return;
    toast(say("reading"));
    if (await post("bounce", { text }, "read")) { $("bounce-text").value = ""; open(null); }
  }

  $("heard").append(...HEARD.map((word) => make("label", { class: "chip" }, make("input", { type: "checkbox", value: word }), make("span", {}, word))));
  $("heard-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const fragments = [...document.querySelectorAll("#heard input:checked")].map((one) => one.value);
    const other = $("heard-other").value.trim();
    if (other) fragments.push(other);
    if (fragments.length && await post("bounce", { fragments }, "read")) open(null);
  });

  $("watch-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const hours = Number(document.querySelector("#watch-form input[name=hours]:checked").value);
    await post("watch", { hours, reason: $("watch-reason").value.trim() }, "recorded");
  });
  $("watch-stop").addEventListener("click", () => attempt(async () => shown(await ask("DELETE", path("watch")))));
  $("keep-form").addEventListener("submit", (event) => { event.preventDefault(); post("keep", { ticket: $("keep-ticket").value.trim() }, "recorded"); });
  $("wrong-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await post("wrong", { cause: $("wrong-cause").value.trim() }, "recorded")) $("wrong-cause").value = "";
  });

  return { open, draw: (view) => drawPanels(view) };
}

function drawPanels(view) {
  show($("canary-number"), Boolean(view.canary));
  write($("canary-digits"), view.canary?.number ?? "");
  write($("canary-text"), view.canary?.text ?? "");
  write($("watch-now"), view.watch ? say("watched", { time: time(view.watch.until) }) : "");
  show($("watch-now"), Boolean(view.watch));
  show($("watch-form"), !view.watch);
  show($("watch-stop"), Boolean(view.watch));
  write($("kept"), view.kept ? say("kept", { ticket: view.kept, time: time(view.kept_at) }) : "");
  show($("kept"), Boolean(view.kept));
  write($("wrong-now"), view.wrong ? say("wrong", { cause: view.wrong }) : "");
  show($("wrong-now"), Boolean(view.wrong));
  if ($("wrong-case")) { // a supervisor's page
    $("wrong-case").firstElementChild.href = `/api/v1/wrong-verdicts/${encodeURIComponent(view.id)}/golden`;
    show($("wrong-case"), Boolean(view.wrong));
  }
  if (!$("keep-ticket").value && view.ticket) $("keep-ticket").value = view.ticket;
  if (!$("watch-reason").value && view.ticket) $("watch-reason").value = view.ticket;
}

/** One panel at a time; its button says whether it is open. */
function opening(names) {
  const open = (wanted) => {
    for (const name of names) {
      const on = name === wanted && $(name).hidden;
      show($(name), on);
      $(`${name}-open`).setAttribute("aria-expanded", String(on));
      if (on) { $(name).scrollIntoView({ block: "nearest" }); $(name).querySelector("input, textarea")?.focus(); }
    }
  };
  for (const name of names) $(`${name}-open`).addEventListener("click", () => open(name));
  return open;
}

function dropping(target, take) {
  target.addEventListener("dragover", (event) => { event.preventDefault(); target.classList.add("over"); });
  target.addEventListener("dragleave", () => target.classList.remove("over"));
  target.addEventListener("drop", (event) => {
    event.preventDefault();
    target.classList.remove("over");
    take(event.dataTransfer.files);
  });
}
