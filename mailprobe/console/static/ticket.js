// A ticket, to be read, copied, printed or saved.
import { ask } from "./api.js";
import { $, make, write } from "./dom.js";
import { attempt, copy, frame, onKey } from "./frame.js";
import { say, zone } from "./texts.js";

const id = decodeURIComponent(location.pathname.split("/")[2]);

async function load() {
  const told = await attempt(() => ask("GET", `/api/v1/checks/${encodeURIComponent(id)}/ticket?zone=${encodeURIComponent(zone)}`));
  if (!told) return;
  write($("zone"), say("zone", { zone }));
  $("ticket").replaceChildren(...parts(told.html_rows));
  const saved = new Blob([JSON.stringify(told.json, null, 2)], { type: "application/json" });
  $("ticket-json").href = URL.createObjectURL(saved);
  $("ticket-json").download = `check-${told.json.number ?? id}.json`;
  const give = () => copy(told.text);
  $("ticket-copy").addEventListener("click", give);
  onKey("c", give);
}

/** Rows of the API: field | heading | list | code. Those that follow a heading belong to it. */
function parts(rows) {
  const found = [section("")];
  for (const { kind, label, value } of rows) {
    if (kind === "heading") { found.push(section(label)); continue; }
    const under = found[found.length - 1];
    if (kind === "list") within(under, "ol").append(make("li", {}, value));
    else if (kind === "code") within(under, "pre").append(make("span", { class: "line" }, label ? make("b", {}, `${label}  `) : null, make("span", {}, value), "\n"));
    else within(under, "dl").append(make("div", {}, make("dt", {}, label), make("dd", {}, value)));
  }
  return found.filter((one) => one.children.length);
}

function section(title) { return make("section", {}, title ? make("h2", {}, title) : null); }

/** The list at the end of a section, or a new one of this kind. */
function within(under, tag) {
  const last = under.lastElementChild;
  if (last?.localName === tag) return last;
  under.append(make(tag));
  return under.lastElementChild;
}

$("ticket-back").href = `/checks/${encodeURIComponent(id)}`;
$("ticket-print").addEventListener("click", () => print());
onKey("n", () => { location.href = "/"; });
frame(0);
load();
