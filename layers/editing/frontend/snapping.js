// Catches a pointer on corners and borders near it. Positions are [longitude, latitude].

export const DIGITS = 8;
const CORNER = 12;
const BORDER = 9;

export function round([x, y]) {
  return [Number(x.toFixed(DIGITS)), Number(y.toFixed(DIGITS))];
}

export function rings(geometry) {
  return geometry.type === "MultiPolygon" ? geometry.coordinates.flat() : geometry.coordinates;
}

// The nearest corner within CORNER pixels, else the nearest spot on a border within
// BORDER, else the position itself. `project` turns a position into pixels.
export function snap(position, features, project, except = () => false) {
  const at = project(position);
  let best = { distance: CORNER, position: null };
  let edge = { distance: BORDER, position: null };
  for (const { geometry } of features) {
    for (const ring of rings(geometry)) {
      let before = null;
      let beforePixel = null;
      for (const corner of ring) {
        const pixel = project(corner);
        const distance = Math.hypot(pixel.x - at.x, pixel.y - at.y);
        if (distance < best.distance && !except(corner)) best = { distance, position: corner };
        if (before && !except(corner) && !except(before)) {
          const share = along(at, beforePixel, pixel);
          const x = beforePixel.x + share * (pixel.x - beforePixel.x);
          const y = beforePixel.y + share * (pixel.y - beforePixel.y);
          const away = Math.hypot(x - at.x, y - at.y);
          if (away < edge.distance) {
            edge = {
              distance: away,
              position: [before[0] + share * (corner[0] - before[0]), before[1] + share * (corner[1] - before[1])],
            };
          }
        }
        before = corner;
        beforePixel = pixel;
      }
    }
  }
  if (best.position) return { position: best.position, caught: true };
  if (edge.position) return { position: round(edge.position), caught: true };
  return { position: round(position), caught: false };
}

function along(at, start, end) {
  const dx = end.x - start.x;
  const dy = end.y - start.y;
  const length = dx * dx + dy * dy;
  if (!length) return 0;
  return Math.min(1, Math.max(0, ((at.x - start.x) * dx + (at.y - start.y) * dy) / length));
}
