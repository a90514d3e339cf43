// What the agent asks the customer. Each answer is told to the API at once; the verdict that comes back is the new one.
import { $, make, show } from "./dom.js";
import { say } from "./texts.js";

/** tell(words): sends all that is ticked. */
export function questions(tell) {
  let shape = "", known = [];

  function told() {
    return known.flatMap((one) => (one.told ? [one.told] : []));
  }

  function answer(question, word) {
    question.told = question.told === word ? null : word;
    mark();
    tell(told());
  }

  function draw(asked) {
    // typing is not disturbed: the row is made anew only where other questions are asked
    const now = JSON.stringify(asked.map(({ told: _, measured: __, ...rest }) => rest));
    known = asked.map((one) => ({ ...one }));
    if (now !== shape) {
      shape = now;
      show($("questions"), asked.length > 0);
      $("question-list").replaceChildren(...asked.map((_, at) => row(at)));
    }
    mark();
  }

  function row(at) {
    const one = known[at];
    const choices = one.choices.map((choice) => choosing(at, choice));
    return make("div", { class: "question", role: "group", "aria-labelledby": `question-${one.key}`, data: { question: one.key } },
      make("span", { class: "question-text", id: `question-${one.key}` }, one.text),
      make("span", { class: "choices" }, one.wants ? typed(at) : null, choices));
  }

  function choosing(at, choice) {
    return make("button", { type: "button", class: "chip-button", "aria-pressed": "false", data: { value: choice.value },
      on: { click: (event) => press(at, choice, event.currentTarget) } }, choice.text);
  }

  function typed(at) {
    const one = known[at];
    const kind = { time: "datetime-local", number: "text", address: "text" }[one.wants] ?? "text";
    return make("input", { type: kind, class: `typed ${one.wants}`, "aria-labelledby": `question-${one.key}`, autocomplete: "off", spellcheck: "false",
      maxlength: one.wants === "number" ? 4 : 320, inputmode: one.wants === "number" ? "numeric" : null });
  }

  function press(at, choice, button) {
    const open = /[=:]$/.test(choice.value);
    const input = button.parentElement.querySelector("input");
    if (open && known[at].told?.startsWith(choice.value)) return answer(known[at], known[at].told);
    if (!open || !input) return answer(known[at], choice.value);
    const value = worded(known[at].wants, input.value.trim());
    if (!value) return input.focus();
    answer(known[at], choice.value + value);
  }

  function mark() {
    for (const group of document.querySelectorAll("#question-list .question")) {
      const { told, measured } = known.find((one) => one.key === group.dataset.question) ?? {};
      group.classList.toggle("told", Boolean(told) && !measured);
      for (const button of group.querySelectorAll("button")) {
        const { value } = button.dataset;
        const on = says(told, value);
        const looked = says(measured, value); // what was read at the carrier counts before what is told
        button.setAttribute("aria-pressed", String(on));
        button.classList.toggle("measured", looked);
        button.title = looked ? say("measured") : on ? say("told") : "";
      }
    }
  }

  return { draw };
}

/** Whether a word is this choice, with or without what is typed behind it. */
function says(word, choice) {
  return Boolean(word) && (word === choice || (/[=:]$/.test(choice) && word.startsWith(choice)) || word.startsWith(`${choice}@`));
}

/** A local time becomes the same moment in UTC; everything else stays as typed. */
function worded(wants, text) {
  if (wants !== "time" || !text) return text;
  return new Date(text).toISOString().replace(/\.\d+Z$/, "Z");
}
