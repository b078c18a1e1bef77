// What the modules of check_calls.mjs import: a second implementation, for V8, of the answers that call scripts name
// (README.md, "Calls") and of the little of WASI preview 1 that they use. Files and sockets are absent: EBADF.

export class Exit extends Error {
  constructor(code) { super(`exit with code ${code}`); this.code = code; }
}
class LongJump extends Error {}

const ESUCCESS = 0, EBADF = 8, EINVAL = 28, ESPIPE = 70;

const NOTHING = Buffer.alloc(0);

// WASI preview 1 with no file but 0, 1 and 2. Output is kept in `written[fd]`.
export class Wasi {
  constructor({args = [], env = {}, stdin = '', seed = 1} = {}) {
    this.args = args.map((text) => Buffer.from(text + '\0'));
    this.env = Object.entries(env).map(([key, value]) => Buffer.from(`${key}=${value}\0`));
    this.start = {stdin: Buffer.from(stdin), seed: BigInt(seed)};
    this.reset();
  }
  reset() {
    this.stdin = this.start.stdin;
    this.seed = this.start.seed;
    this.written = {1: NOTHING, 2: NOTHING};
  }
  view() { return new DataView(this.memory().buffer); }
  bytes(at, length) { return new Uint8Array(this.memory().buffer, at, length); }

  sizes(list, count, total) {
    this.view().setUint32(count, list.length, true);
    this.view().setUint32(total, list.reduce((sum, item) => sum + item.length, 0), true);
    return ESUCCESS;
  }
  strings(list, pointers, at) {
    list.forEach((item, i) => {
      this.view().setUint32(pointers + 4 * i, at, true);
      this.bytes(at, item.length).set(item);
      at += item.length;
    });
    return ESUCCESS;
  }
  vectors(iovs, count) {
    const view = this.view();
    return Array.from({length: count}, (_, i) => this.bytes(view.getUint32(iovs + 8 * i, true), view.getUint32(iovs + 8 * i + 4, true)));
  }

  args_sizes_get(count, total) { return this.sizes(this.args, count, total); }
  args_get(pointers, at) { return this.strings(this.args, pointers, at); }
  environ_sizes_get(count, total) { return this.sizes(this.env, count, total); }
  environ_get(pointers, at) { return this.strings(this.env, pointers, at); }
  clock_res_get(id, at) { this.view().setBigUint64(at, 1n, true); return ESUCCESS; }
  clock_time_get(id, precision, at) {
    this.view().setBigUint64(at, id === 0 ? BigInt(Date.now()) * 1000000n : process.hrtime.bigint(), true);
    return ESUCCESS;
  }
  random_get(at, length) {
    for (let i = 0; i < length; ++i) {  // any bytes do: no checked answer depends on them
      this.seed = BigInt.asUintN(64, this.seed * 6364136223846793005n + 1442695040888963407n);
      this.bytes(at + i, 1)[0] = Number(this.seed >> 56n);
    }
    return ESUCCESS;
  }
  fd_write(fd, iovs, count, at) {
    if (!(fd in this.written)) return EBADF;
    const parts = this.vectors(iovs, count).map((part) => Buffer.from(part));
    this.written[fd] = Buffer.concat([this.written[fd], ...parts]);
    this.view().setUint32(at, parts.reduce((sum, part) => sum + part.length, 0), true);
    return ESUCCESS;
  }
  fd_read(fd, iovs, count, at) {
    if (fd !== 0) return EBADF;
    let total = 0;
    for (const part of this.vectors(iovs, count)) {
      const taken = this.stdin.subarray(0, part.length);
      part.set(taken);
      this.stdin = this.stdin.subarray(taken.length);
      total += taken.length;
    }
    this.view().setUint32(at, total, true);
    return ESUCCESS;
  }
  fd_fdstat_get(fd, at) {
    if (fd > 2) return EBADF;
    this.bytes(at, 24).fill(0);
    this.view().setUint8(at, 2);  // a character device
    this.view().setBigUint64(at + 8, 0xffffffffffffffffn, true);
    return ESUCCESS;
  }
  fd_filestat_get(fd, at) {
    if (fd > 2) return EBADF;
    this.bytes(at, 64).fill(0);
    this.view().setUint8(at + 16, 2);
    return ESUCCESS;
  }
  fd_seek(fd) { return fd > 2 ? EBADF : ESPIPE; }
  fd_tell(fd) { return fd > 2 ? EBADF : ESPIPE; }
  fd_fdstat_set_flags(fd) { return fd > 2 ? EBADF : ESUCCESS; }
  fd_close(fd) { return fd > 2 ? EBADF : ESUCCESS; }
  sched_yield() { return ESUCCESS; }
  poll_oneoff() { return EINVAL; }
  proc_exit(code) { throw new Exit(code); }
}

const nameOf = (type) => (type === 'funcref' ? 'anyfunc' : type);  // the constructors' name for it
const zeroOf = (type) => (type === 'i64' ? 0n : type.endsWith('ref') || type === 'anyfunc' ? null : 0);

function constant(answer, results) {
  const values = results.map((type) => (type === 'i64' ? BigInt(answer) : type.endsWith('ref') || type === 'anyfunc' ? null : answer));
  return values.length > 1 ? () => values : () => values[0];
}

// What the imports of a module answer with, for one instance after another: its exports exist only once it does.
export class Host {
  constructor(script) {
    this.names = new Map();
    this.wasi = new Wasi(script.wasi);
    this.wasi.memory = () => this.memory();
    this.reset();
  }
  // Before each instance, with the memory and table that it imports; `exports` is set after it.
  reset(importedMemory = null, importedTable = null) {
    this.exports = {};
    this.importedMemory = importedMemory;
    this.importedTable = importedTable;
    this.wasi.reset();
  }
  memory() { return this.importedMemory ?? this.first(WebAssembly.Memory); }
  table() { return this.importedTable ?? this.first(WebAssembly.Table); }

  // Emscripten's smallest names change with the build, so memory and table are found by kind, the first one.
  first(Kind) {
    let name = this.names.get(Kind);
    if (name === undefined) {
      name = Object.keys(this.exports).find((one) => this.exports[one] instanceof Kind);
      if (name !== undefined) this.names.set(Kind, name);
    }
    return this.exports[name];
  }
}

const builtins = {
  trap: (it, name) => () => { throw new Error(`called the import ${name}, which the script has trap`); },
  exit: () => (code) => { throw new Exit(code); },
  longjmp: () => () => { throw new LongJump(); },
  memcpy: (it) => (to, from, length) => {
    new Uint8Array(it.memory().buffer).copyWithin(to >>> 0, from >>> 0, (from >>> 0) + (length >>> 0));
    return to;
  },
  resize_heap: (it) => (bytes) => {
    const pages = Math.ceil((bytes >>> 0) / 65536) - it.memory().buffer.byteLength / 65536;
    try {
      if (pages > 0) it.memory().grow(pages);
      return 1;
    } catch {
      return 0;
    }
  },
  invoke: (it, name, results) => (entry, ...args) => {
    const stack = it.exports.stackSave();
    try {
      return it.table().get(entry)(...args);
    } catch (error) {
      if (!(error instanceof LongJump)) throw error;
      it.exports.stackRestore(stack);
      it.exports.setThrew(1, 0);
      return results.map(zeroOf)[0];
    }
  },
};

const WASI_MODULE = 'wasi_snapshot_preview1';

// As the README says: the module's answer or its name's or its "*", then WASI, then the "*" of all, else trap.
function answerOf(imports, module, name) {
  const own = Object.hasOwn(imports, module) ? imports[module] : undefined;
  if (own !== undefined && typeof own !== 'object') return own;
  if (own && Object.hasOwn(own, name)) return own[name];
  if (own && Object.hasOwn(own, '*')) return own['*'];
  if (module === WASI_MODULE) return 'wasi';
  return Object.hasOwn(imports, '*') ? imports['*'] : 'trap';
}

function functionFor(answer, {module, name, type}, it) {
  if (typeof answer === 'number') return constant(answer, type.results);
  if (answer === 'wasi') {
    return typeof it.wasi[name] === 'function' ? (...args) => it.wasi[name](...args) : () => EBADF;
  }
  if (!Object.hasOwn(builtins, answer)) throw new Error(`unknown answer "${answer}" for the import ${module}.${name}`);
  return builtins[answer](it, `${module}.${name}`, type.results);
}

// What the script answers a call of this imported function with. `it` is the Host.
export function hostFunction(entry, script, it) {
  return functionFor(answerOf(script.imports ?? {}, entry.module, entry.name), entry, it);
}

// A memory, table, global or tag of the host's own, fresh: zero, null and 0.
export function hostObject({kind, type}) {
  const {minimum: initial, ...rest} = type ?? {};  // both names at once are an error
  if (kind === 'memory') return new WebAssembly.Memory({...rest, initial});
  if (kind === 'table') return new WebAssembly.Table({...rest, initial, element: nameOf(type.element)});
  if (kind === 'global') return new WebAssembly.Global({...rest, value: nameOf(type.value)}, zeroOf(type.value));
  return new WebAssembly.Tag({parameters: type?.parameters ?? []});
}

export function importsFor(module, script, it) {
  const made = {};
  for (const entry of WebAssembly.Module.imports(module)) {
    const value = entry.kind === 'function' ? hostFunction(entry, script, it) : hostObject(entry);
    if (entry.kind === 'memory') it.importedMemory ??= value;
    if (entry.kind === 'table') it.importedTable ??= value;
    made[entry.module] ??= {};
    made[entry.module][entry.name] ??= value;
  }
  return made;
}
