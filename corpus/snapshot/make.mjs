// Makes the module `spidermonkey-snapshot`: StarlingMonkey with a small program loaded, its heap a data segment
// (componentize-js, by Wizer's snapshot). Run by corpus/fetch.py in a folder where package-lock.json is installed:
//
//   node make.mjs OUT.wasm
//
// Writes the first core module of the component, which imports nothing because every feature that needs the host
// is left out. Heap addresses differ from run to run, so the bytes do; the shape does not (fetch.py compares it).
import {writeFileSync} from 'node:fs';
import {componentize} from '@bytecodealliance/componentize-js';

const PROGRAM = `
export function work(n) { let s = 0; for (let i = 0; i < n; ++i) s += i * i; return s | 0; }
export function greet(name) { return 'Hello, ' + name; }
`;
const WORLD = `
package local:snapshot;
world snapshot { export work: func(n: s32) -> s32; export greet: func(name: string) -> string; }
`;
const CORE_MODULE = 1;  // a section of a component, github.com/WebAssembly/component-model, design/mvp/Binary.md

function firstCoreModule(component) {
  for (let at = 8; at < component.length;) {
    const id = component[at++];
    let size = 0;
    for (let shift = 0, byte = 0x80; byte & 0x80; shift += 7) {
      byte = component[at++];
      size += (byte & 0x7f) * 2 ** shift;
    }
    if (id === CORE_MODULE) return component.subarray(at, at + size);
    at += size;
  }
  throw new Error('the component has no core module');
}

const {component} = await componentize(PROGRAM, {
  witWorld: WORLD,
  worldName: 'snapshot',
  disableFeatures: ['random', 'stdio', 'clocks', 'http', 'fetch-event'],
});
writeFileSync(process.argv[2], firstCoreModule(component));
