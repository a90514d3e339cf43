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
  $("ticket").replaceChildren(...told.html_rows.map(part));
  const saved = new Blob([JSON.stringify(told.json, null, 2)], { type: "application/json" });
  $("ticket-json").href = URL.createObjectURL(saved);
  $("ticket-json").download = `check-${told.json.number ?? id}.json`;
  const give = () => copy(told.text);
  $("ticket-copy").addEventListener("click", give);
  onKey("c", give);
}

function part(row) {
  return make("section", {}, make("h2", {}, row.title ?? row.label ?? ""), make("p", {}, row.text ?? row.value ?? ""));
}

$("ticket-back").href = `/checks/${encodeURIComponent(id)}`;
$("ticket-print").addEventListener("click", () => print());
onKey("n", () => { location.href = "/"; });
frame(0);
load();
