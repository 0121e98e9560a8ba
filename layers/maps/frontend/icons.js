// Pictograms of places and the hatch, drawn here so that no picture is fetched.
const PATHS = {
  school: "M3 10.500 12 6l9 4.500-9 4.500Zm4 2.500v4c3 2 7 2 10 0v-4",
  kindergarten: "M5 19v-6h6v6Zm8 0v-6h6v6ZM9 12V6h6v6Z",
  clinic: "M12 6v12M6 12h12",
  playground: "M5 19 9 6h6l4 13M12 6v7m-2 0h4",
  library: "M12 8c-2-1.500-4.500-2-7-2v11c2.500 0 5 .500 7 2 2-1.500 4.500-2 7-2V6c-2.500 0-5 .500-7 2Zm0 0v11",
  worship: "M6 19v-5a6 6 0 0 1 12 0v5Zm6-11V5",
  other: "M12 11.500v1",
};
const RATIO = 2;

export const KINDS = Object.keys(PATHS);

export function placeIcon(kind, { ink, ground }) {
  const size = 26;
  const context = canvas(size);
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
  return image(context);
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
  const context = element.getContext("2d");
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
