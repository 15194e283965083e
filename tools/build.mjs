// Builds portal_core/assets_src into portal_core/static/dist: bundled, minified, with a hash in every name.
//
// Usage: node tools/build.mjs        (tools/build_assets.py calls it and knows when there is nothing to do)
// assets.json says what to build: entries (script or style sheet), folders to copy, icons of the sprite.
import * as esbuild from 'esbuild';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const SOURCE = path.join(ROOT, 'portal_core/assets_src');
const OUT = path.join(ROOT, 'portal_core/static/dist');
const MODULES = path.join(ROOT, 'node_modules');
const ICON_PACKAGE = '@tabler/icons';

// The oldest kernels in use: 360 and WeChat (Chromium 86), Windows 7 (Firefox 78), iOS 15.
const TARGET = ['chrome86', 'firefox78', 'safari15'];

const ALLOWED_LICENCES = new Set([
  'MIT', 'ISC', '0BSD', 'BSD-0-Clause', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0',
]);

/** Writes a file under a name with its hash; returns that name, relative to the output folder. */
function writeHashed(name, data) {
  const hash = createHash('sha256').update(data).digest('hex').slice(0, 10);
  const { dir, name: base, ext } = path.parse(name);
  const hashed = path.posix.join(dir, `${base}-${hash}${ext}`);
  const target = path.join(OUT, hashed);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.writeFileSync(target, data);
  return hashed;
}

/** All files below a folder. */
function filesBelow(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(full) : [full];
  });
}

/** Bundles scripts or style sheets; returns esbuild's account of what went into which file. */
async function bundle(entries, extra) {
  const entryPoints = Object.fromEntries(
    Object.entries(entries).map(([name, file]) => [name, path.join(SOURCE, file)]),
  );
  const result = await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints,
    outdir: OUT,
    bundle: true,
    minify: true,
    sourcemap: true,
    metafile: true,
    target: TARGET,
    legalComments: 'none',
    entryNames: '[dir]/[name]-[hash]',
    chunkNames: 'chunk/[name]-[hash]',
    assetNames: 'media/[name]-[hash]',
    loader: { '.svg': 'file', '.png': 'file' },
    logLevel: 'warning',
    ...extra,
  });
  return result.metafile;
}

/** Entry name -> file name, read from esbuild's account; a script's style sheet gets the script's name. */
function namesOf(metafile) {
  const relative = (file) => path.relative(OUT, path.join(ROOT, file)).split(path.sep).join('/');
  const plain = (name) => name.replace(/-[A-Z0-9]{8}(?=\.)/, '');
  const names = {};
  for (const [file, output] of Object.entries(metafile.outputs)) {
    if (!output.entryPoint) continue;
    const name = relative(file);
    names[plain(name)] = name;
    if (output.cssBundle) names[plain(name).replace(/\.js$/, '.css')] = relative(output.cssBundle);
  }
  return names;
}

/** One icon as a <symbol>; the look (line width, no fill) is set once here. */
function iconSymbol(name) {
  const file = path.join(MODULES, ICON_PACKAGE, 'icons/outline', `${name}.svg`);
  const drawing = fs.readFileSync(file, 'utf8')
    .replace(/^[\s\S]*?<svg[\s\S]*?>/, '')
    .replace(/<\/svg>\s*$/, '')
    .replace(/\s*\n\s*/g, '');
  return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" `
    + `stroke-linecap="round" stroke-linejoin="round">${drawing}</symbol>`;
}

/** Names of the npm packages whose code is really in the output. */
function packagesIn(metafiles) {
  const packages = new Set([ICON_PACKAGE]);
  for (const metafile of metafiles) {
    for (const output of Object.values(metafile.outputs)) {
      for (const input of Object.keys(output.inputs)) {
        const match = input.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/);
        if (match) packages.add(match[1]);
      }
    }
  }
  return [...packages].sort();
}

/** Licence text of a package; stops the build when the licence is not on the list or the text is missing. */
function licenceOf(name) {
  const folder = path.join(MODULES, name);
  const { version, license } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  if (!ALLOWED_LICENCES.has(license)) throw new Error(`licence of ${name} is not on the allow list: ${license}`);
  // ECharts has a folder beside its licence, with those of the code that it contains.
  const texts = fs.readdirSync(folder, { withFileTypes: true })
    .filter((entry) => /^(licen[cs]e|copying|notice)/i.test(entry.name))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(path.join(folder, entry.name)) : [path.join(folder, entry.name)]));
  if (!texts.length) throw new Error(`${name} ships no licence text`);
  const body = texts.map((file) => fs.readFileSync(file, 'utf8').trim()).join('\n\n');
  return `${name} ${version} (${license})\n${'-'.repeat(60)}\n${body}\n`;
}

/** Names of the files of the last build. They outlive this one, because pages that are open still ask for them. */
function previousFiles() {
  const file = path.join(OUT, 'files.json');
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : [];
}

/** Removes what neither this build nor the one before names. */
function removeStale(kept) {
  for (const file of filesBelow(OUT)) {
    const name = path.relative(OUT, file).split(path.sep).join('/');
    if (!kept.has(name)) fs.rmSync(file);
  }
}

async function build() {
  const started = Date.now();
  const conf = JSON.parse(fs.readFileSync(path.join(SOURCE, 'assets.json'), 'utf8'));
  fs.mkdirSync(OUT, { recursive: true });
  const previous = previousFiles();

  const scripts = Object.fromEntries(Object.entries(conf.entries).filter(([, file]) => file.endsWith('.js')));
  const styles = Object.fromEntries(Object.entries(conf.entries).filter(([, file]) => file.endsWith('.css')));
  const metafiles = [await bundle(scripts, { format: 'esm', splitting: true }), await bundle(styles, {})];
  const manifest = Object.assign({}, ...metafiles.map(namesOf));

  const symbols = conf.icons.map(iconSymbol).join('\n');
  manifest['icons.svg'] = writeHashed('icons.svg', `<svg xmlns="http://www.w3.org/2000/svg">${symbols}</svg>`);
  for (const folder of conf.copy) {
    for (const file of filesBelow(path.join(SOURCE, folder))) {
      const name = path.relative(SOURCE, file).split(path.sep).join('/');
      manifest[name] = writeHashed(name, fs.readFileSync(file));
    }
  }
  const licences = packagesIn(metafiles).map(licenceOf).join('\n\n');
  fs.writeFileSync(path.join(OUT, 'THIRD-PARTY-LICENSES.txt'), licences);

  // The manifest comes last and by rename: a running server never reads half of it.
  const sorted = Object.fromEntries(Object.entries(manifest).sort());
  fs.writeFileSync(path.join(OUT, 'manifest.json.new'), `${JSON.stringify(sorted, null, 1)}\n`);
  fs.renameSync(path.join(OUT, 'manifest.json.new'), path.join(OUT, 'manifest.json'));

  const bundled = metafiles.flatMap((metafile) => Object.keys(metafile.outputs))
    .map((file) => path.relative(OUT, path.join(ROOT, file)).split(path.sep).join('/'));
  const files = [
    'manifest.json', 'files.json', 'built-from', 'THIRD-PARTY-LICENSES.txt', ...bundled, ...Object.values(manifest),
  ];
  fs.writeFileSync(path.join(OUT, 'files.json'), JSON.stringify(files));
  removeStale(new Set([...files, ...previous]));
  console.log(`assets: ${Object.keys(manifest).length} files in ${Date.now() - started} ms`);
}

await build();
