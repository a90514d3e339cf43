// "Customer says ...": a card's words are shown once its use is on record.
import { ask } from "./api.js";
import { $, make, show, write } from "./dom.js";
import { attempt } from "./frame.js";

/** check(): id of the open check or ""; carrier(): its carrier or ""; evidence(): copies the ticket. */
export async function cards({ check, carrier, evidence }) {
  const all = await attempt(() => ask("GET", "/api/v1/cards"));
  if (!all?.length) return;
  $("card-list").replaceChildren(...all.map((one) =>
    make("button", { type: "button", class: "card-button", data: { card: one.key }, on: { click: () => take(one.key) } }, one.title)));
  show($("cards"), true);
  $("card-copy").addEventListener("click", evidence);

  async function take(key) {
    const one = await attempt(() => ask("POST", `/api/v1/cards/${encodeURIComponent(key)}/use`, { check: check(), carrier: carrier() }));
    if (!one) return;
    write($("card-title"), one.title);
    write($("card-say"), one.say);
    write($("card-never"), one.never);
    write($("card-handover"), one.handover);
    show($("card-copy"), Boolean(check()));
    $("card").showModal();
  }
}
