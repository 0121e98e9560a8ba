// A sheet that is written from the reader's side: `at` counts from where lines begin.
// Until it has a pen it only measures.
import { colour } from "../town-map.js";

const LINE = 1.5;
const SAMPLE = 28;
const measuring = document.createElement("canvas").getContext("2d");

export class Sheet {
  constructor(width) {
    this.width = width;
    this.rtl = document.dir === "rtl";
    this.family = getComputedStyle(document.body).fontFamily;
  }

  paintOn(pen, height) {
    this.pen = pen;
    pen.fillStyle = colour("surface");
    pen.fillRect(0, 0, this.width, height);
    pen.direction = this.rtl ? "rtl" : "ltr";
  }

  left(at, width) {
    return this.rtl ? this.width - at - width : at;
  }

  // Returns the height in pixels, of as many lines as the words need.
  write(text, at, top, width, { size = 14, weight = 400, ink = "ink", middle = false } = {}) {
    measuring.font = `${weight} ${size}px ${this.family}`;
    const lines = broken(text, width);
    if (this.pen) {
      this.pen.font = measuring.font;
      this.pen.fillStyle = colour(ink);
      this.pen.textBaseline = "middle";
      this.pen.textAlign = middle ? "center" : "start";
      const x = middle ? this.left(at, width) + width / 2 : this.rtl ? this.width - at : at;
      lines.forEach((line, number) => this.pen.fillText(line, x, top + (number + 0.5) * size * LINE));
    }
    return lines.length * size * LINE;
  }

  box(at, top, width, height, paint) {
    if (!this.pen) return;
    this.pen.fillStyle = paint;
    this.pen.fillRect(this.left(at, width), top, width, height);
    this.pen.strokeStyle = colour("line");
    this.pen.strokeRect(this.left(at, width) + 0.5, top + 0.5, width - 1, height - 1);
  }

  // A sample of 28 by 16 pixels, and the words for it.
  key(paint, text, at, top, width) {
    if (this.pen) paint(this.pen, this.left(at, SAMPLE), top + 2);
    const indent = SAMPLE + 10;
    return Math.max(this.write(text, at + indent, top, width - indent, { size: 13 }), 16) + 4;
  }
}

function broken(text, width) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (lines.at(-1) && measuring.measureText(longer).width > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  // Numbers and ranges are read from left to right.
  return lines.map((line) => (/^[\d–.,٬٫+≤\s]+$/.test(line) ? `\u2066${line}\u2069` : line));
}
