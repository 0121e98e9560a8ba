// What says the same without the map: the table, and small maps over rounds and groups.
import { onFigures } from "./figures.js";
import { main, place } from "./maps.js";
import { byId, desk, fragment, say } from "./page.js";
import { point } from "./pointing.js";
import * as state from "./state.js";

const panel = byId("table");
const buttons = [...document.querySelectorAll("button[data-panel]")];

let asking = 0;
let showing;

export const isOpen = () => !panel.hidden;

function address() {
  const [what, over] = state.get("panel").split(":");
  if (what === "multiples") return `${desk.dataset.multiples}?${state.drawn()}&over=${over || "rounds"}`;
  return `${desk.dataset.table}&${state.question()}`;
}

// Tells whether the panel now says what was asked for.
async function show() {
  const what = state.get("panel");
  const mine = ++asking;
  for (const button of buttons) button.setAttribute("aria-expanded", String(what.split(":")[0] === button.dataset.panel));
  if (!what) {
    panel.hidden = true;
    return false;
  }
  try {
    const text = await fragment(address());
    // What was asked later stays, whichever answer comes last.
    if (mine !== asking) return false;
    panel.querySelector("[data-body]").innerHTML = text;
    panel.setAttribute("aria-label", buttons.find((button) => what.startsWith(button.dataset.panel))?.textContent.trim() ?? "");
    panel.hidden = false;
    return true;
  } catch (error) {
    say(error.message);
    return false;
  }
}

export function open(what = "table") {
  if (state.get("panel") === what) return show();
  return state.set({ panel: what });
}

const follow = () => { showing = show(); };

export function close() {
  const button = buttons.find((each) => state.get("panel").startsWith(each.dataset.panel));
  state.set({ panel: "" });
  button?.focus();
}

export async function toggle(what) {
  if (state.get("panel").split(":")[0] === what) return close();
  state.set({ panel: what });
  if (await showing) panel.focus();
}

export function begin(choose) {
  for (const button of buttons) button.addEventListener("click", () => toggle(button.dataset.panel));
  panel.querySelector("[data-close]").addEventListener("click", close);
  panel.addEventListener("click", (event) => {
    const over = event.target.closest("[data-over]");
    const link = event.target.closest("[data-zone]");
    if (!over && !link) return;
    event.preventDefault();
    if (over) state.set({ panel: `multiples:${over.dataset.over}` });
    else choose(link.dataset.zone);
  });
  panel.addEventListener("focusin", (event) => {
    const code = event.target.dataset.zone;
    if (code && main()) point(code, place(code));
  });
  state.on(["panel"], follow);
  onFigures(() => isOpen() && show());
  if (state.get("panel")) show();
}
