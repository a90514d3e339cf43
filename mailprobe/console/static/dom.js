// Elements are made here. Texts become text nodes, never markup: whatever a server said is shown, not read.
import { language, time } from "./texts.js";

export const $ = (id) => document.getElementById(id);

/** An element. props: `class`, `data`, `on`, else attributes; null and false leave one out. Children: nodes or texts. */
export function make(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.className = value;
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}

/** A sentence; what in it is of another language than the page says so (WCAG 2.2, 3.1.2), and times are of this browser's zone. */
export function spoken({ text, passages }) {
  const said = (one) => (one.lang === language ? one.text : make("span", { lang: one.lang }, one.text));
  return passages?.map((one) => (one.at ? make("time", { datetime: one.at }, time(one.at)) : said(one))) ?? text;
}

export function show(element, shown) { element.hidden = !shown; }

/** Writes a text only where it has changed, so that nothing is read out twice. */
export function write(element, text) {
  const wanted = text ?? "";
  if (element.textContent !== wanted) element.textContent = wanted;
}

/** Calls `draw(value)` only when the value is another one than last time. */
export function drawn(draw) {
  let before;
  return (value, ...more) => {
    const now = JSON.stringify([value, more]);
    if (now === before) return;
    before = now;
    draw(value, ...more);
  };
}

const SVG = "http://www.w3.org/2000/svg";
// One shape per state, to be told apart without colour: ring, turning ring, struck ring, pause, square, disc, triangle, octagon, dot.
const SHAPES = {
  waiting: [["circle", { cx: 12, cy: 12, r: 9, class: "line dots" }]],
  running: [["circle", { cx: 12, cy: 12, r: 9, class: "line faint" }], ["path", { d: "M12 3a9 9 0 0 1 9 9", class: "line turning" }]],
  not_possible: [["circle", { cx: 12, cy: 12, r: 9, class: "line" }], ["path", { d: "M6 18 18 6", class: "line" }]],
  held: [["circle", { cx: 12, cy: 12, r: 9, class: "line" }], ["path", { d: "M9.5 8.5v7M14.5 8.5v7", class: "line" }]],
  our_fault: [["rect", { x: 3.5, y: 3.5, width: 17, height: 17, rx: 2, class: "solid" }], ["path", { d: "M8 12h8", class: "cut" }]],
  green: [["circle", { cx: 12, cy: 12, r: 10, class: "solid" }], ["path", { d: "m7.5 12.3 3.2 3.2 6-6.6", class: "cut" }]],
  amber: [["path", { d: "M12 2.5 22.5 21h-21z", class: "solid round" }], ["path", { d: "M12 9.5v5M12 17.6v.2", class: "cut" }]],
  red: [["path", { d: "M8 2h8l6 6v8l-6 6H8l-6-6V8z", class: "solid" }], ["path", { d: "m8.5 8.5 7 7m0-7-7 7", class: "cut" }]],
  auto: [["circle", { cx: 12, cy: 12, r: 9, class: "line" }], ["path", { d: "M12 3a9 9 0 0 1 0 18z", class: "solid" }]],
  light: [["circle", { cx: 12, cy: 12, r: 4.5, class: "solid" }], ["path", { d: "M12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.4 1.4m11.2 11.2L19 19M5 19l1.4-1.4M17.6 6.4 19 5", class: "line" }]],
  dark: [["path", { d: "M20 14.5A8.5 8.5 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500z", class: "solid" }]],
  off: [["circle", { cx: 12, cy: 12, r: 3, class: "solid" }]],
  unknown: [["circle", { cx: 12, cy: 12, r: 10, class: "line" }], ["path", { d: "M9.3 9.4a2.8 2.8 0 1 1 4 2.6c-.9.5-1.3 1-1.3 2M12 17v.2", class: "line" }]],
};

/** The shape of one state. It is decoration: the word stands beside it. */
export function shape(state) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "shape");
  svg.setAttribute("aria-hidden", "true");
  for (const [tag, attributes] of SHAPES[state] ?? SHAPES.unknown) {
    const part = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
    svg.append(part);
  }
  return svg;
}
