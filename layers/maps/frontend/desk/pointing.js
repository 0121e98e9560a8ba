// Pointing at a zone, by mouse or from the list of zones by keyboard: a few words beside it.
import { onFigures, view } from "./figures.js";
import { uncertainWords } from "./legend.js";
import { main, mark, otherFigures, place, whenReady, whenSecond } from "./maps.js";
import { byId, desk, element } from "./page.js";

const tip = byId("tip");
export const keys = [...document.querySelectorAll(".zone-key")];
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

function speak() {
  for (const key of keys) {
    const row = view().zones[key.dataset.zone];
    if (row) key.querySelector("[data-says]").textContent = `${row.says}, ${row.range}`;
  }
}

export function begin(choose) {
  speak();
  onFigures(speak);
  for (const key of keys) {
    key.addEventListener("focus", () => main() && point(key.dataset.zone, place(key.dataset.zone)));
    key.addEventListener("blur", () => main() && point(null));
    key.addEventListener("click", (event) => choose(key.dataset.zone, { more: event.shiftKey || event.ctrlKey }));
    key.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = keys[(keys.indexOf(key) + step + keys.length) % keys.length];
      key.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  }
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
