// What is said and done: the top line, the words for the customer, and what the agent does next.
import { spelled } from "./address.js";
import { $, drawn, make, shape, show, spoken, write } from "./dom.js";
import { age, say, time } from "./texts.js";

const TONE = { ok: "green", degraded: "amber", down: "red", unknown: "unknown" };

export const drawHead = drawn((view) => {
  $("case-address").replaceChildren(...spelled(view.address, view.marked));
  write($("case-read-back"), view.read_back ? `${say("read_back")} ${view.read_back}` : "");
  const facts = [["number", view.number, "digits"], ["carrier", view.carrier.title, ""], ["started", time(view.started), ""]];
  if (view.ticket) facts.push(["ticket", view.ticket, ""]);
  $("case-facts").replaceChildren(...facts.map(([key, text, kind]) =>
    make("div", {}, make("dt", {}, $("case").dataset[key] ?? key), make("dd", { class: kind }, text))));
});

export const drawTop = drawn((top, sure) => {
  const tone = top.status ? TONE[top.status] ?? "unknown" : "running";
  $("top").dataset.tone = top.state === "settled" ? top.status ?? "unknown" : top.status ?? "busy";
  $("top").dataset.state = top.state;
  $("top-icon").replaceChildren(shape(tone));
  write($("top-title"), top.title);
  write($("top-text"), top.text);
  write($("top-sure"), sure ? say(`sure_${sure}`) : "");
  show($("top-sure"), Boolean(sure));
});

export const drawBefore = drawn((service, stored) => {
  const parts = [];
  if (service) parts.push(make("span", { class: "service", data: { state: service.state } }, shape(SERVICE[service.state] ?? "unknown"), spoken(service)));
  if (stored) parts.push(make("span", {}, `${say("stored")} (${age(stored.age_s)}): ${stored.title}`));
  $("known-before").replaceChildren(...parts);
  show($("known-before"), parts.length > 0);
});

export const SERVICE = { normal: "green", trouble: "amber", unknown: "unknown", maintenance: "held", incident: "red" };

export const drawSpoken = drawn((verdict, callBack, handset, top) => {
  const waiting = !verdict;
  write($("say"), verdict ? verdict.say.text : top.text || say("wait_say"));
  $("say").classList.toggle("waiting", waiting);
  const never = verdict ? verdict.do_not_say : [say("wait_never")];
  $("never").replaceChildren(...never.map((one) => make("li", {}, shape("not_possible"), make("span", {}, one))));
  write($("next"), verdict ? without(verdict.next.text, callBack?.text) : say("nothing_to_say"));
  write($("who"), verdict ? verdict.who ?? verdict.next.who : "…");
  $("call-back").replaceChildren(...(callBack ? [callBack.time ? make("strong", {}, time(callBack.time), " ") : "", callBack.text] : ["…"]));
  $("handset").dataset.steps = handset?.steps ?? "none";
  write($("handset-text"), handset?.text ?? say("wait_never"));
});

/** What is known besides: notes, and what a mail says that came back, whether or not the result rests on it. */
export const drawBeside = drawn((notes, returned) => {
  const said = returned.map((one) => [say(one.heard ? "came_back_heard" : "came_back", { text: one.title }), one.side ? say("whose_side", { side: one.side }) : ""]);
  show($("beside"), notes.length + said.length > 0);
  $("beside-list").replaceChildren(...notes.map((one) => make("li", {}, one)), ...said.map(([words, side]) => make("li", {}, words, " ", side)));
  show($("quotes"), returned.length > 0);
  $("quote-list").replaceChildren(...returned.map((one) => make("li", {}, make("code", {}, one.quote))));
});

/** When to call back has a place of its own. */
function without(text, end) {
  return end && text.endsWith(end) ? text.slice(0, -end.length).trim() : text;
}

export const drawRevised = drawn((revised, titles) => {
  show($("revised"), revised.length > 0);
  $("revised-list").replaceChildren(...revised.slice(-1).map((one) => oldNew(one.old.say, one.new.say, titles, one.why, one.at)));
});

/** Two sentences side by side. */
export function oldNew(old, now, titles, why, at) {
  return make("div", {},
    why ? make("p", { class: "why" }, why, at ? ` (${time(at)})` : "") : null,
    make("dl", { class: "old-new" },
      make("div", { class: "old" }, make("dt", {}, titles.old), make("dd", {}, old ?? "")),
      make("div", { class: "new" }, make("dt", {}, titles.new), make("dd", {}, now ?? ""))));
}

export const drawHistory = drawn((good, bad, titles, settled) => {
  const rows = [[titles.last_good, good ? time(good) : settled ? say("no_record") : ""], [titles.first_bad, bad ? time(bad) : ""]];
  const known = rows.filter(([, words]) => words);
  show($("history"), known.length > 0);
  $("history-list").replaceChildren(...known.map(([title, words]) => make("div", {}, make("dt", {}, title), make("dd", {}, words))));
});

export const drawRepair = drawn((repair, words) => {
  show($("repair"), Boolean(repair));
  const cell = (state) => state ? make("td", { data: { state } }, shape(state), " ", words[state] ?? state) : make("td", {}, "…");
  $("repair-rows").replaceChildren(...(repair?.rows ?? []).map((one) =>
    make("tr", {}, make("th", { scope: "row" }, one.title ?? one.station), cell(one.before), cell(one.after))));
});
