// What a cell runs: a compiled module, what its imports get, and which part of an instance the host can see.
import {Host, hostFunction, hostObject} from '../../../corpus/call_host.mjs';
import '../../../corpus/wasm_types.mjs';  // imports() tells types from now on
import {Skipped} from './outcome.mjs';

const SECTION = {table: 4, memory: 5, global: 6, start: 8};

// The first number in each section: how many tables, memories or globals it defines; V8 tells of exported ones only.
function sectionCounts(wasm) {
  const counts = {};
  let at = 8;
  const number = () => {
    let value = 0, scale = 1, byte;
    do {
      byte = wasm[at++];
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte & 128);
    return value;
  };
  while (at < wasm.length) {
    const id = wasm[at++], size = number(), begin = at;
    counts[id] = number();
    at = begin + size;
  }
  return counts;
}

function compile(wasm) {
  try {
    return new WebAssembly.Module(wasm);
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    throw new Skipped(`V8 ${process.versions.v8} cannot compile it: ${error.message}`);
  }
}

const trap = ({module, name}) => () => { throw new Error(`called the import ${module}.${name}`); };

const isOutOfMemory = (error) => error instanceof RangeError && /memory/i.test(error.message);

function refusal(error) {
  if (isOutOfMemory(error)) {
    return new Skipped(`V8 has no room for another memory, each of which reserves about 10 GiB of address space: ${error.message}`);
  }
  return new Error(`instantiation failed: ${error.message}`);
}

export class Program {
  // `names`: under which names memory 0 and table 0 are exported, or undefined: then the first ones are taken.
  // `script`: what imported functions answer; without it they trap.
  constructor(wasm, names, script) {
    this.module = compile(wasm);
    this.host = script ? new Host(script) : null;
    this.imports = Object.create(null);
    this.fresh = [];  // imported memories, tables, globals and tags: each instance gets its own
    for (const entry of WebAssembly.Module.imports(this.module)) this.give(entry, script);

    const exported = WebAssembly.Module.exports(this.module);
    const first = (kind) => exported.find((entry) => entry.kind === kind)?.name ?? null;
    this.memoryName = names ? names.memory ?? null : first('memory');
    this.tableName = names ? names.table ?? null : first('table');
    this.globalNames = exported.filter((entry) => entry.kind === 'global').map((entry) => entry.name);
    this.importedMemory = this.importedTable = null;  // of the newest instance

    const defined = sectionCounts(wasm);
    const imported = (kind) => this.fresh.filter(({entry}) => entry.kind === kind).length;
    this.counts = {};
    for (const kind of ['memory', 'table', 'global']) this.counts[kind] = (defined[SECTION[kind]] ?? 0) + imported(kind);
    this.hasStart = SECTION.start in defined;
    this.seesMemory = imported('memory') > 0 || this.memoryName !== null;
    this.seesTable = imported('table') > 0 || this.tableName !== null;
  }

  give(entry, script) {
    const group = this.imports[entry.module] ??= Object.create(null);
    if (entry.name in group) return;  // imported twice: the same thing twice
    group[entry.name] = null;
    if (entry.kind === 'function') group[entry.name] = script ? hostFunction(entry, script, this.host) : trap(entry);
    else this.fresh.push({group, entry});
  }

  renew({group, entry}) {
    const value = group[entry.name] = hostObject(entry);
    if (entry.kind === 'memory') this.importedMemory ??= value;
    if (entry.kind === 'table') this.importedTable ??= value;
  }

  // A new instance. Part of what is timed.
  instantiate() {
    try {
      if (this.fresh.length !== 0) {
        this.importedMemory = this.importedTable = null;
        for (const one of this.fresh) this.renew(one);
      }
      if (this.host !== null) this.host.reset(this.importedMemory, this.importedTable);
      const instance = new WebAssembly.Instance(this.module, this.imports);
      if (this.host !== null) this.host.exports = instance.exports;
      return instance;
    } catch (error) {
      throw refusal(error);
    }
  }

  // Of the newest instance: an imported memory or table is the host's, and the next instance gets another.
  memoryOf(instance) { return this.importedMemory ?? instance.exports[this.memoryName]; }
  tableOf(instance) { return this.importedTable ?? instance.exports[this.tableName]; }

  // All that the host can see of the newest instance: {memory, table, globals: {name: WebAssembly.Global}}.
  visible(instance) {
    return {
      memory: this.seesMemory ? this.memoryOf(instance) : null,
      table: this.seesTable ? this.tableOf(instance) : null,
      globals: Object.fromEntries(this.globalNames.map((name) => [name, instance.exports[name]])),
    };
  }
}
