// The planner's page. One state, held by the address; panels that follow it.
import * as choice from "./desk/choice.js";
import * as comments from "./desk/comments.js";
import * as figures from "./desk/figures.js";
import * as layers from "./desk/layers-panel.js";
import * as legend from "./desk/legend.js";
import * as maps from "./desk/maps.js";
import * as measure from "./desk/measure.js";
import * as picked from "./desk/picked.js";
import * as pointing from "./desk/pointing.js";
import * as search from "./desk/search.js";
import * as sharing from "./desk/sharing.js";
import * as sketch from "./desk/sketch.js";
import * as shortcuts from "./desk/shortcuts.js";
import * as state from "./desk/state.js";
import * as table from "./desk/table.js";
import * as time from "./desk/time.js";
import * as zone from "./desk/zone.js";
import { configuration } from "./town-map.js";

const values = configuration("values");
state.start(location.search, values);
figures.begin(values);
for (const part of [choice, comments, legend, layers, measure, picked, sharing, time]) part.begin();
pointing.begin(zone.choose);
table.begin(zone.choose);
search.begin(zone.choose);
zone.begin();
shortcuts.begin({ choice, table, sketch });
maps.whenReady(sketch.begin);

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  if (sketch.cancel()) return;
  if (table.isOpen()) table.close();
  else if (zone.isOpen()) zone.close();
  else if (picked.isOpen()) picked.close();
  else if (maps.main()) pointing.point(null);
});

if (!(await maps.begin())) table.open();
