// Our own words, and how times and ages are said. What the API sends is in the page's language already.

const texts = JSON.parse(document.getElementById("texts").textContent);
export const language = document.documentElement.lang;
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export const known = (key) => key in texts;

/** One text; every {name} is filled in one pass, so that a filled-in word is never filled again. */
export function say(key, words = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(words[name] ?? ""));
}

const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(language, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** "14:32", with the day where it is another one. */
export function time(text) {
  const at = new Date(text);
  return (at.toDateString() === new Date().toDateString() ? clock : day).format(at);
}

export function age(seconds) {
  if (seconds < 5) return say("ago_now");
  if (seconds < 60) return say("ago_s", { n: Math.floor(seconds) });
  if (seconds < 3600) return say("ago_m", { n: Math.floor(seconds / 60) });
  if (seconds < 86400) return say("ago_h", { n: Math.floor(seconds / 3600) });
  return say("ago_d", { n: Math.floor(seconds / 86400) });
}
