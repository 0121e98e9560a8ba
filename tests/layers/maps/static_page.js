// A page as a town would host it: MapLibre, and an exported file beside the page.
import { Map as MapLibre, addProtocol, setWorkerUrl } from "maplibre-gl";
import { Protocol } from "pmtiles";

setWorkerUrl(new URL("maplibre-gl-worker.mjs", location.href).href);
addProtocol("pmtiles", new Protocol().tile);
const map = new MapLibre({
  container: "map",
  center: [35.8305, 33.7905],
  zoom: 15.5,
  style: {
    version: 8,
    sources: { town: { type: "vector", url: `pmtiles://${new URL("town.pmtiles", location.href)}` } },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": "#ffffff" } },
      { id: "parcels", type: "fill", source: "town", "source-layer": "outlines", paint: { "fill-color": "#1f6f5c" } },
    ],
  },
});
map.once("idle", () => {
  document.body.dataset.parcels = map.queryRenderedFeatures({ layers: ["parcels"] }).length;
});
