// Finding a place by what is written: a list that follows the keys (ARIA combobox).
import { goTo, goToBox, main } from "./maps.js";
import { byId, desk, element, fetched, settings, words } from "./page.js";
import { Marker } from "maplibre-gl";

const field = byId("search");
const box = byId("found");
const ZONE_KIND = { zones: "quarter", sections: "section", blocks: "block" };
let rows = [];
// What was sought when the rows were found.
let sought = "";
let at = -1;
let waiting;
let asking = 0;
let pin;

function show(found) {
  rows = found;
  at = -1;
  const items = found.map((row, place) => element("li", { role: "option", id: `found-${place}`, "aria-selected": "false" },
    element("span", { text: row.title }), element("span", { className: "soft small", text: row.note })));
  if (!items.length) items.push(element("li", { className: "soft", text: words.nothing }));
  box.replaceChildren(...items);
  open(true);
}

function open(yes) {
  box.hidden = !yes;
  field.setAttribute("aria-expanded", String(yes));
  if (!yes) field.removeAttribute("aria-activedescendant");
}

function light(place) {
  at = (place + rows.length) % rows.length;
  for (const [number, item] of [...box.children].entries()) item.setAttribute("aria-selected", String(number === at));
  field.setAttribute("aria-activedescendant", `found-${at}`);
  box.children[at].scrollIntoView({ block: "nearest" });
}

async function ask() {
  const text = field.value.trim();
  if (!text) return open(false);
  const mine = ++asking;
  try {
    const answer = await (await fetched(`${desk.dataset.search}?q=${encodeURIComponent(text)}`)).json();
    if (mine !== asking) return;
    sought = text;
    show(answer.found);
  } catch (error) {
    if (mine !== asking) return;
    rows = [];
    box.replaceChildren(element("li", { text: error.message }));
    open(true);
  }
}

export function begin(choose) {
  function take(row) {
    // No answer that is still coming opens the list again.
    clearTimeout(waiting);
    asking += 1;
    open(false);
    field.value = row.title;
    pin?.remove();
    if (row.box) goToBox(row.box);
    if (row.at) goTo(row.at);
    if (row.at && main()) pin = new Marker({ color: "#b4532a" }).setLngLat(row.at).addTo(main());
    if (row.kind === "zone" && row.zone_kind === ZONE_KIND[settings.zones]) choose(row.code);
  }
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 180);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !box.hidden) {
      event.stopPropagation();
      return open(false);
    }
    if (event.key === "Enter") {
      event.preventDefault();
      const row = rows[Math.max(at, 0)];
      if (row && !box.hidden && (at >= 0 || sought === field.value.trim())) take(row);
      else ask();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && rows.length && !box.hidden) {
      event.preventDefault();
      light(at < 0 && step < 0 ? rows.length - 1 : at + step);
    }
  });
  field.addEventListener("blur", () => setTimeout(() => open(false), 150));
  box.addEventListener("mousedown", (event) => {
    const item = event.target.closest("[role=option]");
    if (item) take(rows[[...box.children].indexOf(item)]);
  });
}
