// The chosen zone and its panel.
import { onFigures, view } from "./figures.js";
import { goToBox, keepInSight, mark, whenReady } from "./maps.js";
import { keep, shown } from "./overlays.js";
import { byId, desk, fragment, say } from "./page.js";
import { toggle } from "./picked.js";
import { keys } from "./pointing.js";
import * as state from "./state.js";

const panel = byId("zone");

// What is asked later stays, whichever answer comes last.
let asking = 0;

export const isOpen = () => !panel.hidden;

export async function choose(found, { quiet = false, more = false } = {}) {
  const { shapes } = view();
  if (more && !shapes) return toggle(found);
  // A zone stands for the larger area that it is in.
  const code = shapes?.within[found] ?? found;
  if (marked && marked !== code) mark(marked, { chosen: false });
  marked = code;
  state.set({ zone: code });
  mark(code, { chosen: true });
  const mine = ++asking;
  let text;
  try {
    text = await fragment(`${desk.dataset.zone.replace("CODE", encodeURIComponent(code))}?${subject()}`);
  } catch (error) {
    return say(error.message);
  }
  if (mine !== asking || state.get("zone") !== code) return;
  panel.querySelector("[data-body]").innerHTML = text;
  panel.hidden = false;
  desk.classList.add("with-zone");
  keepInSight(code);
  if (!quiet) panel.focus({ preventScroll: true });
}

function subject() {
  const asked = state.question();
  return new URLSearchParams(["indicator", "round", "breakdown", "level"].filter((name) => asked.has(name)).map((name) => [name, asked.get(name)]));
}

// Below a zone: its blocks, drawn on the map as the panel opens them.
async function open(link) {
  const mine = ++asking;
  let text;
  try {
    text = await fragment(link.href);
  } catch (error) {
    return say(error.message);
  }
  if (mine !== asking || !isOpen()) return;
  panel.querySelector("[data-body]").innerHTML = text;
  const on = shown();
  if (!on.some(({ name }) => name === "blocks")) keep([{ name: "blocks", opacity: 100 }, ...on]);
  goToBox(link.dataset.box.split(",").map(Number));
  panel.focus({ preventScroll: true });
}

export function close() {
  const code = state.get("zone");
  state.set({ zone: "" });
  keepInSight(null);
  keys().find((key) => key.dataset.zone === code)?.focus();
}

let marked = "";

function shut() {
  if (marked) mark(marked, { chosen: false });
  panel.hidden = true;
  desk.classList.remove("with-zone");
}

export function begin() {
  panel.querySelector("[data-close]").addEventListener("click", close);
  panel.addEventListener("click", (event) => {
    const link = event.target.closest("[data-block], [data-zone-of]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (link.dataset.block) open(link);
    else choose(link.dataset.zoneOf);
  });
  onFigures(() => {
    const code = state.get("zone");
    if (!code) return;
    // The same place may be another area, or none, for other figures.
    const found = view().shapes?.within[code.split("+")[0]] ?? code;
    if (found in view().zones) choose(found, { quiet: true });
    else close();
  });
  state.on(["zone"], () => state.get("zone") || isOpen() && shut());
  const asked = state.get("zone");
  if (asked) {
    choose(asked, { quiet: true });
    whenReady(() => {
      mark(asked, { chosen: true });
      if (isOpen()) keepInSight(asked);
    });
  }
}
