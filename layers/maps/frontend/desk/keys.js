// The signs beside the words of a legend: a layer's mark in one of its colours.
import { svg } from "./page.js";

const MARKS = {
  point: (fill) => ["circle", { cx: 10, cy: 7, r: 5.5, fill }],
  line: (stroke) => ["path", { d: "M1 11L8 4L12 9L19 2", fill: "none", stroke, "stroke-width": 2.5 }],
  polygon: (fill) => ["rect", { x: 1, y: 1, width: 18, height: 12, rx: 2, fill }],
};
MARKS.raster = MARKS.polygon;

export const isClassed = ({ field, numbers }) => Boolean(field) || numbers;

export function key(geometry, shade) {
  const marks = ["light", "dark"].map((theme) => {
    const [tag, attributes] = MARKS[geometry](shade[theme]);
    return svg(tag, { ...attributes, class: `for-${theme}` });
  });
  return svg("svg", { viewBox: "0 0 20 14", class: "layer-key", "aria-hidden": "true" }, ...marks);
}
