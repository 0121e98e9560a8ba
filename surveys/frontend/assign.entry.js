// Who goes where: parcels of the sample are touched or drawn around, then given to a
// surveyor by the form beside the map. Colour tells the surveyor, a dark core a visit.
import L from "leaflet";

import { ground, positions } from "./collect/map.js";

// Told apart by people who see colours differently too (Okabe and Ito, 2008).
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442"];
const NOBODY = "#b9b4a8";
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const box = document.querySelector("[data-assign-map]");
if (box) start(box);

function start(element) {
  const { targets, zones, people, words } = JSON.parse(document.getElementById("assign-data").textContent);
  const colours = new Map(people.map((each, index) => [each.id, COLOURS[index % COLOURS.length]]));
  const names = new Map(people.map((each) => [each.id, each.name]));
  const map = ground(element, null, words);
  for (const { corners } of zones) {
    L.polygon(positions(corners), { color: css("line-strong"), weight: 1.5, dashArray: "4 4", fill: false, interactive: false }).addTo(map);
  }
  const chosen = new Set();
  const shapes = new Map();
  const everything = L.featureGroup();
  // A parcel is a few pixels wide when the town is seen whole: a disc stands for it, and
  // its outline beneath. The dark core tells that somebody was there.
  const colour = (target) => colours.get(target.surveyor) ?? NOBODY;
  const disc = (target) => ({
    radius: map.getZoom() < 16 ? 5 : 8, fillColor: colour(target), fillOpacity: 1,
    color: chosen.has(target.id) ? css("ink") : css("surface"), weight: chosen.has(target.id) ? 3 : 1,
  });
  for (const target of targets) {
    const outline = L.polygon(positions(target.corners), { color: colour(target), weight: 1, fillColor: colour(target), fillOpacity: 0.35, interactive: false }).addTo(map);
    const shape = L.circleMarker(outline.getBounds().getCenter(), disc(target));
    const who = names.get(target.surveyor) ?? words.nobody;
    shape.bindTooltip(document.createTextNode([target.code, who, target.visited && words.visited].filter(Boolean).join(" · ")), { direction: "top" });
    shape.on("click", (event) => { if (!drawing) { L.DomEvent.stop(event); toggle(target); } });
    shapes.set(target.id, shape);
    everything.addLayer(shape);
  }
  map.fitBounds(everything.getBounds().pad(0.03), { animate: false });
  everything.addTo(map);
  const cores = targets.filter((target) => target.visited).map((target) =>
    L.circleMarker(shapes.get(target.id).getLatLng(), { weight: 0, fillColor: css("ink"), fillOpacity: 1, interactive: false }).addTo(map));
  const size = () => {
    for (const target of targets) shapes.get(target.id).setStyle(disc(target)).setRadius(disc(target).radius);
    for (const core of cores) core.setRadius(map.getZoom() < 16 ? 2 : 3).bringToFront();
  };
  map.on("zoomend", size);
  size();

  const form = document.querySelector("form:has([data-give])");
  const say = form.querySelector("[data-count]");
  const give = form.querySelector("[data-give]");
  function show(changed) {
    for (const target of changed) shapes.get(target.id).setStyle(disc(target));
    form.elements.targets.value = [...chosen].join(",");
    give.disabled = chosen.size === 0;
    say.textContent = words.chosen.replace("%(count)s", chosen.size);
  }
  function toggle(target) {
    if (!chosen.delete(target.id)) chosen.add(target.id);
    show([target]);
  }

  // -- drawing around ------------------------------------------------------------------
  const draw = form.querySelector("[data-draw]");
  let drawing = null;
  draw.addEventListener("click", () => {
    if (!drawing) {
      drawing = L.polygon([], { color: css("ink"), weight: 3, dashArray: "6 6", fillOpacity: 0.08, interactive: false }).addTo(map);
      draw.textContent = words.stop;
    } else {
      const ring = drawing.getLatLngs()[0];
      const inside = targets.filter((target) => within(shapes.get(target.id).getLatLng(), ring));
      for (const target of inside) chosen.add(target.id);
      drawing.remove();
      drawing = null;
      draw.textContent = words.draw;
      show(inside);
    }
    draw.setAttribute("aria-pressed", String(Boolean(drawing)));
  });
  map.on("click", ({ latlng }) => drawing?.addLatLng(latlng));

  form.querySelector("[data-all]").addEventListener("click", () => {
    for (const target of targets) chosen.add(target.id);
    show(targets);
  });
  form.querySelector("[data-none]").addEventListener("click", () => {
    chosen.clear();
    show(targets);
  });

  legend(document.querySelector("[data-legend]"));
  show([]);

  function legend(list) {
    const rows = [...people, { id: null, name: words.nobody }];
    for (const { id, name } of rows) {
      const own = targets.filter((target) => target.surveyor === id);
      const row = document.createElement("li");
      const sign = document.createElement("span");
      sign.style.background = colours.get(id) ?? NOBODY;
      const label = document.createElement("span");
      label.textContent = name;
      const count = document.createElement("bdi");
      count.textContent = `${own.filter((target) => target.visited).length} / ${own.length}`;
      row.append(sign, label, count);
      list.append(row);
    }
  }
}

// Whether a point lies in a ring: a ray to the east crosses its edges an odd number of times.
function within({ lat, lng }, ring) {
  let inside = false;
  ring.forEach((a, index) => {
    const b = ring.at(index - 1);
    const crosses = a.lat > lat !== b.lat > lat;
    if (crosses && lng < ((b.lng - a.lng) * (lat - a.lat)) / (b.lat - a.lat) + a.lng) inside = !inside;
  });
  return inside;
}
