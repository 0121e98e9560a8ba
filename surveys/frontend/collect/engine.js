// The form's logic is ODK's own engine; this file hands it our files and takes its XML.
import { loadForm } from "@getodk/xforms-engine";
import { createMutable } from "solid-js/store";

const XML_PART = "xml_submission_file";

function baseName(url) {
  return decodeURIComponent(String(url).split("/").pop());
}

// `form` as the store keeps it: its XML and a Blob for each file by name.
export async function openForm(form) {
  const result = await loadForm(form.xml, {
    fetchFormAttachment: async (url) => {
      const blob = form.files[baseName(url)]?.blob;
      return blob ? new Response(blob) : new Response("", { status: 404 });
    },
    missingResourceBehavior: "BLANK",
  });
  if (result.status === "failure") throw result.error;
  return result;
}

function config({ user, device }) {
  return {
    stateFactory: createMutable,
    preloadProperties: { username: user.name, deviceID: device },
    instanceAttachments: { fileNameFactory },
    geolocationProvider: {
      getLocation: () => new Promise((resolve) => {
        if (!navigator.geolocation) return resolve("");
        navigator.geolocation.getCurrentPosition(
          ({ coords }) => resolve(
            `${coords.latitude} ${coords.longitude} ${coords.altitude ?? 0} ${coords.accuracy}`,
          ),
          () => resolve(""),
          { enableHighAccuracy: true, timeout: 15_000 },
        );
      }),
    },
  };
}

// Unique on the device and the server; the phone app's names look the same.
function fileNameFactory({ writtenAt, extension }) {
  return `${writtenAt.getTime()}${Math.floor(Math.random() * 1e4)}${extension ?? ""}`;
}

function parcelled(xml, files) {
  const data = new FormData();
  data.append(XML_PART, new File([xml], XML_PART, { type: "text/xml" }));
  for (const { name, blob } of files) data.append(name, new File([blob], name, { type: blob.type }));
  return data;
}

// A new instance, a draft taken up again (`xml` and `files`), or, with `edit`, a record
// that the server has: the engine then writes whose successor it is.
export async function openInstance(form, who, { xml, files = [], edit = false } = {}) {
  if (!xml) return form.createInstance(config(who)).root;
  if (!edit) return (await form.restoreInstance({ data: [parcelled(xml, files)] }, config(who))).root;
  const input = {
    inputType: "FORM_INSTANCE_INPUT_RESOLVABLE",
    resolveInstance: () => xml,
    attachments: new Map(files.map(({ name, blob }) => [name, async () => new Response(blob)])),
  };
  return (await form.editInstance(input, config(who))).root;
}

// The instance as it is now, finished or not.
export async function written(root) {
  const payload = await root.prepareInstancePayload({ payloadType: "monolithic" });
  const [data] = payload.data;
  const files = [];
  let xml = "";
  for (const [name, file] of data) {
    if (name === XML_PART) xml = await file.text();
    else files.push({ name: file.name || name, blob: file });
  }
  return { xml, files, ready: payload.status === "ready", violations: payload.violations ?? [] };
}

export function instanceId(xml) {
  const found = new DOMParser().parseFromString(xml, "text/xml").getElementsByTagNameNS("*", "instanceID")[0];
  if (!found?.textContent) throw new Error("The form gives its records no instanceID.");
  return found.textContent;
}

const LEAVES = new Set(["input", "note", "select", "trigger", "range", "rank", "upload"]);
export const isLeaf = (node) => LEAVES.has(node.nodeType);
export const isRange = (node) => node.nodeType.startsWith("repeat-range");
export const relevantChildren = (node) =>
  (node.currentState.children ?? []).filter(
    (child) => child.currentState.relevant && (isLeaf(child) || isRange(child) || child.nodeType === "group"),
  );

function hasRange(node) {
  return relevantChildren(node).some((child) => isRange(child) || (child.nodeType === "group" && hasRange(child)));
}
export function hasQuestions(node) {
  return relevantChildren(node).some((child) => isLeaf(child) || isRange(child) || hasQuestions(child));
}
export const labelOf = (node) => node.currentState.label?.asString ?? "";

// The sections a surveyor goes through: a group each, an entry of a repeat by its groups,
// and what stands between them. `key` stays the same while answers come and go.
export function sections(root) {
  const found = [];
  walk(root, [], found);
  return found;
}

function walk(parent, context, found) {
  let loose = null;
  for (const child of relevantChildren(parent)) {
    if (isLeaf(child)) {
      if (!loose) {
        loose = { key: child.nodeId, kind: "questions", nodes: [], context, title: "" };
        found.push(loose);
      }
      loose.nodes.push(child);
      continue;
    }
    loose = null;
    if (isRange(child)) repeated(child, context, found);
    else if (hasRange(child)) walk(child, [...context, () => labelOf(child)], found);
    else if (hasQuestions(child)) {
      found.push({ key: child.nodeId, kind: "questions", nodes: [child], context, node: child });
    }
  }
}

function repeated(range, context, found) {
  const entries = range.currentState.children;
  entries.forEach((entry, index) => {
    const place = () => ({ name: labelOf(range), number: index + 1, total: range.currentState.children.length });
    const before = found.length;
    walk(entry, [...context, place], found);
    for (const section of found.slice(before)) section.entry ??= { range, index };
  });
  if (range.nodeType === "repeat-range:uncontrolled") {
    found.push({ key: `${range.nodeId}:add`, kind: "add", range, nodes: [], context });
  }
}

export function* leaves(node) {
  if (isLeaf(node)) yield node;
  else for (const child of relevantChildren(node)) yield* leaves(child);
}

export function find(root, reference) {
  const all = [root];
  while (all.length) {
    const node = all.pop();
    if (node.currentState.reference === reference) return node;
    all.push(...(node.currentState.children ?? []));
  }
  return null;
}
