// Points set on the map one after another: by mouse, by finger, or by keyboard with the
// cross in the middle of the map (Space sets, Backspace takes back, Enter ends).
import { colour } from "../town-map.js";
import { main } from "./maps.js";
import { byId, desk, say, words } from "./page.js";
import { claim } from "./pointing.js";

const EMPTY = { type: "FeatureCollection", features: [] };
const cross = byId("cross");
let now = null;

claim(() => now !== null);
export const busy = () => now !== null;

function shape() {
  const { corners, kind } = now;
  const features = corners.map((at) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: at } }));
  if (corners.length > 1) features.push({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: corners } });
  if (kind === "area" && corners.length > 2) {
    features.push({ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [[...corners, corners[0]]] } });
  }
  return { type: "FeatureCollection", features };
}

function prepare(map) {
  if (map.getSource("sketch")) return;
  map.addSource("sketch", { type: "geojson", data: EMPTY });
  const ink = colour("map-picked");
  map.addLayer({ id: "sketch-fill", type: "fill", source: "sketch", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": ink, "fill-opacity": 0.15 } });
  map.addLayer({ id: "sketch-line", type: "line", source: "sketch", filter: ["!=", ["geometry-type"], "Point"], paint: { "line-color": ink, "line-width": 3, "line-dasharray": [2, 1] } });
  map.addLayer({ id: "sketch-point", type: "circle", source: "sketch", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-color": "#fff", "circle-radius": 5, "circle-stroke-color": ink, "circle-stroke-width": 3 } });
}

function draw() {
  main()?.getSource("sketch")?.setData(now ? shape() : EMPTY);
}

function add(at) {
  now.corners.push([at.lng, at.lat]);
  draw();
  now.onChange?.(now.corners);
  if (now.kind === "point") finish();
}

function clicked(event) {
  if (now) add(event.lngLat);
}

// The two clicks of a double click have each set a corner; the second is one too many.
function doubled(event) {
  if (!now) return;
  event.preventDefault();
  now.corners.pop();
  finish();
}

function typed(event) {
  if (!now || event.target.closest("input, select, textarea, button, a, summary")) return;
  if (event.key === " ") add(main().getCenter());
  else if (event.key === "Enter") finish();
  else if (event.key === "Backspace" && now.corners.length) {
    now.corners.pop();
    draw();
    now.onChange?.(now.corners);
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

function finish() {
  const { corners, onEnd } = now;
  now = null;
  cross.hidden = true;
  main().getCanvas().style.cursor = "";
  say("");
  onEnd?.(corners);
}

export function cancel() {
  if (!now) return false;
  const { onCancel } = now;
  now = null;
  cross.hidden = true;
  main().getCanvas().style.cursor = "";
  draw();
  say("");
  onCancel?.();
  return true;
}

export const clear = () => main()?.getSource("sketch")?.setData(EMPTY);

// kind: "line", "area" or "point"; onChange and onEnd get the corners, [lng, lat] each.
export function sketch(kind, { onChange, onEnd, onCancel }) {
  const map = main();
  if (!map) return;
  cancel();
  prepare(map);
  now = { kind, corners: [], onChange, onEnd, onCancel };
  draw();
  cross.hidden = false;
  map.getCanvas().style.cursor = "crosshair";
  map.getCanvas().focus({ preventScroll: true });
  say(words[`sketch_${kind}`]);
}

let listening = false;
export function begin(map) {
  if (listening) return;
  listening = true;
  map.on("click", clicked);
  map.on("dblclick", doubled);
  desk.addEventListener("keydown", typed, true);
}
