// The planner's page: one view of figures on the map, kept in the address.
import { choroplethLayers } from "./choropleth.js";
import { hatch, setImage } from "./icons.js";
import { colour, configuration, townMap } from "./town-map.js";

const desk = document.getElementById("desk");
const choice = document.getElementById("choice");
const legend = document.getElementById("legend");
const panel = document.getElementById("zone");
const table = document.getElementById("table");
const tip = document.getElementById("tip");
const wait = document.getElementById("wait");
const keys = [...document.querySelectorAll(".zone-key")];
const words = configuration("words");
const config = configuration();
const zones = words.zones;
const narrow = matchMedia("(max-width: 62rem)");
const address = new URLSearchParams(location.search);

let view = configuration("values");
let map;
let chosen = null;
let pointed = null;

/* ---- the address ---- */
function query() {
  return new URLSearchParams({ indicator: view.indicator, round: view.round, breakdown: view.breakdown });
}

function layersOn() {
  return [...choice.querySelectorAll("[data-layer]:checked")].map((box) => box.dataset.layer);
}

function remember() {
  const now = query();
  now.set("layers", layersOn().join(","));
  if (chosen) now.set("zone", chosen);
  if (map?.moved) {
    const { lat, lng } = map.getCenter();
    now.set("at", [map.getZoom().toFixed(2), lat.toFixed(5), lng.toFixed(5)].join("/"));
  }
  history.replaceState(null, "", `?${now.toString().replaceAll("%2C", ",").replaceAll("%2F", "/")}`);
}

/* ---- figures on the map ---- */
function setState(code, values) {
  for (const source of [zones, `${zones}_labels`]) {
    map.setFeatureState({ source, sourceLayer: source, id: code }, values);
  }
}

function showFigures() {
  if (!map) return;
  for (const [code, row] of Object.entries(view.zones)) {
    setState(code, {
      class: row.class ?? -1,
      uncertain: row.flag === "uncertain",
      withheld: row.flag === "withheld",
    });
  }
}

function drawHatch() {
  setImage(map, "hatch-ink", hatch(colour("map-hatch-ink")));
  setImage(map, "hatch-paper", hatch(colour("map-hatch-paper")));
}

function showLayers() {
  const on = new Set(layersOn());
  map.setLayoutProperty("labels", "visibility", on.has("names") ? "visible" : "none");
  for (const id of ["outlines", "numbers"]) {
    if (map.getLayer(id)) map.setLayoutProperty(id, "visibility", on.has("parcels") ? "visible" : "none");
  }
  const kinds = ["school", "clinic", "playground"].filter((kind) => on.has(kind));
  if (on.has("school")) kinds.push("kindergarten");
  map.setFilter("facilities", ["in", ["get", "kind"], ["literal", kinds]]);
}

/* ---- legend ---- */
function put(name, text) {
  legend.querySelector(`[data-${name}]`).textContent = text;
}

function showLegend() {
  const said = view.legend;
  put("title", view.title);
  put("subject", `${said.round} · ${view.group}`);
  for (const name of ["town", "sample", "definition", "doubtful"]) put(name, said[name]);
  const steps = said.steps.map(({ from, to }, place) => {
    const item = document.createElement("li");
    item.className = `step-${place + 1}`;
    const text = document.createElement("bdi");
    text.textContent = from === to ? to : `${from}–${to}`;
    item.append(text);
    return item;
  });
  legend.querySelector("[data-steps]").replaceChildren(...steps);
  for (const key of ["uncertain", "withheld", "no_data"]) {
    legend.querySelector(`[data-key=${key}]`).hidden = !said[key];
  }
  for (const key of keys) {
    const row = view.zones[key.dataset.zone];
    if (row) key.querySelector("[data-says]").textContent = `${row.says}, ${row.range}`;
  }
  for (const link of document.querySelectorAll("[data-download]")) {
    link.search = query();
  }
  for (const chip of choice.querySelectorAll(".chip")) {
    if (chip.dataset.codes.split(" ").includes(view.indicator)) chip.setAttribute("aria-current", "true");
    else chip.removeAttribute("aria-current");
  }
}

/* ---- another view ---- */
async function fetched(url, options) {
  wait.textContent = "";
  desk.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(url, options);
    if (!response.ok) throw new Error(String(response.status));
    return response;
  } catch (error) {
    wait.textContent = words.failed;
    throw error;
  } finally {
    desk.removeAttribute("aria-busy");
  }
}

async function change(asked) {
  const response = await fetched(`${desk.dataset.values}?${asked}`).catch(() => null);
  if (!response) return;
  view = await response.json();
  choice.elements.indicator.value = view.indicator;
  showFigures();
  showLegend();
  remember();
  if (chosen) choose(chosen, { quiet: true });
  if (!table.hidden) openTable();
}

function asked() {
  const data = new FormData(choice);
  return new URLSearchParams([...data].filter(([name]) => ["indicator", "breakdown", "round"].includes(name)));
}

choice.addEventListener("change", (event) => {
  if (event.target.dataset.layer) {
    showLayers();
    remember();
  } else change(asked());
});
choice.addEventListener("submit", (event) => event.preventDefault());
choice.addEventListener("click", (event) => {
  const chip = event.target.closest(".chip");
  if (!chip) return;
  event.preventDefault();
  choice.elements.indicator.value = chip.dataset.codes.split(" ")[0];
  change(asked());
});

/* ---- pointing at a zone and choosing it ---- */
function line(tag, text, className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  return element;
}

function point(code, at) {
  if (pointed && pointed !== code) setState(pointed, { pointed: false });
  pointed = code;
  const row = code && view.zones[code];
  tip.hidden = !row;
  if (!row) return;
  setState(code, { pointed: true });
  tip.replaceChildren(line("b", row.name), line("span", row.says), line("span", row.range, "soft"));
  if (row.asked) tip.append(line("span", row.asked, "soft"));
  if (row.flag === "uncertain") {
    tip.append(line("span", legend.querySelector("[data-key=uncertain]").textContent.trim(), "attention"));
  }
  const box = desk.getBoundingClientRect();
  const x = Math.min(Math.max(at.x - tip.offsetWidth / 2, 8), box.width - tip.offsetWidth - 8);
  const above = at.y - tip.offsetHeight - 14;
  tip.style.left = `${x}px`;
  tip.style.top = `${above > 8 ? above : at.y + 18}px`;
}

function middle(code) {
  const label = map
    .querySourceFeatures(`${zones}_labels`, { sourceLayer: `${zones}_labels` })
    .find((feature) => feature.properties.code === code);
  return map.project(label ? label.geometry.coordinates : map.getCenter());
}

async function choose(code, { quiet = false } = {}) {
  if (chosen && chosen !== code && map) setState(chosen, { chosen: false });
  chosen = code;
  remember();
  if (map) setState(code, { chosen: true });
  const url = `${desk.dataset.zone.replace("CODE", encodeURIComponent(code))}?${query()}`;
  const response = await fetched(url, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!response || chosen !== code) return;
  panel.querySelector("[data-body]").innerHTML = await response.text();
  panel.hidden = false;
  desk.classList.add("with-zone");
  keepInSight(code);
  if (!quiet) panel.focus({ preventScroll: true });
}

// The free part of the map, between the panels.
function padding() {
  const open = !panel.hidden;
  if (narrow.matches) {
    const below = desk.querySelector(".desk-map").getBoundingClientRect().bottom;
    const covered = open ? Math.max(below - panel.getBoundingClientRect().top, 0) : 0;
    return { left: 16, right: 16, top: 16, bottom: covered + 16 };
  }
  const [start, end] = [404, open ? 410 : 24];
  const [left, right] = document.dir === "rtl" ? [end, start] : [start, end];
  return { left, right, top: 32, bottom: 84 };
}

// Nothing covers the place being looked at: as long as the reader has not moved
// the map it fits between the panels, later it only moves as far as needed.
function keepInSight(code) {
  if (!map) return;
  const duration = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 180;
  if (!map.moved) {
    map.fitBounds(config.bounds, { padding: padding(), duration });
    return;
  }
  if (!code) return;
  const { x, y } = middle(code);
  const box = desk.querySelector(".desk-map").getBoundingClientRect();
  const { left, right, top, bottom } = padding();
  const beyond = (at, low, high) => (at < low ? at - low : Math.max(at - high, 0));
  const shift = [beyond(x, left, box.width - right), beyond(y, top, box.height - bottom)];
  if (shift[0] || shift[1]) map.panBy(shift, { duration });
}

function close() {
  if (chosen && map) setState(chosen, { chosen: false });
  const key = keys.find((each) => each.dataset.zone === chosen);
  chosen = null;
  panel.hidden = true;
  desk.classList.remove("with-zone");
  remember();
  keepInSight(null);
  return key;
}

for (const key of keys) {
  key.addEventListener("focus", () => map && point(key.dataset.zone, middle(key.dataset.zone)));
  key.addEventListener("blur", () => map && point(null));
  key.addEventListener("click", () => choose(key.dataset.zone));
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

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (!table.hidden) closeTable();
  else if (!panel.hidden) close()?.focus();
  else if (map) point(null);
});

/* ---- table, sharing, panels ---- */
const tableButton = document.querySelector("button[data-table]");

async function openTable() {
  const response = await fetched(`${desk.dataset.table}&${query()}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!response) return;
  table.querySelector("[data-body]").innerHTML = await response.text();
  table.hidden = false;
  tableButton.setAttribute("aria-expanded", "true");
}

function closeTable() {
  table.hidden = true;
  tableButton.setAttribute("aria-expanded", "false");
  tableButton.focus();
}

tableButton.addEventListener("click", async () => {
  if (!table.hidden) return closeTable();
  await openTable();
  table.focus();
});
table.addEventListener("click", (event) => {
  const link = event.target.closest("[data-zone]");
  if (!link) return;
  event.preventDefault();
  choose(link.dataset.zone);
});
table.addEventListener("focusin", (event) => {
  const code = event.target.dataset.zone;
  if (code && map) point(code, middle(code));
});
for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => (button.parentElement === table ? closeTable() : close()?.focus()));
}

document.querySelector("[data-share]").addEventListener("click", async () => {
  remember();
  await navigator.clipboard.writeText(location.href).catch(() => undefined);
  wait.textContent = words.copied;
  setTimeout(() => { wait.textContent = ""; }, 2500);
});

const ask = document.getElementById("ask");
if (narrow.matches || localStorage.getItem("desk-ask") === "closed") ask.open = false;
ask.addEventListener("toggle", () => {
  if (!narrow.matches) localStorage.setItem("desk-ask", ask.open ? "open" : "closed");
});

/* ---- start ---- */
function restore() {
  const layers = address.get("layers");
  if (layers !== null) {
    const on = layers.split(",");
    for (const box of choice.querySelectorAll("[data-layer]")) box.checked = on.includes(box.dataset.layer);
  }
}

function camera() {
  const at = (address.get("at") ?? "").split("/").map(Number);
  if (at.length === 3 && at.every(Number.isFinite)) {
    return { bounds: undefined, zoom: at[0], center: [at[2], at[1]] };
  }
  return { fitBoundsOptions: { padding: padding() } };
}

restore();
showLegend();
try {
  map = await townMap(document.getElementById("map"), config, {
    ...camera(),
    canvasContextAttributes: { preserveDrawingBuffer: true },
    layers: (all) => choroplethLayers(all, zones),
    onTheme: drawHatch,
    prepare: (made) => { map = made; drawHatch(); },
  });
} catch {
  map = undefined;
  wait.textContent = config.words.no_webgl;
  openTable();
}

if (map) {
  map.moved = address.has("at");
  showFigures();
  showLayers();
  map.on("mousemove", "need", (event) => {
    map.getCanvas().style.cursor = "pointer";
    point(event.features[0].properties.code, event.point);
  });
  map.on("mouseleave", "need", () => {
    map.getCanvas().style.cursor = "";
    point(null);
  });
  map.on("click", "need", (event) => choose(event.features[0].properties.code));
  map.on("moveend", (event) => {
    if (event.originalEvent) map.moved = true;
    if (map.moved) remember();
  });
  map.once("idle", () => { desk.dataset.ready = "yes"; });
}
if (address.get("zone")) choose(address.get("zone"), { quiet: true });
