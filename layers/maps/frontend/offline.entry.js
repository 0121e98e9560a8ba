// Written whole into the page that a planner sends round, which opens without network.
import * as L from "leaflet";

globalThis.L = L;
