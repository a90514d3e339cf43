// Known before anything is typed: confirmed trouble, and how every carrier's mail does.
import { ask } from "./api.js";
import { $, drawn, make, shape, show, spoken } from "./dom.js";
import { SERVICE } from "./spoken.js";
import { age, say, time, zone } from "./texts.js";

const EVERY = 20; // seconds
const MOST = 3;
const WORST = ["incident", "trouble", "maintenance"];

export function services() {
  const look = async () => {
    if (document.hidden) return;
    // a console without them is still a console
    ask("GET", `/api/v1/services?zone=${encodeURIComponent(zone)}`).then(drawServices, () => {});
    ask("GET", "/api/v1/incidents?open=1").then((told) => drawIncidents(told.incidents), () => {});
  };
  look();
  setInterval(look, EVERY * 1000);
  document.addEventListener("visibilitychange", look);
}

const QUIET = ["normal", "unknown"]; // of these a number is enough where there are several

let known = [];

/** One carrier's service as a whole, as it was last seen; null where nothing is known of it. */
export function serviceOf(carrier) {
  const one = known.find((each) => each.carrier === carrier);
  return one ? service(one) : null;
}

function service(one) {
  return make("span", { class: "service", data: { state: one.state } }, shape(SERVICE[one.state] ?? "unknown"),
    make("strong", {}, one.title), " ", spoken(one), when(one));
}

const drawServices = drawn((all) => {
  known = all;
  // the worst first and few of them: the others are one page away
  const odd = all.filter((one) => !QUIET.includes(one.state)).sort((a, b) => WORST.indexOf(a.state) - WORST.indexOf(b.state));
  const more = odd.length > MOST ? [make("a", { class: "service", href: "/carriers" }, say("others_odd", { count: odd.length - MOST }))] : [];
  const groups = QUIET.map((state) => [state, all.filter((one) => one.state === state)]).filter(([, some]) => some.length);
  $("services").replaceChildren(...odd.slice(0, MOST).map(service), ...more,
    ...groups.map(([state, some]) => (some.length === 1 ? service(some[0]) : group(state, some))));
});

function group(state, some) {
  const newest = Math.min(...some.map((one) => one.age_s ?? Infinity));
  return make("span", { class: "service", data: { state } }, shape(SERVICE[state]), say(`all_${state}`, { count: some.length }),
    newest < Infinity ? when({ age_s: newest }) : null);
}

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
        make("p", { class: "incident-say", lang: one.say_lang }, one.say),
        make("p", { class: "hint" }, [one.owner, one.expected_at ? say("expected", { time: time(one.expected_at) }) : ""].filter(Boolean).join(" · "))))));
});
