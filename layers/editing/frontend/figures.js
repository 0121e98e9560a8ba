// The form's fields are the state: corners and lines as text, a position a line.

const BETWEEN = /[\s,;،]+/;

export function readRings(text) {
  const found = [[]];
  for (const line of text.split("\n")) {
    if (!line.trim()) {
      if (found.at(-1).length) found.push([]);
      continue;
    }
    const position = line.trim().split(BETWEEN).map(Number);
    if (position.length === 2 && position.every(Number.isFinite)) found.at(-1).push(position);
  }
  return found.filter((ring) => ring.length);
}

export function writeRings(rings) {
  return rings.map((ring) => ring.map(([x, y]) => `${x} ${y}`).join("\n")).join("\n\n");
}

export function readCodes(text) {
  return [...new Set(text.split(/[\n,،]+/).map((code) => code.trim()).filter(Boolean))];
}
