// The map, and the second one beside it while two rounds are compared.
import { choroplethLayers } from "../choropleth.js";
import { configuration, townMap, warm } from "../town-map.js";
import { figuresOf, onFigures, view } from "./figures.js";
import { addPictures, arrange, forget, overlayLayers, repaintPictures } from "./overlays.js";
import { byId, desk, narrow, say, settings, still, words } from "./page.js";
import { addAreas, drawHatch, paint, setState } from "./painter.js";
import * as state from "./state.js";

export const config = configuration();
warm(config);
const shown = [];
const ready = [];
let moved = false;
let otherView;
// The map being made for the second round, so that it is made once.
let making;

// The map itself; undefined where the browser cannot draw one, or has not yet.
export const main = () => shown[0];
export const all = () => shown;
export const whenReady = (told) => (shown.length ? told(shown[0]) : ready.push(told));
export const otherFigures = () => otherView;

export function mark(code, values) {
  for (const map of shown) setState(map, code, values);
}

async function make(container, camera) {
  const map = await townMap(container, config, {
    ...camera,
    canvasContextAttributes: { preserveDrawingBuffer: true },
    layers: (all) => [...choroplethLayers(all, settings.zones), ...overlayLayers(all)],
    prepare: (made) => { drawHatch(made); addPictures(made); addAreas(made); },
    onTheme: (changed) => { drawHatch(changed); repaintPictures(changed); forget(changed); arrange(changed); repaint(); },
  });
  arrange(map);
  return map;
}

export function repaint() {
  const [first, second] = shown;
  if (first) painted(first, view());
  if (second && otherView) painted(second, otherView);
}

function painted(map, figures) {
  if (!paint(map, config, figures)) return;
  forget(map);
  arrange(map);
}

function camera() {
  const at = (state.get("at") ?? "").split("/").map(Number);
  if (at.length === 3 && at.every(Number.isFinite)) {
    moved = true;
    return { bounds: undefined, zoom: at[0], center: [at[2], at[1]] };
  }
  return { fitBoundsOptions: { padding: padding() } };
}

export async function begin() {
  if (state.get("swipe")) swipe.value = state.get("swipe");
  let map;
  try {
    map = await make(byId("map"), camera());
  } catch {
    say(words.no_webgl);
    return null;
  }
  shown.push(map);
  painted(map, view());
  onFigures(repaint);
  state.on(["layers", "filter"], () => shown.forEach(arrange));
  state.on(["palette", "alpha"], repaint);
  state.on(["compare", "other", "mode"], beside);
  onFigures(() => shown[1] && showOther());
  // As when the choice is opened on a phone, which leaves the map half as high.
  map.on("resize", () => moved || fit());
  map.on("moveend", (event) => {
    if (event.originalEvent) moved = true;
    if (moved) remember();
  });
  for (const told of ready) told(map);
  // The picture gives way to the first frame that has all tiles in sight.
  map.on("render", function drawn() {
    if (!map.areTilesLoaded()) return;
    map.off("render", drawn);
    byId("first")?.remove();
    desk.dataset.movable = "yes";
    performance.mark("movable");
  });
  map.once("idle", () => { desk.dataset.ready = "yes"; });
  await beside();
  return map;
}

function remember() {
  const { lat, lng } = shown[0].getCenter();
  state.set({ at: [shown[0].getZoom().toFixed(2), lat.toFixed(5), lng.toFixed(5)].join("/") });
}

/* ---- the second map ---- */
const frame = byId("maps");
const otherBox = byId("map-other");
const swipe = byId("swipe");
const names = [byId("name-here"), byId("name-other")];

async function beside() {
  const how = state.get("mode") ? "" : state.get("compare");
  frame.dataset.compare = how;
  otherBox.hidden = !how;
  swipe.hidden = how !== "swipe";
  for (const name of names) name.hidden = !how;
  if (!how) return end();
  if (!shown[1]) {
    // What is chosen while it is made is done by the call that makes it.
    if (making) return;
    making = true;
    try {
      await makeSecond();
    } finally {
      making = false;
    }
    return beside();
  }
  for (const map of shown) map.resize();
  if (how === "side" && !moved) fit();
  if (how === "swipe") cut();
  else otherBox.style.removeProperty("clip-path");
  await showOther();
}

async function makeSecond() {
  const { lng, lat } = shown[0].getCenter();
  const map = await make(otherBox, { bounds: undefined, center: [lng, lat], zoom: shown[0].getZoom() });
  shown[1] = map;
  // The first may have moved meanwhile.
  map.jumpTo({ center: shown[0].getCenter(), zoom: shown[0].getZoom() });
  lock(shown[0], map);
  lock(map, shown[0]);
  for (const told of second) told(map);
}

const second = [];
export const whenSecond = (told) => second.push(told);

function end() {
  shown[1]?.remove();
  shown.length = Math.min(shown.length, 1);
  otherView = undefined;
  shown[0]?.resize();
}

let asking = 0;

async function showOther() {
  const mine = ++asking;
  const other = state.get("other") || settings.rounds.find(({ code }) => code !== state.get("round"))?.code;
  if (!other || !shown[1]) return;
  let arrived;
  try {
    arrived = await figuresOf(state.question({ round: other }));
  } catch (error) {
    say(error.message);
    return;
  }
  if (mine !== asking || !shown[1]) return;
  otherView = arrived;
  repaint();
  names[0].textContent = view().legend.round;
  names[1].textContent = otherView.legend.round;
}

let following = false;

function lock(leader, follower) {
  leader.on("move", () => {
    if (following || shown.length < 2) return;
    following = true;
    follower.jumpTo({ center: leader.getCenter(), zoom: leader.getZoom() });
    following = false;
  });
}

// The slider says how much of the first map is uncovered, from the line's start.
function cut() {
  const share = `calc(22px + (100% - 44px) * ${Number(swipe.value) / 100})`;
  const rtl = document.dir === "rtl";
  otherBox.style.clipPath = rtl ? `inset(0 ${share} 0 0)` : `inset(0 0 0 ${share})`;
  frame.style.setProperty("--swipe", swipe.value);
}
swipe.addEventListener("input", cut);
swipe.addEventListener("change", () => state.set({ swipe: swipe.value }));

/* ---- what is in sight ---- */
// The free part of the map, between the panels.
export function padding() {
  const panel = [byId("picked"), byId("zone")].find((each) => !each.hidden);
  if (narrow.matches) {
    const below = frame.getBoundingClientRect().bottom;
    const covered = panel ? Math.max(below - panel.getBoundingClientRect().top, 0) : 0;
    // Where the choice is open the map is low, and needs what the zoom buttons' line takes.
    const free = frame.clientHeight < 260 ? 8 : 56;
    return { left: 12, right: 12, top: 62, bottom: covered ? Math.min(covered, below / 2) + 12 : free };
  }
  const side = frame.dataset.compare === "side";
  const [start, end] = [side ? 44 : 404, panel && !side ? panel.offsetWidth + 44 : side ? 44 : 24];
  const [left, right] = document.dir === "rtl" ? [end, start] : [start, end];
  return { left, right, top: 64, bottom: 84 };
}

function fit(duration = 0) {
  shown[0].fitBounds(config.bounds, { padding: padding(), duration });
}

export function place(code) {
  const { shapes } = view();
  const named = shapes?.labels.features.find(({ properties }) => properties.code === code);
  if (named) return shown[0].project(named.geometry.coordinates);
  const source = `${settings.zones}_labels`;
  const label = shown[0]
    .querySourceFeatures(source, { sourceLayer: source })
    .find((feature) => feature.properties.code === code);
  return shown[0].project(label ? label.geometry.coordinates : shown[0].getCenter());
}

export function goTo(coordinates, zoom = 17) {
  moved = true;
  const duration = still.matches ? 0 : 500;
  shown[0]?.easeTo({ center: coordinates, zoom: Math.max(shown[0].getZoom(), zoom), duration });
  shown[0]?.once("moveend", remember);
}

export function goToBox([west, south, east, north]) {
  moved = true;
  shown[0]?.fitBounds([[west, south], [east, north]], { padding: padding(), maxZoom: 18, duration: still.matches ? 0 : 400 });
  shown[0]?.once("moveend", remember);
}

// Nothing covers the place being looked at: as long as the reader has not moved
// the map it fits between the panels, later it only moves as far as needed.
export function keepInSight(code) {
  const map = shown[0];
  if (!map) return;
  const duration = still.matches ? 0 : 180;
  if (!moved) return fit(duration);
  if (!code) return;
  // Where a place comes to lie is known once a flight has ended, and must not end it.
  if (map.isMoving()) {
    map.once("moveend", () => state.get("zone") === code && keepInSight(code));
    return;
  }
  const { x, y } = place(code);
  const box = frame.getBoundingClientRect();
  const { left, right, top, bottom } = padding();
  const beyond = (at, low, high) => (at < low ? at - low : Math.max(at - high, 0));
  const shift = [beyond(x, left, box.width - right), beyond(y, top, box.height - bottom)];
  if (shift[0] || shift[1]) map.panBy(shift, { duration });
}
