// The map of one layer, and on the page of its style what the form would make of it.
import { styledLayers } from "../../maps/frontend/layer-style.js";
import { colour, configuration, plainLayers, townMap } from "../../maps/frontend/town-map.js";

const shown = configuration("own-layer");
const box = document.getElementById("own-map");
const note = document.getElementById("own-map-note");
const form = document.getElementById("own-style");
const legend = document.getElementById("own-legend");
const config = configuration();
const drawn = () => styledLayers(shown, colour("map-halo"));
let map;

// Under the names of quarters, so that these stay readable.
function laid(all) {
  const plain = plainLayers(all);
  const names = plain.findIndex(({ id }) => id === "labels");
  return plain.toSpliced(names < 0 ? plain.length : names, 0, ...drawn());
}

try {
  map = await townMap(box, config, { layers: laid });
} catch {
  box.hidden = true;
  note.textContent = config.words.no_webgl;
}

function paint() {
  for (const { id, paint: properties } of drawn()) {
    for (const [name, value] of Object.entries(properties)) map?.setPaintProperty(id, name, value);
  }
}

// Only what belongs to the chosen way of colouring can be filled in.
const BELONGS = { values_of: ["values"], numbers_of: ["numbers"], palette: ["numbers"], classes: ["numbers"], method: ["numbers"], ink: ["one", "values"] };

function offer() {
  const how = new FormData(form).get("how");
  for (const [name, ways] of Object.entries(BELONGS)) {
    const input = form.elements[name];
    if (input) input.closest(".field").hidden = !ways.includes(how);
  }
}

const byHand = document.getElementById("own-by-hand");
const list = document.getElementById("own-colours");

// The words and the colours suggested for them; the focus stays where it was.
function offerColours(told) {
  const focused = [...list.querySelectorAll("[name=colour]")].indexOf(document.activeElement);
  list.innerHTML = told;
  byHand.hidden = !list.children.length;
  list.querySelectorAll("[name=colour]")[focused]?.focus();
}

let asked = 0;

async function preview() {
  const turn = ++asked;
  const said = new FormData(form);
  said.delete("csrfmiddlewaretoken");
  const answer = await fetch(`${form.dataset.preview}?${new URLSearchParams(said)}`);
  const told = await answer.json();
  if (turn !== asked) return;
  note.textContent = told.error ?? "";
  if (told.error) return;
  shown.style = told.style;
  legend.innerHTML = told.legend;
  offerColours(told.colours);
  paint();
}

if (form) {
  offer();
  form.addEventListener("change", () => {
    offer();
    preview().catch(() => undefined);
  });
}
