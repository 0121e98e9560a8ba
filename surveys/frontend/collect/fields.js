// A question of each type as the surveyor meets it. What is shown and what is allowed is
// the engine's to say; here it gets its shape and its touch targets.
import h from "solid-js/h";
import { For, Show, createEffect, createMemo, createSignal, onCleanup, onMount, untrack } from "solid-js";

import { Scanner } from "./barcode.js";
import { hasQuestions, isRange, relevantChildren } from "./engine.js";
import { parcelMap, placeMap } from "./map.js";

const MANY = 12;
const FIRST_SHOWN = 60;
const LARGEST_SIDE = 1600;

// Words with %(name)s places, as the server's catalogue writes them.
export const fill = (text, given) => text.replace(/%\((\w+)\)s/g, (_all, key) => given[key]);

// Between right-to-left words a number such as 1-0367 would be shown back to front.
export const isolated = (text) => `\u2068${text}\u2069`;

const digits = (text) => text
  .replace(/[\u0660-\u0669]/g, (sign) => sign.charCodeAt(0) - 0x660)
  .replace(/[\u06f0-\u06f9]/g, (sign) => sign.charCodeAt(0) - 0x6f0)
  .replace("\u066b", ".").trim();

// `kit` carries words, the form's files and what the page knows of the town.
// An element of `h` is made when it is first put somewhere, and belongs to whoever puts it
// there. In a list that is the list as a whole: when it changes, what stays would keep its
// place and lose its life. Made at once, it belongs to its own item.
const made = (element) => {
  let found = element;
  while (typeof found === "function" && Object.getOwnPropertySymbols(found).length) found = found();
  return found;
};
export const items = (each, make) => h(For, { each }, (item, index) => made(make(item, index)));

export function Questions({ nodes, kit }) {
  return items(nodes, (node) => h(Question, { node, kit }));
}

function Question({ node, kit }) {
  if (node.nodeType === "group") {
    return h(Show, { when: () => hasQuestions(node) }, () => h("fieldset", { class: "collect-group" },
      h(Show, { when: () => node.currentState.label?.asString }, h("legend", {}, () => node.currentState.label?.asString)),
      Questions({ nodes: () => relevantChildren(node), kit })));
  }
  if (isRange(node)) return null;
  return field(node, kit);
}

function field(node, kit) {
  const id = `q-${node.nodeId.replace(/\W/g, "-")}`;
  const [touched, touch] = createSignal(false);
  const [own, complain] = createSignal("");
  const error = createMemo(() => {
    if (own()) return own();
    const violation = node.validationState?.violation;
    if (!violation || !(touched() || kit.strict())) return "";
    return violation.message?.asString || kit.words[violation.condition === "required" ? "required" : "invalid"];
  });
  const context = { node, kit, id, touch: () => touch(true), complain, error };
  const control = CONTROLS[node.nodeType] ?? (() => null);
  const grouped = isGrouped(node);
  return h(grouped ? "fieldset" : "div",
    {
      class: () => `collect-question ${error() ? "collect-faulty" : ""}`,
      id: `${id}-box`,
      "data-name": node.currentState.reference.split("/").pop(),
      "data-reference": node.currentState.reference,
      "aria-describedby": grouped ? `${id}-hint ${id}-error` : undefined,
    },
    label(node, kit, id, grouped),
    control(context),
    h("p", { class: "form-error", id: `${id}-error`, role: "alert" }, error));
}

function isGrouped(node) {
  if (node.nodeType === "select") return !node.appearances?.minimal && !node.appearances?.map;
  return node.nodeType === "rank";
}

function label(node, kit, id, grouped) {
  const text = () => node.nodeType === "note" ? node.currentState.noteText : node.currentState.label;
  const required = () => node.currentState.required && !node.currentState.readonly;
  const inside = [
    Rich({ range: text }),
    h(Show, { when: required }, h("span", { class: "collect-required", "aria-hidden": "true" }, "\u00a0*")),
  ];
  const head = node.nodeType === "note" ? h("div", { class: "collect-note" }, inside)
    : grouped ? h("legend", { class: "collect-label" }, inside)
    : h("label", { class: "collect-label", for: id }, inside);
  return [
    head,
    Media({ range: text, kit }),
    h(Show, { when: () => node.nodeType !== "note" && node.currentState.hint?.asString },
      h("div", { class: "soft small", id: `${id}-hint` }, Rich({ range: () => node.currentState.hint }))),
  ];
}

const ELEMENTS = new Set(["h1", "h2", "h3", "h4", "h5", "h6", "div", "em", "li", "ol", "p", "span", "strong", "u", "ul"]);

// The engine's parsed Markdown as elements; HTML in a label is shown as its text.
function Rich({ range }) {
  const draw = (part) => {
    if (part.role === "child") return document.createTextNode(part.value);
    if (part.role === "line-break") return document.createElement("br");
    if (part.role === "html") {
      const text = new DOMParser().parseFromString(part.unsafeHtml, "text/html").body.textContent;
      return document.createTextNode(text);
    }
    const name = /^h[1-6]$/.test(part.elementName) ? "strong" : part.elementName;
    const element = document.createElement(ELEMENTS.has(name) ? name : "span");
    element.append(...part.children.map(draw));
    return element;
  };
  return () => (range()?.formatted ?? []).map(draw);
}

function Media({ range, kit }) {
  const url = (source) => source && kit.file(String(source).split("/").pop());
  return [
    h(Show, { when: () => url(range()?.imageSource) }, h("img", { class: "collect-media", alt: "", src: () => url(range()?.imageSource) })),
    h(Show, { when: () => url(range()?.audioSource) }, h("audio", { controls: true, src: () => url(range()?.audioSource) })),
    h(Show, { when: () => url(range()?.videoSource) }, h("video", { class: "collect-media", controls: true, src: () => url(range()?.videoSource) })),
  ];
}

const aria = ({ id, error }) => ({
  "aria-describedby": `${id}-hint ${id}-error`,
  "aria-invalid": () => (error() ? "true" : "false"),
});

// -- typed answers -----------------------------------------------------------------------

const TYPES = {
  string: { read: (raw) => raw },
  int: { mode: "numeric", read: (raw) => digits(raw), fault: (text) => !/^[+-]?\d{1,15}$/.test(text) && "notInteger" },
  decimal: { mode: "decimal", read: (raw) => digits(raw).replace(",", "."), fault: (text) => !Number.isFinite(Number(text)) && "notNumber" },
  date: { type: "date" },
  time: { type: "time", read: (raw) => raw && `${raw.slice(0, 5)}:00.000${offset(new Date())}`, show: (text) => text.slice(0, 5) },
  dateTime: {
    type: "datetime-local",
    read: (raw) => raw && `${raw.slice(0, 16)}:00.000${offset(new Date(raw))}`,
    show: (text) => local(text),
  },
};

function offset(date) {
  const minutes = -date.getTimezoneOffset();
  const two = (number) => String(Math.floor(Math.abs(number))).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}
function local(text) {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return "";
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function input(context) {
  const { node, kit, id, touch, complain } = context;
  if (["geopoint", "geotrace", "geoshape"].includes(node.valueType)) return place(context);
  const type = TYPES[node.valueType] ?? TYPES.string;
  const shown = () => (type.show ?? String)(node.currentState.instanceValue ?? "");
  // What is being written stays as written until it makes sense.
  const [raw, setRaw] = createSignal(null);
  const rows = node.nodeOptions?.rows ?? (node.appearances?.multiline ? 4 : null);
  const write = (event) => {
    const text = type.read ? type.read(event.target.value) : event.target.value;
    const fault = text && type.fault?.(text);
    setRaw(fault ? event.target.value : null);
    complain(fault ? kit.words[fault] : "");
    if (!fault) node.setValue(text === "" ? null : text);
  };
  const shared = {
    id, class: "form-control", dir: node.valueType === "string" ? "auto" : undefined,
    disabled: () => node.currentState.readonly, onInput: write, onChange: touch, ...aria(context),
  };
  if (rows) return h("textarea", { ...shared, rows, value: () => raw() ?? shown() });
  const numeric = type.mode || node.appearances?.numbers;
  const typed = h("input", {
    ...shared, type: type.type ?? "text", inputmode: numeric ? type.mode ?? "numeric" : undefined,
    autocomplete: "off", value: () => raw() ?? shown(),
  });
  if (node.valueType !== "barcode") return typed;
  return h("div", {}, typed, h(Scanner, { words: kit.words, found: (code) => { node.setValue(code); touch(); } }));
}

function range(context) {
  const { node, id, touch } = context;
  const { min, max, step } = node.definition.bounds;
  const value = () => node.currentState.instanceValue;
  return h("div", { class: "collect-range" },
    h("input", {
      id, type: "range", class: "form-range", min: String(min), max: String(max), step: String(step),
      value: () => value() || String(min), disabled: () => node.currentState.readonly,
      onInput: (event) => { node.setValue(event.target.value); touch(); }, ...aria(context),
    }),
    h("output", { for: id }, () => value() || "—"));
}

function trigger({ node, kit, id, touch }) {
  return h("label", { class: "collect-choice" },
    h("input", {
      id, type: "checkbox", checked: () => Boolean(node.currentState.value),
      onChange: (event) => { node.setValue(event.target.checked); touch(); },
    }),
    h("span", {}, kit.words.yes));
}

// -- choices -----------------------------------------------------------------------------

function select(context) {
  const { node } = context;
  if (node.appearances?.map) return parcels(context);
  return node.appearances?.minimal && node.selectType === "select1" ? menu(context) : boxes(context);
}

function menu(context) {
  const { node, kit, id, touch } = context;
  return h("select", {
    id, class: "form-select", disabled: () => node.currentState.readonly,
    onChange: (event) => { node.selectValue(event.target.value || null); touch(); }, ...aria(context),
  },
  h("option", { value: "" }, kit.words.choose),
  items(() => node.currentState.valueOptions, (item) =>
    h("option", { value: item.value, selected: () => node.isSelected(item.value) }, () => item.label?.asString ?? item.value)));
}

// A list; beyond a dozen it can be searched, and a long one is shown in portions.
function searchable(node) {
  const [wanted, want] = createSignal("");
  const [shown, show] = createSignal(FIRST_SHOWN);
  const matching = createMemo(() => {
    const sought = plain(wanted());
    const all = node.currentState.valueOptions;
    return sought ? all.filter((item) => plain(item.label?.asString ?? item.value).includes(sought)) : all;
  });
  return { want, sought: wanted, matching, visible: () => matching().slice(0, shown()), more: () => show(shown() + FIRST_SHOWN),
    hidden: () => matching().length > shown(), many: () => node.currentState.valueOptions.length > MANY };
}

const plain = (text) => digits(text).toLowerCase()
  .replace(/[\u064b-\u065f\u0640]/g, "").replace(/[أإآ]/g, "ا").replace(/ى/g, "ي").replace(/ة/g, "ه");

function boxes(context) {
  const { node, kit, id, touch } = context;
  const single = node.selectType === "select1";
  const list = searchable(node);
  const pick = (item, on) => {
    if (single) node.selectValue(on ? item.value : null);
    else {
      const former = untrack(() => node.currentState.value);
      node.selectValues(on ? [...former, item.value] : former.filter((value) => value !== item.value));
    }
    touch();
  };
  return h("div", { class: () => `collect-choices ${compact(node) ? "collect-row" : ""}` },
    h(Show, { when: () => list.many() || node.appearances?.autocomplete },
      h("input", { type: "search", class: "form-control", "aria-label": kit.words.search, placeholder: kit.words.search, onInput: (event) => list.want(event.target.value) })),
    items(list.visible, (item) =>
      h("label", { class: "collect-choice" },
        h("input", {
          type: single ? "radio" : "checkbox", name: id, value: item.value,
          checked: () => node.isSelected(item.value), disabled: () => node.currentState.readonly,
          // A second touch takes a choice back: a question may stay unanswered.
          onClick: (event) => {
            if (single && untrack(() => node.isSelected(item.value))) { event.target.checked = false; pick(item, false); }
          },
          onChange: (event) => pick(item, event.target.checked),
        }),
        h("span", {}, Rich({ range: () => item.label }), Media({ range: () => item.label, kit })))),
    h(Show, { when: list.hidden }, h("button", { type: "button", class: "btn btn-outline-primary", onClick: list.more }, kit.words.more)));
}

function compact(node) {
  if (node.appearances?.horizontal || node.appearances?.likert) return true;
  const items = node.currentState.valueOptions;
  return items.length <= 3 && items.every((item) => (item.label?.asString ?? "").length <= 14);
}

function parcels(context) {
  const { node, kit, id, touch } = context;
  const list = searchable(node);
  const chosen = () => node.currentState.value[0] ?? "";
  const nameOf = (value) => untrack(() => node.getValueOption(value)?.label?.asString) ?? value;
  const pick = (value) => { node.selectValue(value || null); touch(); };
  const [trouble, setTrouble] = createSignal("");
  let drawn = null, place = null;
  const box = h("div", { class: "collect-map", role: "application", "aria-label": kit.words.map, ref: (element) => { place = element; } });
  // Here and not where the element is made: what makes it may run again, and would take
  // the map away from under an element that stays.
  onMount(() => {
    const items = untrack(() => node.currentState.valueOptions.map((item) => {
      const properties = Object.fromEntries(item.properties);
      return { value: item.value, label: item.label?.asString ?? item.value, corners: properties.geometry, colour: properties.fill };
    }));
    drawn = parcelMap(place, { items, bounds: kit.bounds, words: kit.words, pick, fail: () => setTrouble(kit.words.noLocation) });
    if (untrack(chosen)) drawn.choose(untrack(chosen), { fly: true });
  });
  onCleanup(() => { drawn?.remove(); drawn = null; });
  createEffect(() => { const value = chosen(); drawn?.choose(value); });
  return [
    h("p", { class: "collect-chosen", role: "status" }, () => chosen() ? fill(kit.words.selected, { name: nameOf(chosen()) }) : kit.words.none),
    box,
    h("p", { class: "form-error" }, trouble),
    h("div", { class: "collect-buttons" },
      h("button", { type: "button", class: "btn btn-outline-primary", onClick: () => drawn?.locate() }, kit.words.myLocation),
      h(Show, { when: chosen }, h("button", { type: "button", class: "btn btn-outline-primary", "data-clear": "", onClick: () => pick("") }, kit.words.clear))),
    h("input", {
      id, type: "search", class: "form-control", inputmode: "search", placeholder: kit.words.findParcel, "aria-label": kit.words.findParcel,
      onInput: (event) => list.want(event.target.value),
    }),
    h("ul", { class: "collect-found" },
      items(() => (list.sought() ? list.matching().slice(0, 8) : []), (item) => h("li", {},
        h("button", {
          type: "button", class: "btn btn-outline-primary", "aria-pressed": () => String(node.isSelected(item.value)),
          onClick: () => { pick(item.value); drawn.choose(item.value, { fly: true }); },
        }, () => item.label?.asString ?? item.value)))),
    h(Show, { when: () => list.matching().length === 0 }, h("p", { class: "soft" }, kit.words.noMatch)),
  ];
}

function rank({ node, kit, touch }) {
  const order = () => node.currentState.value.length ? node.currentState.value : node.currentState.valueOptions.map((item) => item.value);
  const move = (index, by) => {
    const values = [...untrack(order)];
    [values[index], values[index + by]] = [values[index + by], values[index]];
    node.setValues(values);
    touch();
  };
  const name = (value) => node.getValueLabel(value)?.asString ?? value;
  return [
    h("p", { class: "soft small" }, kit.words.rank),
    h("ol", { class: "collect-rank" }, items(order, (value, index) => h("li", {},
      h("span", {}, () => name(value)),
      h("button", { type: "button", class: "btn btn-outline-primary", "aria-label": () => `${kit.words.up}: ${name(value)}`, disabled: () => index() === 0, onClick: () => move(index(), -1) }, "↑"),
      h("button", { type: "button", class: "btn btn-outline-primary", "aria-label": () => `${kit.words.down}: ${name(value)}`, disabled: () => index() === order().length - 1, onClick: () => move(index(), 1) }, "↓")))),
  ];
}

// -- places ------------------------------------------------------------------------------

function place(context) {
  const { node, kit, id, touch } = context;
  const kind = node.valueType;
  const [note, say] = createSignal("");
  const [open, setOpen] = createSignal(kind !== "geopoint");
  const text = () => node.currentState.instanceValue ?? "";
  const write = (value) => { node.setValue(value || null); touch(); };
  let drawn = null;
  const accuracy = () => Number(text().split(/[ ;]/)[3] || 0);
  const take = () => {
    say(kit.words.locating);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        write(`${coords.latitude} ${coords.longitude} ${coords.altitude ?? 0} ${coords.accuracy}`);
        drawn?.refresh();
        say("");
      },
      () => say(kit.words.noLocation), { enableHighAccuracy: true, timeout: 30_000, maximumAge: 0 },
    );
  };
  return [
    h("p", { class: "collect-chosen", role: "status" }, () => {
      if (!text()) return kit.words.none;
      const [latitude, longitude] = text().split(/\s+/);
      const spot = kind === "geopoint" ? `\u2066${Number(latitude).toFixed(5)}, ${Number(longitude).toFixed(5)}\u2069` : `${text().split(";").length} •`;
      return accuracy() ? `${spot} · ${fill(kit.words.accuracy, { metres: Math.round(accuracy()) })}` : spot;
    }),
    h("div", { class: "collect-buttons" },
      h(Show, { when: kind === "geopoint" }, h("button", { id, type: "button", class: "btn btn-primary", onClick: take }, kit.words.getLocation)),
      h(Show, { when: () => !open() }, h("button", { type: "button", class: "btn btn-outline-primary", onClick: () => setOpen(true) }, kit.words.openMap)),
      h(Show, { when: () => text() }, h("button", { type: "button", class: "btn btn-outline-primary", onClick: () => { write(""); drawn?.refresh(); } }, kit.words.clear))),
    h("p", { class: "soft", role: "status" }, note),
    h(Show, { when: open }, () => h("div", {},
      h("p", { class: "soft small" }, kind === "geopoint" ? kit.words.point : kit.words.points),
      h("div", { class: "collect-map", role: "application", "aria-label": kit.words.map, ref: (element) => onMount(() => {
        drawn = placeMap(element, { kind, read: () => untrack(text), write, bounds: kit.bounds, words: kit.words, context: kit.outlines(), fail: () => say(kit.words.noLocation) });
        onCleanup(() => { drawn.remove(); drawn = null; });
      }) }),
      h("div", { class: "collect-buttons" },
        h("button", { type: "button", class: "btn btn-outline-primary", onClick: () => drawn?.locate() }, kit.words.myLocation),
        h("button", { type: "button", class: "btn btn-outline-primary", onClick: () => drawn.middle() }, "+"),
        h(Show, { when: kind !== "geopoint" }, h("button", { type: "button", class: "btn btn-outline-primary", onClick: () => drawn.undo() }, kit.words.undo))))),
  ];
}

// -- files -------------------------------------------------------------------------------

function upload(context) {
  const { node, kit, id, touch } = context;
  const { accept } = node.nodeOptions.media;
  const isImage = accept.startsWith("image");
  const [url, setUrl] = createSignal("");
  createEffect(() => {
    const file = node.currentState.value;
    const made = file instanceof Blob && file.type.startsWith("image/") ? URL.createObjectURL(file) : "";
    setUrl(made);
    onCleanup(() => made && URL.revokeObjectURL(made));
  });
  const take = async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    node.setValue(isImage ? await smaller(file, node.maxPixels ?? LARGEST_SIDE) : file);
    event.target.value = "";
    touch();
  };
  return [
    h(Show, { when: url }, h("img", { class: "collect-photo", alt: "", src: url })),
    h(Show, { when: () => node.currentState.value && !url() }, h("p", { class: "collect-chosen" }, () => node.currentState.instanceValue)),
    h("div", { class: "collect-buttons" },
      h("label", { class: "btn btn-primary collect-file" },
        isImage ? kit.words.photo : kit.words.file,
        h("input", {
          id, type: "file", class: "visually-hidden", accept, onChange: take,
          capture: isImage && node.appearances?.new ? "environment" : undefined, ...aria(context),
        })),
      h(Show, { when: () => node.currentState.value },
        h("button", { type: "button", class: "btn btn-outline-primary", onClick: () => { node.setValue(null); touch(); } }, kit.words.remove))),
  ];
}

// Redrawn on a canvas: no larger than needed, and without what the camera wrote of place
// and time. What the browser can't draw goes as it is; the server cleans it.
async function smaller(file, side) {
  let picture;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return file;
  }
  const scale = Math.min(1, side / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
  return blob ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : file;
}

const CONTROLS = { input, range, trigger, select, rank, upload, note: () => null };
