#!/usr/bin/env node
// Does a module built from a shape instantiate like its original? Measured in V8, which knows nothing of instbench.
//
//   node --wasm-lazy-compilation --experimental-wasm-type-reflection --expose-gc corpus/shape_vs_original.mjs \
//       NAME ORIGINAL.wasm SHAPE.wasm [NAME ORIGINAL.wasm SHAPE.wasm]…
//
// For each pair: compile both once, then make 31 instances of each in turn, with stub imports that are made before
// the clock starts and a garbage collection between. Prints a Markdown table: median, in ms, and their ratio.
// A start function runs in the original and is empty in the shape. Exit code 1 when a module does not instantiate.
import {readFileSync} from 'node:fs';
import {performance} from 'node:perf_hooks';

const ROUNDS = 31;

const zeroOf = (type) => (type === 'i64' ? 0n : type === 'externref' || type === 'anyfunc' || type === 'funcref' ? null : 0);

function stub({kind, type}) {
  switch (kind) {
    case 'function': {
      const answer = type.results.map(zeroOf);
      return answer.length > 1 ? () => answer : () => answer[0];
    }
    case 'memory': return new WebAssembly.Memory({initial: type.minimum, maximum: type.maximum, shared: type.shared});
    case 'table': return new WebAssembly.Table({initial: type.minimum, maximum: type.maximum, element: type.element === 'funcref' ? 'anyfunc' : type.element});
    case 'global': return new WebAssembly.Global({value: type.value === 'funcref' ? 'anyfunc' : type.value, mutable: type.mutable}, zeroOf(type.value));
    case 'tag': return new WebAssembly.Tag({parameters: type?.parameters ?? []});
    default: throw new Error(`cannot stub an import of kind ${kind}`);
  }
}

// Imported globals are 0, those that say where data goes (__memory_base) too.
function importsOf(module) {
  const imports = {};
  for (const entry of WebAssembly.Module.imports(module)) {
    imports[entry.module] ??= {};
    imports[entry.module][entry.name] ??= stub(entry);
  }
  return imports;
}

function instantiateMs(module) {
  const imports = importsOf(module);
  globalThis.gc();
  const begin = performance.now();
  new WebAssembly.Instance(module, imports);
  return performance.now() - begin;
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

function compare(original, shape) {
  const modules = [original, shape].map((path) => new WebAssembly.Module(readFileSync(path)));
  const times = [[], []];
  for (let round = 0; round < ROUNDS; ++round) {
    const order = round % 2 ? [1, 0] : [0, 1];
    for (const which of order) times[which].push(instantiateMs(modules[which]));
  }
  return times.map((list) => median(list.slice(1)));  // the first of each pays for lazy set-up in V8
}

function main(words) {
  if (words.length === 0 || words.length % 3 || !globalThis.gc || !WebAssembly.Global.prototype.type) {
    console.error('usage: node --wasm-lazy-compilation --experimental-wasm-type-reflection --expose-gc ' +
                  'shape_vs_original.mjs NAME ORIGINAL.wasm SHAPE.wasm …');
    return 2;
  }
  console.log('| module | original, ms | shape, ms | shape / original |\n|---|---|---|---|');
  let failed = 0;
  for (let i = 0; i < words.length; i += 3) {
    try {
      const [original, shape] = compare(words[i + 1], words[i + 2]);
      console.log(`| ${words[i]} | ${original.toFixed(3)} | ${shape.toFixed(3)} | ${(shape / original).toFixed(2)} |`);
    } catch (error) {
      console.error(`${words[i]}: ${error.message}`);
      failed = 1;
    }
  }
  return failed;
}

process.exitCode = main(process.argv.slice(2));
