// Pointing at a zone, by mouse or from the list of zones by keyboard: a few words beside it.
import { onFigures, view } from "./figures.js";
import { uncertainWords } from "./legend.js";
import { main, mark, otherFigures, place, whenReady, whenSecond } from "./maps.js";
import { byId, desk, element } from "./page.js";

const tip = byId("tip");
const list = document.querySelector(".zone-keys");
export const keys = () => [...list.children];
const claims = [];
let pointed = null;

// While a tool such as measuring holds the map, zones are neither pointed at nor chosen.
export const held = () => claims.some((claim) => claim());
export const claim = (busy) => claims.push(busy);

export function point(code, at, figures = view()) {
  if (pointed && pointed !== code) mark(pointed, { pointed: false });
  pointed = code;
  const row = code && figures.zones[code];
  tip.hidden = !row;
  if (!row) return;
  mark(code, { pointed: true });
  tip.replaceChildren(element("b", { text: row.name }), element("span", { text: row.says }), element("span", { text: row.range, className: "soft" }));
  if (row.asked) tip.append(element("span", { text: row.asked, className: "soft" }));
  if (row.flag === "uncertain") tip.append(element("span", { text: uncertainWords(), className: "attention" }));
  const box = desk.getBoundingClientRect();
  const x = Math.min(Math.max(at.x - tip.offsetWidth / 2, 8), box.width - tip.offsetWidth - 8);
  const above = at.y - tip.offsetHeight - 14;
  tip.style.left = `${x}px`;
  tip.style.top = `${above > 8 ? above : at.y + 18}px`;
}

export function follow(map, figures) {
  map.on("mousemove", "need", (event) => {
    if (held()) return point(null);
    map.getCanvas().style.cursor = "pointer";
    const frame = map.getContainer().getBoundingClientRect();
    const here = desk.getBoundingClientRect();
    point(event.features[0].properties.code, { x: event.point.x + frame.x - here.x, y: event.point.y + frame.y - here.y }, figures());
  });
  map.on("mouseleave", "need", () => {
    if (!held()) map.getCanvas().style.cursor = "";
    point(null);
  });
}

// The order stays as long as the places are the same.
function speak() {
  const { zones } = view();
  const codes = keys().map((key) => key.dataset.zone);
  if (codes.length !== Object.keys(zones).length || codes.some((code) => !(code in zones))) list.replaceChildren(...Object.values(zones).map(key));
  for (const each of keys()) {
    const row = zones[each.dataset.zone];
    each.querySelector("[data-says]").textContent = `${row.says}, ${row.range}`;
  }
}

function key({ code, name }, place) {
  const words = element("span", { className: "visually-hidden", text: ": " }, element("span", { "data-says": "" }));
  const made = element("button", { type: "button", className: "zone-key", text: name, "data-zone": code }, words);
  if (place) made.tabIndex = -1;
  return made;
}

export function begin(choose) {
  speak();
  onFigures(speak);
  const told = (event) => event.target.closest(".zone-key");
  list.addEventListener("focusin", (event) => main() && point(told(event).dataset.zone, place(told(event).dataset.zone)));
  list.addEventListener("focusout", () => main() && point(null));
  list.addEventListener("click", (event) => choose(told(event).dataset.zone, { more: event.shiftKey || event.ctrlKey }));
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = keys();
    const next = all[(all.indexOf(told(event)) + step + all.length) % all.length];
    told(event).tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
  const ready = (map, figures) => {
    follow(map, figures);
    map.on("click", "need", (event) => {
      if (held()) return;
      const { shiftKey, ctrlKey, metaKey } = event.originalEvent;
      choose(event.features[0].properties.code, { more: shiftKey || ctrlKey || metaKey });
    });
  };
  whenReady((map) => ready(map, view));
  whenSecond((map) => ready(map, () => otherFigures() ?? view()));
}
