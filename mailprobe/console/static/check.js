// The check page: the field, then one check as it goes on.
import { Refused, ask, follow } from "./api.js";
import { cards } from "./cards.js";
import { $, drawn, show } from "./dom.js";
import { field } from "./field.js";
import { attempt, calm, complain, copy, frame, onKey, stands, toast } from "./frame.js";
import { panels } from "./panels.js";
import { drawProof } from "./proof.js";
import { questions } from "./questions.js";
import { services } from "./services.js";
import { drawBefore, drawBeside, drawHead, drawHistory, drawRepair, drawRevised, drawSpoken, drawTop } from "./spoken.js";
import { ahead, drawStations } from "./stations.js";
import { say, zone } from "./texts.js";

const plain = document.title;
let id = "", view = null, stream = null, telling = 0, heard = 0;

const one = field({ began, started, stopped });
const asked = questions(tell);
const panel = panels(() => id, shown);

/** Enter was pressed: the page shows at once that something is done, before the server has answered. */
function began(found) {
  leave();
  show($("case"), true);
  aside();
  drawHead({ address: found.proposal, marked: found.marked, read_back: found.read_back, number: "…", carrier: found.carrier, started: new Date().toISOString(), ticket: "" });
  drawTop({ state: "checking", status: null, title: say("checking"), text: say("started_now") }, null);
  drawBefore(null, null);
  drawSpoken(null, null, null, { text: "" });
  drawBeside([], []);
  drawStations(ahead());
  for (const each of ["copy", "canary-open"]) $(each).disabled = true;
  $("case").focus();
}

function started(made) {
  history.pushState(null, "", made.href);
  one.blank();
  open(made.id);
}

function stopped() {
  show($("case"), false);
  delete document.body.dataset.case;
  $("ask-home").append($("ask"));
}

/** With a check on the page the field is a small one in the bar, and unfolds from there. */
function aside() {
  document.body.dataset.case = "open";
  $("ask-slot").append($("ask"));
}

function open(which) {
  leave();
  id = which;
  aside();
  show($("case"), true);
  $("case").focus();
  $("ticket-view").href = `/checks/${encodeURIComponent(id)}/ticket`;
  stream = follow(id, (now) => { if (!now.problem) calm(); shown(now); }, (error) => (error ? complain(error) : toast(say("lost"))));
}

function leave() {
  stream?.end();
  [id, view, stream, heard] = ["", null, null, 0];
  panel.open(null);
  faulty(null);
}

function shown(now) {
  if (now.id !== id || (view && now.version < view.version)) return;
  view = now;
  show($("case"), true);
  document.title = `${say("number", { number: now.number })} - ${plain}`;
  const titles = $("case").dataset;
  drawHead({ address: now.address, marked: now.marked, read_back: now.read_back, number: now.number, carrier: now.carrier, started: now.started, ticket: now.ticket });
  drawTop(headline(now), now.top.state === "settled" && now.top.status !== "unknown" ? now.verdict?.confidence : null);
  drawBefore(now.service, now.stored);
  drawStations(now.stations);
  drawSpoken(now.verdict, now.call_back, now.handset, now.top);
  drawBeside(now.notes ?? [], now.returned ?? []);
  faulty(now.problem ?? null);
  drawRevised(unheard(now.revised ?? []), { old: titles.old, new: titles.new });
  drawHistory(now.last_good, now.first_bad, { last_good: titles.lastGood, first_bad: titles.firstBad }, Boolean(now.verdict));
  drawRepair(now.before_repair, Object.fromEntries(now.stations.map((each) => [each.state, each.word])));
  if (!telling) asked.draw(now.questions ?? []);
  panel.draw(now);
  drawProof(now.proof);
  for (const one of ["copy", "canary-open"]) $(one).disabled = now.state === "running";
  if (now.state !== "done") stream?.again();
  show($("verify"), now.state !== "running" && ["down", "degraded"].includes(now.verdict?.status));
}

/** What went wrong with the check itself, or with a test mail that was asked for. */
const faulty = drawn((problem) => stands(problem && new Refused(422, { code: problem.code, detail: problem.what, hint: problem.hint })));

/** What changed by itself. What changed because the agent ticked something here is no news to him. */
function unheard(revised) {
  if (telling) heard = revised.length;
  return revised.slice(Math.min(heard, revised.length));
}

/** What was said to the customer stands below; the top line tells the agent what is known. */
function headline({ top, verdict }) {
  return { ...top, text: verdict ? verdict.known : "" };
}

/** All that is ticked. The last answer counts, whatever order they come back in. */
async function tell(words) {
  telling += 1;
  const mine = telling;
  const told = await attempt(() => ask("POST", `/api/v1/checks/${encodeURIComponent(id)}/observed`, { observed: words }));
  if (mine !== telling) return;
  if (told) heard = told.revised.length;
  telling = 0;
  if (told) shown(told); else if (view) asked.draw(view.questions);
}

async function ticket() {
  if (!id) return;
  const told = await attempt(() => ask("GET", `/api/v1/checks/${encodeURIComponent(id)}/ticket?zone=${encodeURIComponent(zone)}`));
  if (told) await copy(told.text);
}

async function verify() {
  const made = await attempt(() => ask("POST", `/api/v1/checks/${encodeURIComponent(id)}/verify`, {}));
  if (made) started(made);
}

function next() {
  leave();
  stopped();
  document.title = plain;
  history.pushState(null, "", "/");
  one.clear();
  window.scrollTo(0, 0);
}

function handed() {
  const given = window.handedOver();
  if (!given) return false;
  if (id) next();
  one.fill(given.address, given.ref);
  return true;
}

function place() {
  const found = location.pathname.match(/^\/checks\/([^/]+)$/);
  if (found) open(decodeURIComponent(found[1])); else { leave(); stopped(); one.focus(); }
}

$("copy").addEventListener("click", ticket);
$("verify").addEventListener("click", verify);
$("new-call").addEventListener("click", next);
onKey("/", () => one.focus());
onKey("c", ticket);
onKey("n", next);
onKey("t", () => { if (id && !$("canary-open").disabled) panel.open("canary"); });
for (const [at, radio] of [...document.querySelectorAll("#reason input")].entries()) onKey(String(at + 1), () => { radio.checked = true; });
window.addEventListener("popstate", place);
window.addEventListener("handed-over", handed);
frame(20);
services();
cards({ check: () => id, carrier: () => view?.carrier.name ?? "", evidence: ticket });
if (!handed()) place();
