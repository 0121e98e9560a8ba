// A layer drawn as its declaration says: in one colour, or by classes of a field.
export const theme = () => (document.documentElement.dataset.bsTheme === "dark" ? "dark" : "light");

export function ink({ shades, others, field, numbers, least }) {
  const now = theme();
  if (!field) return shades[0][now];
  const blank = others?.[now] ?? "transparent";
  const value = ["get", field];
  if (!numbers) return ["match", ["to-string", value], ...shades.flatMap((each) => [each.value, each[now]]), blank];
  const steps = ["case", ["!=", ["typeof", value], "number"], blank];
  if (least !== null) steps.push(["<", value, least], blank);
  for (const each of shades) {
    if (each.value !== null) steps.push(["<=", value, each.value], each[now]);
  }
  const last = shades.at(-1);
  return [...steps, last.value === null ? last[now] : blank];
}

function radius({ size, grows_with: by, growth: [step, most] }) {
  if (!by) return size;
  const root = ["sqrt", ["to-number", ["get", by], 1]];
  return ["min", ["+", size, ["*", step, ["-", root, 1]]], most];
}

// Style layers of MapLibre; the first has the layer's own name.
export function styledLayers({ name, geometry, style }, halo) {
  const from = { source: name, "source-layer": name };
  const colour = ink(style);
  const { width, opacity, parted } = style;
  if (geometry === "point") {
    return [{ id: name, type: "circle", ...from,
      paint: { "circle-color": colour, "circle-radius": radius(style), "circle-opacity": opacity,
               "circle-stroke-width": width, "circle-stroke-color": halo, "circle-stroke-opacity": opacity } }];
  }
  const line = { id: name, type: "line", ...from, layout: { "line-join": "round", "line-cap": "round" },
    paint: { "line-color": colour, "line-width": width, "line-opacity": opacity } };
  if (geometry === "line") return [line];
  const edge = { "line-color": parted ? halo : colour, "line-opacity": Math.min(opacity + 0.2, 1) };
  return [
    { id: name, type: "fill", ...from, paint: { "fill-color": colour, "fill-opacity": opacity, "fill-antialias": false } },
    { ...line, id: `${name}-outline`, paint: { ...line.paint, ...edge } },
  ];
}
