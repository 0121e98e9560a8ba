// Splits, merges and moves borders. Whatever is done on the map stands in the form's
// fields, and what is written there is drawn: hand and keyboard do the same.
import { colour, configuration, plainLayers, townMap } from "../../maps/frontend/town-map.js";
import { readCodes, readRings, writeRings } from "./figures.js";
import { rings, snap } from "./snapping.js";

const NOTHING = { type: "FeatureCollection", features: [] };
const GRAB = 14;
const form = document.getElementById("change");
if (form) start(form);

async function start(form) {
  const box = document.getElementById("map");
  const say = document.getElementById("say");
  const { words } = JSON.parse(document.getElementById("editing-data").textContent);
  const field = (name) => form.elements[name];
  const kind = () => field("kind").value;
  const layer = () => field("layer").value;
  const fit = { padding: 70, maxZoom: 19, duration: 0 };
  let shapes = [];
  let chosen = new Map();
  let picked = null;
  let past = [];
  // Whether the next touch begins another line.
  let anew = false;
  // What is asked later stays, whichever answer comes last.
  let loading = 0;
  let refreshing = 0;
  let changes = 0;
  let checked = 0;

  showFields();
  const config = configuration();
  let map;
  try {
    map = await townMap(box, config, { layers: (given) => [...plainLayers(given), ...drawn()], prepare: addSources });
  } catch {
    say.textContent = config.words.no_webgl;
    return;
  }
  const project = (position) => map.project(position);

  function addSources(map) {
    for (const name of ["shapes", "chosen", "after", "draft", "handles", "spot"]) {
      map.addSource(name, { type: "geojson", data: NOTHING });
    }
  }
  function drawn() {
    const line = (id, source, paint) => ({ id, type: "line", source, layout: { "line-join": "round" }, paint });
    return [
      line("shapes", "shapes", { "line-color": colour("line-strong"), "line-width": 1.2 }),
      { id: "chosen", type: "fill", source: "chosen", paint: { "fill-color": colour("accent"), "fill-opacity": 0.22 } },
      line("chosen-line", "chosen", { "line-color": colour("accent"), "line-width": 2.5 }),
      {
        id: "codes", type: "symbol", source: "shapes", minzoom: 16,
        layout: { "text-field": ["get", "code"], "text-font": ["IBM Plex Sans Arabic", "IBM Plex Sans"], "text-size": 12, "text-padding": 2 },
        paint: { "text-color": colour("map-label"), "text-halo-color": colour("map-halo"), "text-halo-width": 1.4 },
      },
      line("after", "after", { "line-color": colour("attention"), "line-width": 2, "line-dasharray": [2, 1.5] }),
      line("draft", "draft", { "line-color": colour("attention"), "line-width": 3 }),
      {
        id: "handles", type: "circle", source: "handles",
        paint: {
          "circle-radius": ["match", ["get", "what"], "corner", 6.5, "picked", 8.5, 4],
          "circle-color": ["match", ["get", "what"], "picked", colour("attention"), colour("surface")],
          "circle-stroke-color": colour("attention"), "circle-stroke-width": 2,
        },
      },
      { id: "spot", type: "circle", source: "spot", paint: { "circle-radius": 14, "circle-color": colour("danger"), "circle-opacity": 0.25, "circle-stroke-color": colour("danger"), "circle-stroke-width": 2.5 } },
    ];
  }
  const put = (source, features) => map.getSource(source).setData({ type: "FeatureCollection", features });
  const feature = (type, coordinates, properties = {}) => ({ type: "Feature", properties, geometry: { type, coordinates } });

  // -- what is there -------------------------------------------------------------------
  const address = (query) => `${box.dataset.shapes}?layer=${layer()}&${query}`;
  async function load() {
    const wanted = layer();
    const mine = ++loading;
    // Zones have their names on the map.
    map.setLayoutProperty("codes", "visibility", wanted === "parcels" ? "visible" : "none");
    const { _sw: { lng: west, lat: south }, _ne: { lng: east, lat: north } } = map.getBounds();
    box.dataset.view = [west, south, east, north].join(",");
    if (wanted === "parcels" && map.getZoom() < 14.5) {
      shapes = [];
      put("shapes", []);
      tell(words.tooMany);
      box.dataset.ready = "yes";
      return;
    }
    const answer = await fetch(address(`bbox=${west},${south},${east},${north}`));
    if (!answer.ok || mine !== loading) return;
    const found = await answer.json();
    if (mine !== loading) return;
    shapes = found.features;
    put("shapes", shapes);
    tell(found.tooMany ? words.tooMany : undefined);
    box.dataset.ready = "yes";
  }
  function tell(text) {
    const codes = readCodes(field("codes").value);
    const told = codes.length ? words.chosen.replace("%(codes)s", `\u2068${codes.join(" · ")}\u2069`) : words.nothing;
    say.textContent = text ?? (kind() === "add" ? "" : told);
  }
  async function refresh({ look = false } = {}) {
    const mine = ++refreshing;
    const codes = readCodes(field("codes").value);
    const missing = codes.filter((code) => !chosen.has(code));
    if (missing.length && missing.length <= 50) {
      const answer = await fetch(address(missing.map((code) => `code=${encodeURIComponent(code)}`).join("&")));
      if (answer.ok) for (const each of (await answer.json()).features) chosen.set(each.properties.code, each);
      if (mine !== refreshing) return;
    }
    chosen = new Map(codes.filter((code) => chosen.has(code)).map((code) => [code, chosen.get(code)]));
    put("chosen", kind() === "add" ? [] : [...chosen.values()]);
    const lost = codes.find((code) => !chosen.has(code));
    tell(lost && words.notThere.replace("%(code)s", `\u2068${lost}\u2069`));
    if (kind() === "reshape" && chosen.size === 1 && !field("corners").value.trim()) takeCorners([...chosen.values()][0]);
    draw();
    if (look && chosen.size) map.fitBounds(extent([...chosen.values()]), fit);
    const query = new URLSearchParams({ layer: layer(), kind: kind(), codes: codes.join("\n") });
    history.replaceState(null, "", `${location.pathname.replace(/(preview|apply)\/$/, "")}?${query}`);
  }
  function extent(features) {
    const all = features.flatMap(({ geometry }) => rings(geometry).flat());
    const xs = all.map(([x]) => x);
    const ys = all.map(([, y]) => y);
    return [[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]];
  }
  // The closing corner is the first again: it is not written.
  function takeCorners({ geometry }) {
    field("corners").value = writeRings(rings(geometry).map((ring) => ring.slice(0, -1)));
  }
  // -- what is drawn -------------------------------------------------------------------
  function draw() {
    const what = kind();
    if (what === "split") {
      const lines = readRings(field("line").value);
      put("draft", lines.filter((line) => line.length > 1).map((line) => feature("LineString", line)));
      put("handles", lines.flat().map((each) => feature("Point", each, { what: "corner" })));
    } else if (what === "reshape" || what === "add") {
      const all = readRings(field("corners").value);
      put("draft", all.map((ring) => feature("LineString", [...ring, ring[0]])));
      put("handles", handles(all));
    } else {
      put("draft", []);
      put("handles", []);
    }
    form.querySelector("[data-drop]").disabled = !picked;
    form.querySelector("[data-another]").disabled = anew || (readRings(field("line").value).at(-1)?.length ?? 0) < 2;
  }
  function handles(all) {
    return all.flatMap((ring, r) => ring.flatMap((corner, c) => {
      const next = ring[(c + 1) % ring.length];
      const isPicked = picked?.r === r && picked.c === c;
      const found = [feature("Point", corner, { what: isPicked ? "picked" : "corner", r, c })];
      if (ring.length > 1) found.push(feature("Point", [(corner[0] + next[0]) / 2, (corner[1] + next[1]) / 2], { what: "middle", r, c }));
      return found;
    }));
  }
  function showFields() {
    for (const part of form.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(kind());
    for (const part of form.querySelectorAll("[data-zones]")) part.hidden ||= layer() === "parcels";
    for (const part of form.querySelectorAll("[data-lower]")) part.hidden ||= layer() === "quarter";
  }

  // -- what is done --------------------------------------------------------------------
  const FIELDS = ["codes", "line", "corners", "new_codes"];
  const now = () => Object.fromEntries(FIELDS.map((name) => [name, field(name).value]));
  function change(values, { remember = true } = {}) {
    if (remember) past.push(now());
    for (const [name, value] of Object.entries(values)) field(name).value = value;
    stale();
    return refresh();
  }
  // What was checked is not what is there any more, nor what is being checked.
  function stale() {
    changes += 1;
    document.getElementById("preview").replaceChildren();
    put("after", []);
    put("spot", []);
  }
  const within = (point) => shapes.find(({ geometry }) => isIn(point, rings(geometry)));

  map.on("click", ({ lngLat, point }) => {
    const position = [lngLat.lng, lngLat.lat];
    const what = kind();
    const codes = readCodes(field("codes").value);
    const there = within(position)?.properties.code;
    if (what === "merge" || what === "retire") {
      if (!there) return;
      const left = codes.filter((code) => code !== there);
      change({ codes: (left.length === codes.length ? [...codes, there] : left).join("\n") });
    } else if (what === "split" && codes.length) {
      const lines = readRings(field("line").value);
      const last = (anew ? undefined : lines.pop()) ?? [];
      anew = false;
      const end = snap(position, [...near(), ...drawnLines(lines)], project).position;
      change({ line: writeRings([...lines, [...last, end]]) });
    } else if (what === "add") {
      const all = readRings(field("corners").value);
      const last = all.pop() ?? [];
      change({ corners: writeRings([...all, [...last, snap(position, near(), project).position]]) });
    } else if (what === "reshape") {
      const handle = grabbed(point);
      picked = handle && handle.what !== "middle" ? { r: handle.r, c: handle.c } : null;
      if (!handle && there && !codes.includes(there)) change({ codes: there, corners: "" });
      else draw();
    } else if (there) {
      change({ codes: there });
    }
  });
  const near = () => [...shapes, ...chosen.values()];
  // A cut may end on an earlier one.
  const drawnLines = (lines) => lines.map((line) => ({ geometry: { type: "Polygon", coordinates: [line] } }));

  // By the fields and not by what is painted, which comes later on a slow machine.
  function grabbed(point) {
    const from = ({ geometry }) => {
      const { x, y } = map.project(geometry.coordinates);
      return [Math.abs(x - point.x), Math.abs(y - point.y)];
    };
    const away = (each) => Math.hypot(...from(each)) + (each.properties.what === "middle" ? 4 : 0);
    return handles(readRings(field("corners").value))
      .filter((each) => Math.max(...from(each)) <= GRAB)
      .sort((a, b) => away(a) - away(b))[0]?.properties;
  }
  function grab(event) {
    if (!["reshape", "add"].includes(kind()) || event.originalEvent.touches?.length > 1) return;
    const handle = grabbed(event.point);
    if (!handle) return;
    event.preventDefault();
    const before = now();
    const all = readRings(field("corners").value);
    const place = { r: handle.r, c: handle.c };
    let begun = false;
    const move = ({ lngLat }) => {
      if (!begun && handle.what === "middle") {
        all[place.r].splice(place.c + 1, 0, [lngLat.lng, lngLat.lat]);
        place.c += 1;
      }
      begun = true;
      const own = readRings(before.corners)[handle.r]?.[handle.c];
      const except = handle.what === "middle" ? undefined : (corner) => same(corner, own);
      all[place.r][place.c] = snap([lngLat.lng, lngLat.lat], near(), project, except).position;
      picked = place;
      field("corners").value = writeRings(all);
      draw();
    };
    const end = () => {
      map.off("mousemove", move);
      map.off("touchmove", move);
      if (!begun) return;
      past.push(before);
      stale();
    };
    map.on("mousemove", move);
    map.on("touchmove", move);
    map.once("mouseup", end);
    map.once("touchend", end);
  }
  map.on("mousedown", grab);
  map.on("touchstart", grab);
  map.on("mousemove", ({ point }) => {
    const drawing = ["split", "add"].includes(kind()) ? "crosshair" : "";
    map.getCanvas().style.cursor = kind() === "reshape" && grabbed(point) ? "move" : drawing;
  });
  map.on("moveend", load);

  form.querySelector("[data-another]").addEventListener("click", () => {
    anew = true;
    draw();
  });
  form.querySelector("[data-back]").addEventListener("click", () => {
    const before = past.pop();
    picked = null;
    anew = false;
    if (before) change(before, { remember: false });
  });
  form.querySelector("[data-clear]").addEventListener("click", () => {
    picked = null;
    anew = false;
    field("pieces").value = "";
    change({ codes: "", line: "", corners: "", new_codes: "" });
  });
  form.querySelector("[data-drop]").addEventListener("click", () => {
    const all = readRings(field("corners").value);
    if (!picked || all[picked.r].length <= 3) return;
    all[picked.r].splice(picked.c, 1);
    picked = null;
    change({ corners: writeRings(all) });
  });
  form.addEventListener("change", ({ target }) => {
    if (target.name === "kind" || target.name === "layer") {
      showFields();
      picked = null;
      anew = false;
      if (target.name === "layer") chosen.clear();
      const cleared = target.name === "layer" ? { codes: "", line: "", corners: "" } : { line: "", corners: "" };
      change(cleared).then(target.name === "layer" ? load : undefined);
    } else if (target.name === "codes") {
      change({ line: "", corners: "" }, { remember: false }).then(() => refresh({ look: true }));
    } else if (["line", "pieces", "corners", "new_codes", "parent", "names", "tolerance", "valid_from", "neighbours_follow"].includes(target.name)) {
      stale();
      refresh();
    }
  });

  // -- what would follow ---------------------------------------------------------------
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("formaction")) return;
    event.preventDefault();
    form.dispatchEvent(new Event("preview"));
  });
  document.body.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (detail.elt === form) checked = changes;
  });
  document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.target.id === "preview" && checked !== changes) detail.shouldSwap = false;
  });
  document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target.id === "preview") showOutcome({ focus: true });
  });
  function showOutcome({ focus = false } = {}) {
    const preview = document.getElementById("preview");
    const said = document.getElementById("editing-drawn");
    const { after = NOTHING, places = [] } = said ? JSON.parse(said.textContent) : {};
    map.getSource("after").setData(after);
    put("spot", places.filter(Boolean).map((place) => feature("Point", place)));
    for (const button of preview.querySelectorAll("[data-place]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        map.easeTo({ center: places[Number(button.dataset.place)], zoom: Math.max(map.getZoom(), 19), duration: 200 });
        box.scrollIntoView({ block: "nearest" });
      });
    }
    if (focus) preview.focus();
  }

  await refresh({ look: true });
  await load();
  showOutcome();
}

function same(one, other) {
  return other !== undefined && Math.abs(one[0] - other[0]) < 2e-7 && Math.abs(one[1] - other[1]) < 2e-7;
}

// Whether a position lies within rings: a ray to the east crosses them an odd number of times.
function isIn([x, y], all) {
  let inside = false;
  for (const ring of all) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [xi, yi] = ring[i];
      const [xj, yj] = ring[j];
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
    }
  }
  return inside;
}
