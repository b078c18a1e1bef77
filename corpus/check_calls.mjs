#!/usr/bin/env node
// Replays the corpus's call scripts (calls/*.json, described in README.md) in V8, which knows nothing of instbench: a
// second witness for every answer that the benchmark checks.
//
//   node corpus/check_calls.mjs [--cache DIR] [NAME]…
//
// Prints "NAME ok", "NAME skipped: …" (a real module that is not in the cache) or "NAME: step N …". Needs wat2wasm (of
// wabt) for the wat modules. Exit code: 0 all are right or skipped; 1 an answer is wrong; 2 usage; 77 no module was there.
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {homedir, tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {Host, importsFor} from './call_host.mjs';
import {fail, runSteps} from './call_steps.mjs';

const CORPUS = fileURLToPath(new URL('.', import.meta.url));

function replay(wasm, script) {
  const module = new WebAssembly.Module(wasm);
  const it = new Host(script);
  it.exports = new WebAssembly.Instance(module, importsFor(module, script, it)).exports;
  for (const name of script.preinit ?? []) it.exports[name]();
  runSteps(script, it);
}

// ---- modules ----

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

function wasmOf(entry, cache) {
  if (entry.tier === 'wat') {
    const folder = mkdtempSync(path.join(tmpdir(), 'instbench-calls-'));
    try {
      const out = path.join(folder, 'a.wasm');
      execFileSync('wat2wasm', ['--enable-all', path.join(CORPUS, entry.file), '-o', out]);
      return readFileSync(out);
    } finally {
      rmSync(folder, {recursive: true});
    }
  }
  const file = path.join(cache, 'real', `${entry.name}-${entry.sha256.slice(0, 16)}.wasm`);
  if (!existsSync(file)) return null;
  const wasm = readFileSync(file);
  const expected = entry.generate ? readFileSync(`${file}.sha256`, 'utf8') : entry.sha256;
  if (sha256(wasm) !== expected) fail('the cached module is damaged: delete it and fetch it again');
  return wasm;
}

function check(entry, cache) {
  const text = readFileSync(path.join(CORPUS, entry.call.file));
  if (sha256(text) !== entry.call.sha256) fail(`${entry.call.file} was edited: run corpus/rehash.py`);
  const wasm = wasmOf(entry, cache);
  if (!wasm) return `skipped: not fetched: run \`instbench fetch real --only ${entry.name}\``;
  replay(wasm, JSON.parse(text));
  return 'ok';
}

function main(words) {
  const at = words.indexOf('--cache');
  const cache = at < 0 ? path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'instbench') : words.splice(at, 2)[1];
  if (!cache) {
    console.error('usage: node check_calls.mjs [--cache DIR] [NAME]…');
    return 2;
  }
  const {modules} = JSON.parse(readFileSync(path.join(CORPUS, 'manifest.json')));
  const chosen = modules.filter((entry) => entry.call && (words.length === 0 || words.includes(entry.name)));
  const unknown = words.find((word) => !chosen.some((entry) => entry.name === word));
  if (unknown) {
    console.error(`check_calls: no module '${unknown}' with a call`);
    return 2;
  }
  let done = 0, wrong = 0;
  for (const entry of chosen) {
    try {
      const outcome = check(entry, cache);
      console.log(`${entry.name} ${outcome}`);
      if (outcome === 'ok') ++done;
    } catch (error) {
      console.log(`${entry.name}: ${error.message}`);
      ++wrong;
    }
  }
  return wrong ? 1 : done ? 0 : 77;
}

process.exitCode = main(process.argv.slice(2));
