// One click deeper: the answers of this address, the known good and the never existing one side by side, and the conversation.
import { $, drawn, make } from "./dom.js";
import { say, time } from "./texts.js";

export const drawProof = drawn((proof) => {
  const rows = sideBySide(proof?.rows ?? []);
  $("proof-head").replaceChildren(make("tr", {},
    ["col_server", "of_target", "of_live", "of_dead"].map((key) => make("th", { scope: "col" }, say(key)))));
  $("proof-rows").replaceChildren(...rows.map((row) => make("tr", {},
    make("th", { scope: "row" }, row.name, row.ip ? make("span", { class: "ip" }, row.ip) : null),
    ["target", "live", "dead"].map((of) => make("td", { data: { of } }, (row[of] ?? []).map(answer))))));
  $("transcript").replaceChildren(...(proof?.transcript ?? []).filter((one) => one.lines.length).map((one) =>
    make("section", {}, make("h4", {}, one.probe), one.at ? make("p", { class: "hint" }, time(one.at)) : null, make("pre", {}, one.lines.map(line)))));
});

/** Rows of the same server and kind become one, with a column for each address asked for. */
function sideBySide(rows) {
  const found = new Map();
  for (const row of rows) {
    const ip = row.ip || onlyIp(rows, row);
    const key = JSON.stringify([row.server, ip, row.kind]);
    if (!found.has(key)) found.set(key, { name: name(row), ip });
    const one = found.get(key);
    (one[row.of] ??= []).push(row);
  }
  return [...found.values()];
}

/** What is remembered of a control has no IP: it stands beside what the same server said now, if that was one. */
function onlyIp(rows, row) {
  const ips = new Set(rows.filter((one) => one.server === row.server && one.kind === row.kind && one.ip).map((one) => one.ip));
  return ips.size === 1 ? [...ips][0] : "";
}

/** A server, or the carrier's own systems, and when they were asked. */
function name(row) {
  if (row.kind !== "record") return row.server;
  return say("measured_by", { title: row.server, time: time(row.at * 1000) });
}

function answer(row) {
  return make("div", { class: "answer" },
    make("code", {}, row.answer), " ", make("span", {}, row.text),
    row.alike === true || row.alike === "same" ? make("span", { class: "alike" }, say("alike")) : null);
}

function line(one) {
  return make("span", { class: `line who-${one.who === "S" ? "server" : one.who === "C" ? "client" : "event"}` },
    `${String(Math.round(one.at_ms)).padStart(6)} ms  ${one.who}  `, make("span", { class: "text" }, one.text), "\n");
}
