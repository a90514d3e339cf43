// Known before anything is typed: confirmed trouble, and how every carrier's mail does.
import { ask } from "./api.js";
import { $, drawn, make, shape, show } from "./dom.js";
import { SERVICE } from "./spoken.js";
import { age, say, time } from "./texts.js";

const EVERY = 20; // seconds
const MOST = 3;
const WORST = ["incident", "trouble", "unknown", "maintenance"];

export function services() {
  const look = async () => {
    if (document.hidden) return;
    // a console without them is still a console
    ask("GET", "/api/v1/services").then(drawServices, () => {});
    ask("GET", "/api/v1/incidents?open=1").then((told) => drawIncidents(told.incidents), () => {});
  };
  look();
  setInterval(look, EVERY * 1000);
  document.addEventListener("visibilitychange", look);
}

const drawServices = drawn((all) => {
  const odd = all.filter((one) => one.state !== "normal"), good = all.length - odd.length;
  // two lines of them, the worst first; the others are one page away
  const first = [...odd].sort((a, b) => WORST.indexOf(a.state) - WORST.indexOf(b.state)).slice(0, MOST);
  const parts = first.map((one) => make("span", { class: "service", data: { state: one.state } }, shape(SERVICE[one.state] ?? "unknown"),
    make("strong", {}, one.title), ` ${one.text}`, when(one)));
  if (odd.length > first.length) {
    parts.push(make("a", { class: "service", href: "/carriers" }, say("others_odd", { count: odd.length - first.length })));
  }
  if (good) {
    const only = good === 1 && !odd.length ? all[0] : null;
    const newest = Math.max(...all.filter((one) => one.state === "normal").map((one) => one.age_s ?? 0));
    parts.push(make("span", { class: "service", data: { state: "normal" } }, shape("green"),
      only ? `${only.title} ${only.text}` : say(odd.length ? "others_normal" : "all_normal", { count: good }), when({ age_s: newest })));
  }
  $("services").replaceChildren(...parts);
});

function when(one) {
  return one.age_s === null || one.age_s === undefined ? null : make("span", { class: "age" }, ` ${age(one.age_s)}`);
}

const drawIncidents = drawn((all) => {
  const known = all.filter((one) => one.open);
  show($("incidents"), known.length > 0);
  $("incidents").replaceChildren(...known.map((one) =>
    make("div", { class: "incident", data: { state: one.state } }, shape(one.state === "confirmed" ? "red" : "amber"),
      make("div", {},
        make("p", { class: "incident-title" }, make("strong", {}, `${one.title} · ${one.state_text}`), ` ${say("since", { time: time(one.opened_at) })}`),
        make("p", { class: "incident-say" }, one.say),
        make("p", { class: "hint" }, [one.owner, one.expected_at ? say("expected", { time: time(one.expected_at) }) : ""].filter(Boolean).join(" · "))))));
});
