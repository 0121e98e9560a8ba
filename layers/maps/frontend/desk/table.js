// The table that says what the map says.
import { onFigures } from "./figures.js";
import { main, place } from "./maps.js";
import { byId, desk, fragment, say } from "./page.js";
import { point } from "./pointing.js";
import * as state from "./state.js";

const panel = byId("table");
const button = document.querySelector("button[data-table]");

export const isOpen = () => !panel.hidden;

export async function open() {
  try {
    panel.querySelector("[data-body]").innerHTML = await fragment(`${desk.dataset.table}&${state.question()}`);
  } catch (error) {
    return say(error.message);
  }
  panel.hidden = false;
  button.setAttribute("aria-expanded", "true");
}

export function close() {
  panel.hidden = true;
  button.setAttribute("aria-expanded", "false");
  button.focus();
}

export async function toggle() {
  if (isOpen()) return close();
  await open();
  panel.focus();
}

export function begin(choose) {
  button.addEventListener("click", toggle);
  panel.querySelector("[data-close]").addEventListener("click", close);
  panel.addEventListener("click", (event) => {
    const link = event.target.closest("[data-zone]");
    if (!link) return;
    event.preventDefault();
    choose(link.dataset.zone);
  });
  panel.addEventListener("focusin", (event) => {
    const code = event.target.dataset.zone;
    if (code && main()) point(code, place(code));
  });
  onFigures(() => isOpen() && open());
}
