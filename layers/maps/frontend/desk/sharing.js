// Taking the view away: its address, a picture, a sheet of paper.
import { onFigures } from "./figures.js";
import { main } from "./maps.js";
import { byId, say, words } from "./page.js";
import { picture } from "./picture.js";
import * as state from "./state.js";

function follow() {
  for (const link of document.querySelectorAll("[data-follow]")) link.search = state.question();
}

async function savePicture() {
  const blob = await picture();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${[state.get("mode") === "mean" ? "mean" : "indicator", "round", "breakdown"].map(state.get).join("-").replaceAll(":", "-")}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

export function begin() {
  document.querySelector("[data-share]").addEventListener("click", async () => {
    state.write();
    await navigator.clipboard.writeText(location.href).catch(() => undefined);
    say(words.copied, 2.5);
  });
  // The address as it is when the link is followed.
  const save = document.querySelector("[data-save]");
  const aim = () => {
    // With indicator and round, so that a later round does not change what is kept.
    state.write();
    save.search = new URLSearchParams({ state: location.search.slice(1) });
  };
  save.addEventListener("pointerdown", aim);
  save.addEventListener("focus", aim);
  save.addEventListener("click", aim);
  document.querySelector("[data-png]").addEventListener("click", () => main() && savePicture());
  const form = byId("print");
  form.addEventListener("submit", () => {
    const asked = state.drawn();
    // The sheet has the layers in the order, opacity and filters of the desk.
    if (state.get("at")) asked.set("at", state.get("at"));
    for (const name of ["layers", "filter"]) if (state.get(name) !== null) asked.set(name, state.get(name));
    for (const field of form.querySelectorAll("[data-filled]")) field.remove();
    for (const [name, value] of asked) {
      const field = Object.assign(document.createElement("input"), { type: "hidden", name, value });
      field.dataset.filled = "";
      form.append(field);
    }
  });
  onFigures(follow);
  state.on(["palette"], follow);
  follow();
}
