// Pictograms of places and the hatch, drawn here so that no picture is fetched.
import PATHS from "../pictograms.json";

const RATIO = 2;

export const KINDS = Object.keys(PATHS);

const PLACE = 26;

export function placeIcon(kind, colours) {
  const context = canvas(PLACE);
  drawPlace(context, kind, colours);
  return image(context);
}

// In a square of 26 units.
export function drawPlace(context, kind, { ink, ground }) {
  const size = PLACE;
  context.beginPath();
  context.arc(size / 2, size / 2, 11.5, 0, 2 * Math.PI);
  context.fillStyle = ground;
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = ink;
  context.stroke();
  context.translate(5, 5);
  context.scale(16 / 24, 16 / 24);
  context.lineWidth = 2.4;
  context.lineCap = context.lineJoin = "round";
  context.stroke(new Path2D(PATHS[kind]));
}

// Lines at 45 degrees that meet over the edges of the repeated square.
export function hatch(colour) {
  const size = 8;
  const context = canvas(size);
  context.strokeStyle = colour;
  context.lineWidth = 1.3;
  context.beginPath();
  for (const shift of [-size, 0, size]) {
    context.moveTo(shift - 1, size + 1);
    context.lineTo(shift + size + 1, -1);
  }
  context.stroke();
  return image(context);
}

function canvas(size) {
  const element = document.createElement("canvas");
  element.width = element.height = size * RATIO;
  // Only read: on the graphics processor each reading would wait for it.
  const context = element.getContext("2d", { willReadFrequently: true });
  context.scale(RATIO, RATIO);
  return context;
}

function image(context) {
  const { width, height } = context.canvas;
  return context.getImageData(0, 0, width, height);
}

export function setImage(map, name, data) {
  if (map.hasImage(name)) map.updateImage(name, data);
  else map.addImage(name, data, { pixelRatio: RATIO });
}
