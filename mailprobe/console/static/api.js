// The API, and what it refuses. An address travels in bodies only.
import { known, language, say } from "./texts.js";

/** A refusal, in words for the agent. */
export class Refused extends Error {
  constructor(status, problem) {
    super(words(status, problem));
    const ours = known(`problem.${problem?.code}`);
    this.status = status;
    this.hint = ours ? "" : problem?.hint ?? ""; // our own words say what helps
    this.code = problem?.code ?? "";
  }
}

function words(status, problem) {
  if (status === 401) return say("signed_out");
  if (known(`problem.${problem?.code}`)) return say(`problem.${problem.code}`);
  if (problem?.code && (problem.detail || problem.title)) return problem.detail || problem.title;
  if (status === 403) return say("not_yours");
  if (status === 404) return say("gone");
  return status >= 400 && status < 500 ? say("refused") : say("failed");
}

/** JSON in, JSON out. Raises Refused; an AbortError stays one. */
export async function ask(method, path, body, signal) {
  const url = new URL(path, location.origin);
  url.searchParams.set("lang", language);
  let answer;
  try {
    answer = await fetch(url, {
      method, signal, credentials: "same-origin", redirect: "error",
      headers: { accept: "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, null);
  }
  const told = await answer.json().catch((error) => {
    if (error.name === "AbortError") throw error; // called off while the answer was on its way: that is no answer
    return null;
  });
  if (!answer.ok) throw new Refused(answer.status, told);
  return told;
}

/**
 * Every change of one check: `shown(view)` with the whole of it. While nobody looks at the page nothing is held open, as a
 * browser allows few connections to one server. Returns what ends it.
 */
export function follow(id, shown, lost) {
  let source = null, over = false;
  const close = () => { source?.close(); source = null; };
  const open = () => {
    if (source || over || document.hidden) return;
    source = new EventSource(`/api/v1/checks/${encodeURIComponent(id)}/events?lang=${language}`);
    source.addEventListener("view", (event) => shown(JSON.parse(event.data)));
    source.addEventListener("end", () => { over = true; close(); });
    source.addEventListener("error", () => {
      if (source?.readyState !== EventSource.CLOSED) return lost(null);
      close();
      ask("GET", `/api/v1/checks/${encodeURIComponent(id)}`).then(shown, lost);
    });
  };
  const turn = () => (document.hidden ? close() : open());
  document.addEventListener("visibilitychange", turn);
  open();
  return {
    end: () => { over = true; close(); document.removeEventListener("visibilitychange", turn); },
    // something was asked for that the ended stream would not tell of
    again: () => { if (over) { over = false; open(); } },
  };
}
