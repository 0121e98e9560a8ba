import { pinMap } from "./pin-map.js";

for (const box of document.querySelectorAll("[data-pin-map]")) pinMap(box);
