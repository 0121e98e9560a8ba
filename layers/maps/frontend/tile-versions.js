// Asks for each tile under the version that last wrote inside it: after an edit the
// browser fetches the tiles that the edit touched, and still has all others.
const HALF = 20037508.342789244;
// A little more than the margin of which tiles are cut, so that no edit is overlooked.
const MARGIN = 65 / 4096;

// Each table's newest version whose box meets the tile, or the floor.
function versions(tables, z, x, y) {
  const size = (2 * HALF) / 2 ** z;
  const west = x * size - HALF - size * MARGIN;
  const east = (x + 1) * size - HALF + size * MARGIN;
  const north = HALF - y * size + size * MARGIN;
  const south = HALF - (y + 1) * size - size * MARGIN;
  return tables.map(({ floor, boxes }) => {
    const touched = boxes.find(
      ([, w, s, e, n]) => w <= east && e >= west && s <= north && n >= south,
    );
    return Math.max(floor, touched?.[0] ?? 0);
  });
}

// For MapLibre's `transformRequest`; `layers` as in the page's configuration.
export function versionedRequests(layers) {
  const known = Object.values(layers).map(({ tiles, tables }) => {
    const [start] = tiles.split("{z}");
    const parts = start.split("/");
    // Numbers by table, then those that the clock raises, then the digest.
    const version = parts.at(-2).split("-");
    return { start: location.origin + start, base: parts.slice(0, -2).join("/"), rest: version.slice(tables.length), tables };
  });
  return (url) => {
    const layer = known.find(({ start }) => url.startsWith(start));
    const place = layer && /^(\d+)\/(\d+)\/(\d+)\.mvt$/.exec(url.slice(layer.start.length));
    if (!place) return { url };
    const [z, x, y] = place.slice(1).map(Number);
    const version = [...versions(layer.tables, z, x, y), ...layer.rest].join("-");
    return { url: `${location.origin}${layer.base}/${version}/${z}/${x}/${y}.mvt` };
  };
}
