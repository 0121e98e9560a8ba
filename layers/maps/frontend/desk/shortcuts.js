// Single keys for what is done most; "?" lists them. None works while somebody writes.
import { byId, desk, settings } from "./page.js";
import * as state from "./state.js";

const help = byId("shortcuts");

export function begin({ choice, table, sketch }) {
  const step = (by) => {
    const at = settings.rounds.findIndex(({ code }) => code === state.get("round")) + by;
    if (settings.rounds[at]) state.set({ round: settings.rounds[at].code });
  };
  const actions = {
    "/": () => byId("search").focus(),
    "?": () => (help.open ? help.close() : help.showModal()),
    t: () => table.toggle("table"),
    m: () => table.toggle("multiples"),
    z: () => document.querySelector('.zone-key[tabindex="0"], .zone-key:not([tabindex])')?.focus(),
    ",": () => step(-1),
    ".": () => step(1),
    j: () => choice.step(1),
    k: () => choice.step(-1),
    d: () => document.querySelector("[data-measure=line]").click(),
    a: () => document.querySelector("[data-sum-area]").click(),
    s: () => document.querySelector("[data-share]").click(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || sketch.busy()) return;
    if (event.target.closest("input:not([type=checkbox], [type=radio], [type=range]), select, textarea, [contenteditable]")) return;
    if (help.open && event.key !== "?") return;
    const act = actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  for (const button of desk.querySelectorAll("[data-help]")) button.addEventListener("click", () => help.showModal());
}
