// A layer drawn as its declaration says: in one colour, or by classes of a field.
const theme = () => (document.documentElement.dataset.bsTheme === "dark" ? "dark" : "light");

export function ink({ shades, field, numbers }) {
  const now = theme();
  const others = shades.at(-1)[now];
  const classes = shades.slice(0, -1);
  if (!field || !classes.length) return others;
  if (!numbers) {
    return ["match", ["get", field], ...classes.flatMap((each) => [each.value, each[now]]), others];
  }
  const steps = ["case", ["!", ["has", field]], others];
  for (const { value, ...each } of classes) {
    if (value !== null) steps.push(["<=", ["get", field], value], each[now]);
  }
  return [...steps, classes.at(-1)[now]];
}

// Style layers of MapLibre; the first has the layer's own name.
export function styledLayers({ name, geometry, style }, halo) {
  const from = { source: name, "source-layer": name };
  const colour = ink(style);
  const { width, size, opacity } = style;
  if (geometry === "point") {
    return [{ id: name, type: "circle", ...from,
      paint: { "circle-color": colour, "circle-radius": size, "circle-opacity": opacity,
               "circle-stroke-width": width, "circle-stroke-color": halo, "circle-stroke-opacity": opacity } }];
  }
  const line = { id: name, type: "line", ...from, layout: { "line-join": "round", "line-cap": "round" },
    paint: { "line-color": colour, "line-width": width, "line-opacity": opacity } };
  if (geometry === "line") return [line];
  return [
    { id: name, type: "fill", ...from, paint: { "fill-color": colour, "fill-opacity": opacity, "fill-antialias": false } },
    { ...line, id: `${name}-outline`, paint: { ...line.paint, "line-opacity": Math.min(opacity + 0.2, 1) } },
  ];
}
