// Bundles what the pages load into gisportal/static/built; nothing comes from elsewhere at run time.
import { build } from "esbuild";
import { cp, mkdir, readdir, rm } from "node:fs/promises";

const out = "gisportal/static/built";
// Each app keeps its own sources in <app>/frontend/; every file named *.entry.js
// or *.entry.css there becomes a page's bundle of the same name.
const rooms = ["gisportal", "surveys", "layers"];

async function entries(folder) {
  const found = [];
  for (const item of await readdir(folder, { withFileTypes: true })) {
    const path = `${folder}/${item.name}`;
    if (item.isDirectory()) {
      if (!["static", "node_modules", "__pycache__"].includes(item.name)) {
        found.push(...(await entries(path)));
      }
    } else if (/\.entry\.(js|css)$/.test(item.name)) {
      found.push(path);
    }
  }
  return found;
}

const files = (await Promise.all(rooms.map(entries))).flat();
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  entryPoints: files.map((path) => ({
    in: path,
    out: path.split("/").pop().replace(/\.entry\.(js|css)$/, ""),
  })),
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  sourcemap: false,
  charset: "utf8",
  // The form engine then shares its reactive core with the page that shows it.
  conditions: ["solid", "module"],
  external: ["*/maplibre-gl-worker.mjs"],
  loader: { ".woff2": "file", ".woff": "empty", ".svg": "file", ".png": "dataurl" },
  assetNames: "files/[name]-[hash]",
  logLevel: "warning",
});
// The map's worker is fetched by address, as a file of ours: the policy allows no blobs.
await cp("node_modules/maplibre-gl/dist/maplibre-gl-worker.mjs", `${out}/maplibre-gl-worker.mjs`);
await cp("node_modules/maplibre-gl/dist/maplibre-gl-shared.mjs", `${out}/maplibre-gl-shared.mjs`);
console.log(`built ${files.length} bundles into ${out}`);
