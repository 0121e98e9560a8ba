// The map beside a record's answers: where it was, its parcel and those around. Touching
// a parcel writes its number into the field beneath; only the button places the record.
import L from "leaflet";

import { parcelMap } from "./collect/map.js";

const box = document.querySelector("[data-record-map]");
if (box) {
  const { parcels, chosen, position, accuracy, words } = JSON.parse(document.getElementById("record-map").textContent);
  const field = document.getElementById("parcel");
  const drawn = parcelMap(box, {
    items: parcels, words, bounds: null, fail: () => {},
    pick(value) {
      drawn.choose(value);
      if (field) field.value = value;
    },
  });
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  if (position) {
    if (accuracy) L.circle(position, { radius: accuracy, weight: 1, color: css("attention"), fillOpacity: 0.12, interactive: false }).addTo(drawn.map);
    L.circleMarker(position, { radius: 7, weight: 3, color: "#fff", fillColor: css("attention"), fillOpacity: 1, interactive: false }).addTo(drawn.map);
    drawn.map.setView(position, 18);
  }
  if (chosen) drawn.choose(chosen, { fly: !position });
  field?.addEventListener("input", () => drawn.choose(field.value.trim(), { fly: true }));
}
