// The row from the sender to the mailbox to the handset. Word, shape and colour each tell the state alone.
import { $, drawn, make, shape, write } from "./dom.js";
import { age, say, time } from "./texts.js";

const IDS = ["domain", "mx", "delivery", "sign_in", "mailbox", "submission", "handset"];
const since = new Map(); // station -> when this page first saw it asked, in ms of its own clock

/** Before the first answer: every station waits. */
export function ahead() {
  return IDS.map((id) => ({ id, title: say(`station.${id}`), state: "waiting", word: say("waiting"), text: "", proof: [] }));
}

export const drawStations = drawn((stations) => {
  for (const one of stations) {
    if (one.state !== "running") since.delete(one.id);
    else if (!since.has(one.id)) since.set(one.id, performance.now());
  }
  $("stations").replaceChildren(...stations.map((one, at) => station(one, stations[at - 1])));
});

/** Whether it is for the same reason as the one before: then it is said once. */
function repeats(one, before) {
  return Boolean(before && one.text && one.state === before.state && one.text === before.text);
}

function station(one, before) {
  return make("li", { class: "station", data: { state: one.state, station: one.id } },
    make("span", { class: "station-shape" }, shape(one.state)),
    make("span", { class: "station-title" }, one.title),
    make("span", { class: "station-word" }, one.word),
    ...(repeats(one, before) && ["not_possible", "our_fault"].includes(one.state) ? [say("same")] : more(one)).map((text) => make("span", { class: "station-text" }, text)),
    one.state === "running" ? make("span", { class: "station-text ticking", "aria-hidden": "true", data: { most: one.seconds ?? "" } }, elapsed(one.id, one.seconds)) : null);
}

/** What a state needs to be understood; a good one needs nothing. */
function more(one) {
  const parts = [];
  if (one.text && one.state !== "green" && one.state !== "running") parts.push(one.text);
  if (one.state === "held" && one.last) parts.push(say("last", { text: one.last.text, age: age(one.last.age_s) }));
  if (one.state === "held" && one.until) parts.push(say("until", { time: time(one.until) }));
  if (one.state === "not_possible" && one.enable) parts.push(say("enable", { who: one.enable }));
  return parts;
}

function elapsed(id, most) {
  const seconds = Math.floor((performance.now() - (since.get(id) ?? performance.now())) / 1000);
  return most ? say("elapsed", { seconds, most: Math.ceil(most) }) : "";
}

setInterval(() => {
  for (const one of document.querySelectorAll(".ticking")) {
    const { station } = one.closest("[data-station]").dataset;
    write(one, elapsed(station, Number(one.dataset.most)));
  }
}, 1000);
