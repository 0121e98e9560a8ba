// A form's map on which a place is pointed out. The two inputs keep the answer, so
// the form works the same without this script.
import { Marker } from "maplibre-gl";

import { colour, configuration, townMap } from "./town-map.js";

const DIGITS = 6;

// `box` is an element with data-pin-map whose data-latitude and data-longitude are
// selectors of the inputs; data-locate, optional, that of a "my location" button;
// data-fixed shows the place without letting it be moved.
export async function pinMap(box, config = configuration()) {
  const latitude = document.querySelector(box.dataset.latitude);
  const longitude = document.querySelector(box.dataset.longitude);
  const note = document.createElement("p");
  note.className = "pin-note form-error";
  note.setAttribute("role", "status");
  box.after(note);
  let map;
  try {
    map = await townMap(box.appendChild(document.createElement("div")), config);
  } catch {
    box.hidden = true;
    note.textContent = config.words.no_webgl;
    return null;
  }
  const fixed = "fixed" in box.dataset;
  const marker = new Marker({ color: colour("attention"), draggable: !fixed, scale: 1.2 });
  const element = marker.getElement();
  element.setAttribute("aria-label", config.words.pin);

  function place(lngLat, { fly = false } = {}) {
    marker.setLngLat(lngLat).addTo(map);
    if (fly) map.easeTo({ center: lngLat, zoom: Math.max(map.getZoom(), 16), duration: 200 });
  }
  function write({ lng, lat }) {
    latitude.value = lat.toFixed(DIGITS);
    longitude.value = lng.toFixed(DIGITS);
    note.textContent = inside(config.bounds, lng, lat) ? "" : config.words.outside;
    for (const input of [latitude, longitude]) {
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }
  function choose(lngLat, options) {
    place(lngLat, options);
    write(lngLat);
  }

  const present = [Number(longitude?.value), Number(latitude?.value)];
  if (longitude?.value && latitude?.value) place(present, { fly: true });
  if (fixed) return { map, marker, choose };

  map.on("click", (event) => choose(event.lngLat));
  marker.on("dragend", () => write(marker.getLngLat()));
  element.tabIndex = 0;
  element.addEventListener("keydown", (event) => {
    const steps = { ArrowUp: [0, -8], ArrowDown: [0, 8], ArrowLeft: [-8, 0], ArrowRight: [8, 0] };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const { x, y } = map.project(marker.getLngLat());
    choose(map.unproject([x + step[0], y + step[1]]));
  });
  // Enter on the map puts the pin into its middle, for those without a pointer.
  map.getCanvas().addEventListener("keydown", (event) => {
    if (event.key === "Enter") choose(map.getCenter());
  });
  document.querySelector(box.dataset.locate)?.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => choose({ lng: coords.longitude, lat: coords.latitude }, { fly: true }),
      () => { note.textContent = config.words.no_location; },
      { enableHighAccuracy: true, timeout: 10_000 },
    );
  });
  return { map, marker, choose };
}

function inside([west, south, east, north], lng, lat) {
  return west <= lng && lng <= east && south <= lat && lat <= north;
}
