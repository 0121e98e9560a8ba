// Several zones beside each other: chart, table, and one figure for them together.
import { onFigures, view } from "./figures.js";
import { keepInSight, mark, whenReady } from "./maps.js";
import { byId, desk, element, fetched, say, svg, words } from "./page.js";
import { clear, sketch } from "./sketch.js";
import * as state from "./state.js";

const panel = byId("picked");
const body = panel.querySelector("[data-body]");
let asking = 0;

export const isOpen = () => !panel.hidden;

export function toggle(code) {
  const codes = state.list("selected");
  const next = codes.includes(code) ? codes.filter((each) => each !== code) : [...codes, code];
  state.set({ selected: next.join(",") });
}

export function close() {
  clear();
  state.set({ selected: "" });
}

function bar(row) {
  if (row.value === null) return element("span", { className: "soft small", text: row.range });
  const low = row.low ?? row.value;
  return svg("svg", { class: "strip", viewBox: "0 0 100 12", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: "strip-ground", x: 0, y: 3, width: 100, height: 6, rx: 1 }),
    svg("rect", { class: `strip-range${row.flag === "uncertain" ? " strip-uncertain" : ""}`, x: low, y: 2, width: Math.max((row.high ?? row.value) - low, 1), height: 8 }),
    svg("rect", { class: "strip-value", x: Math.min(Math.max(row.value - 0.7, 0), 98.6), y: 0, width: 1.4, height: 12 }));
}

function line(code) {
  const row = view().zones[code];
  if (!row) return null;
  const away = element("button", { type: "button", className: "icon-button", text: "×", "aria-label": `${words.remove}: ${row.name}` });
  away.addEventListener("click", () => toggle(code));
  const plain = row.value !== null && !state.get("mode");
  return element("tr", {},
    element("th", { scope: "row", text: row.name }),
    element("td", { className: "picked-bar" }, plain ? bar(row) : null),
    element("td", { className: "number" }, element("bdi", { text: row.value === null ? "–" : plain ? row.value : row.says })),
    element("td", {}, element("bdi", { text: row.value === null ? row.range : plain ? `${row.low}–${row.high}` : row.range })),
    element("td", {}, away));
}

function table(codes) {
  return element("table", { className: "table picked-table" },
    element("caption", { className: "visually-hidden", text: `${view().title}, ${view().legend.round}` }),
    element("thead", {}, element("tr", {},
      element("th", { scope: "col", text: words.zone }), element("td", { className: "picked-bar" }),
      element("th", { scope: "col", text: view().legend.heading }), element("th", { scope: "col", text: words.range }), element("td", {}))),
    element("tbody", {}, ...codes.map(line).filter(Boolean)));
}

async function together(codes) {
  const out = element("p", { className: "picked-sum", role: "status" });
  if (state.get("mode")) return out;
  const query = state.question({ zones: codes.join(",") });
  try {
    const said = await (await fetched(`${desk.dataset.area}?${query}`)).json();
    out.append(element("b", { text: `${words.together}: ${said.says}` }), `${words.comma}${said.range}. `,
      element("span", { className: "soft small", text: `${said.asked}. ${said.left.length ? `${words.left}: ${said.left.join(words.comma)}.` : ""}` }));
    if (said.caution) out.append(element("span", { className: "small picked-caution", text: said.caution }));
  } catch (error) {
    out.append(element("span", { className: "soft small", text: error.message }));
  }
  return out;
}

let marked = [];
async function show() {
  const codes = state.list("selected").filter((code) => code in view().zones);
  for (const code of marked) if (!codes.includes(code)) mark(code, { picked: false });
  for (const code of codes) mark(code, { picked: true });
  marked = codes;
  const before = panel.hidden;
  panel.hidden = !codes.length;
  desk.classList.toggle("with-picked", Boolean(codes.length));
  if (before !== panel.hidden) keepInSight(null);
  if (!codes.length) return;
  state.set({ zone: "" });
  body.replaceChildren(table(codes));
  const mine = ++asking;
  const sum = await together(codes);
  if (mine === asking && codes.join() === state.list("selected").join()) body.prepend(sum);
}

async function within(corners) {
  if (corners.length < 3) return say(words.sketch_area, 4);
  const drawn = JSON.stringify(corners.map(([x, y]) => [Number(x.toFixed(5)), Number(y.toFixed(5))]));
  try {
    const said = await (await fetched(`${desk.dataset.area}?${state.question({ area: drawn })}`)).json();
    clear();
    // A sum is of zones.
    state.set({ level: "", selected: said.codes.join(",") });
  } catch (error) {
    clear();
    say(error.message, 8);
  }
}

export function begin() {
  panel.querySelector("[data-close]").addEventListener("click", close);
  document.querySelector("[data-sum-area]").addEventListener("click", (event) => {
    event.target.closest("details").open = false;
    sketch("area", { onEnd: within });
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-pick]");
    if (button) toggle(button.dataset.pick);
  });
  state.on(["selected"], show);
  onFigures(show);
  whenReady(show);
}
