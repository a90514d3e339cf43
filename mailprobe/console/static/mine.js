// "My checks": what has changed since, what still goes on, what is done.
import { ask } from "./api.js";
import { spelled } from "./address.js";
import { $, drawn, make, shape, show } from "./dom.js";
import { attempt, counted, frame } from "./frame.js";
import { say, time } from "./texts.js";
import { oldNew } from "./spoken.js";

const EVERY = 4; // seconds
const TONE = { ok: "green", degraded: "amber", down: "red", unknown: "unknown" };
const [old, now] = [...$("old-new").content.querySelectorAll("dt")].map((one) => one.textContent);

async function look() {
  if (document.hidden) return;
  const told = await attempt(() => ask("GET", "/api/v1/checks?mine=1"));
  if (!told) return;
  counted(told.checks);
  draw(told.checks);
}

const draw = drawn((all) => {
  const kinds = { changed: [], pending: [], done: [] };
  for (const one of all) kinds[one.revised ? "changed" : one.pending ? "pending" : "done"].push(one);
  for (const [kind, rows] of Object.entries(kinds)) {
    show($(`mine-${kind}`), rows.length > 0);
    $(`mine-${kind}-list`).replaceChildren(...rows.map(row));
  }
  show($("mine-empty"), all.length === 0);
});

function row(one) {
  const tone = one.status ? TONE[one.status] ?? "unknown" : "running";
  return make("li", { class: "row-check", data: { check: one.id } },
    make("a", { href: `/checks/${encodeURIComponent(one.id)}` },
      make("span", { class: "digits" }, one.number),
      make("span", { class: "row-address" }, spelled(one.address, [])),
      make("span", { class: "row-title", data: { tone: one.status ?? "busy" } }, shape(tone), one.title),
      make("span", { class: "row-time" }, time(one.started)),
      one.pending ? make("span", { class: "tag" }, say("pending")) : null),
    one.revised ? oldNew(one.old, one.new, { old, new: now }) : null);
}

frame(0);
look();
setInterval(look, EVERY * 1000);
document.addEventListener("visibilitychange", look);
