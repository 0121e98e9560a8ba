// Maps without network: the parcels that lie on the device, on plain ground. Drawn by
// Leaflet on a canvas, because thousands of outlines must move on an old phone.
import L from "leaflet";

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// "33.79 35.81 0 0;…" as forms write places.
export function positions(text) {
  return (text ?? "").split(";").map((each) => each.trim().split(/\s+/).slice(0, 2).map(Number))
    .filter(([latitude, longitude]) => Number.isFinite(latitude) && Number.isFinite(longitude));
}

export function ground(box, bounds, words) {
  const map = L.map(box, {
    preferCanvas: true, attributionControl: false, zoomControl: false, maxZoom: 21,
    zoomSnap: 0.5, tap: false,
  });
  L.control.zoom({ position: document.dir === "rtl" ? "topleft" : "topright", zoomInTitle: words.zoomIn, zoomOutTitle: words.zoomOut }).addTo(map);
  L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
  if (bounds) map.fitBounds([[bounds[1], bounds[0]], [bounds[3], bounds[2]]]);
  else map.setView([0, 0], 2);
  return map;
}

function whereAmI(map, fail) {
  let dot = null;
  return () => navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const at = [coords.latitude, coords.longitude];
      dot?.remove();
      dot = L.layerGroup([
        L.circle(at, { radius: coords.accuracy, weight: 1, color: css("attention"), fillOpacity: 0.12 }),
        L.circleMarker(at, { radius: 7, weight: 3, color: "#fff", fillColor: css("attention"), fillOpacity: 1 }),
      ]).addTo(map);
      map.setView(at, Math.max(map.getZoom(), 18));
    },
    fail, { enableHighAccuracy: true, timeout: 15_000 },
  );
}

// `items` are {value, label, corners, colour}; `pick` is called with a value. Gives
// `choose(value)` to show a choice made elsewhere, and `locate()`.
export function parcelMap(box, { items, bounds, words, pick, fail }) {
  const map = ground(box, bounds, words);
  const shapes = new Map();
  const plain = (item) => ({ color: css("line-strong"), weight: 1, fillColor: item.colour || css("accent"), fillOpacity: 0.25 });
  const everything = L.featureGroup();
  for (const item of items) {
    const corners = positions(item.corners);
    if (!corners.length) continue;
    const shape = corners.length > 2 ? L.polygon(corners, plain(item)) : L.circleMarker(corners[0], { radius: 8, ...plain(item) });
    shape.on("click", () => pick(item.value));
    shape.bindTooltip(document.createTextNode(item.label), { direction: "top" });
    shapes.set(item.value, { shape, item });
    everything.addLayer(shape);
  }
  everything.addTo(map);
  if (shapes.size) map.fitBounds(everything.getBounds().pad(0.05), { maxZoom: 19, animate: false });
  let chosen = null;
  function choose(value, { fly = false } = {}) {
    if (chosen) chosen.shape.setStyle(plain(chosen.item));
    chosen = shapes.get(value) ?? null;
    if (!chosen) return;
    chosen.shape.setStyle({ color: css("attention"), weight: 4, fillOpacity: 0.5 }).bringToFront();
    if (fly) map.fitBounds(chosen.shape.getBounds?.().pad(1.5) ?? L.latLngBounds([chosen.shape.getLatLng()]), { maxZoom: 19, animate: false });
  }
  return { map, choose, locate: whereAmI(map, fail), remove: () => map.remove() };
}

// A point, a line or an area by touch; `read` gives the answer's text and `write` takes
// it. `context` are corners of parcels to find one's way by.
export function placeMap(box, { kind, read, write, bounds, words, context = [], fail }) {
  const map = ground(box, bounds, words);
  for (const corners of context) {
    const shape = positions(corners);
    if (shape.length > 2) L.polygon(shape, { color: css("line-strong"), weight: 1, fill: false, interactive: false }).addTo(map);
  }
  const layer = L.layerGroup().addTo(map);
  const style = { color: css("attention"), weight: 4, fillOpacity: 0.2 };
  let points = open(positions(read()));

  function open(all) {
    const [first] = all, last = all.at(-1);
    const closed = kind === "geoshape" && all.length > 1 && first[0] === last[0] && first[1] === last[1];
    return closed ? all.slice(0, -1) : all;
  }
  function show() {
    layer.clearLayers();
    if (kind === "geotrace" && points.length > 1) L.polyline(points, style).addTo(layer);
    if (kind === "geoshape" && points.length > 2) L.polygon(points, style).addTo(layer);
    for (const point of points) L.circleMarker(point, { radius: 7, weight: 3, color: "#fff", fillColor: css("attention"), fillOpacity: 1 }).addTo(layer);
  }
  function say() {
    const enough = { geopoint: 1, geotrace: 2, geoshape: 3 }[kind];
    const all = kind === "geoshape" && points.length >= 3 ? [...points, points[0]] : points;
    write(points.length < enough ? "" : all.map(([a, o]) => `${a.toFixed(7)} ${o.toFixed(7)} 0 0`).join(";"));
    show();
  }
  map.on("click", ({ latlng }) => {
    const point = [latlng.lat, latlng.lng];
    points = kind === "geopoint" ? [point] : [...points, point];
    say();
  });
  show();
  if (points.length) map.fitBounds(L.latLngBounds(points).pad(0.5), { maxZoom: 19 });
  return {
    map,
    locate: whereAmI(map, fail),
    undo() { points = points.slice(0, -1); say(); },
    refresh() { points = open(positions(read())); show(); },
    middle() { const { lat, lng } = map.getCenter(); points = kind === "geopoint" ? [[lat, lng]] : [...points, [lat, lng]]; say(); },
    remove: () => map.remove(),
  };
}
