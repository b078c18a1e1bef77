// The steps of a call script (README.md, "Calls"), run in V8 on one instance: what check_calls.mjs replays and what the
// engine v8 does as the workload `call`.
import {Exit} from './call_host.mjs';
import {functionType, globalType} from './wasm_types.mjs';

const WORD = {i8: 1, u8: 1, i16: 2, u16: 2, i32: 4, u32: 4, i64: 8, f32: 4, f64: 8};

export const fail = (text) => { throw new Error(text); };
const isFloat = (type) => type === 'f32' || type === 'f64';

// ---- values: integers are BigInt, without sign, in as many bits as their type has ----

const SPECIAL = {nan: NaN, inf: Infinity, '-inf': -Infinity};

function numberOf(literal, type) {
  if (isFloat(type)) {
    const value = typeof literal === 'number' ? literal : SPECIAL[literal] ?? Number(literal);
    return type === 'f32' ? Math.fround(value) : value;
  }
  const value = typeof literal === 'number' ? BigInt(literal) : literal.startsWith('-') ? -BigInt(literal.slice(1)) : BigInt(literal);
  const bits = 8 * WORD[type];
  if (value < -(1n << BigInt(bits - 1)) || value >= 1n << BigInt(bits)) fail(`${literal} does not fit ${type}`);
  return BigInt.asUintN(bits, value);
}

const fromJs = (value, type) => (isFloat(type) ? value : BigInt.asUintN(8 * WORD[type], BigInt(value)));
const toJs = (value, type) => (type === 'i32' ? Number(BigInt.asIntN(32, value)) : value);

// What is known beforehand is made once for a step of a script, not once for each of thousands of instances: the
// bytes of its literals, and the type of what it calls (a script is for one module).
const literals = new WeakMap(), types = new WeakMap();

function once(cache, key, make) {
  let value = cache.get(key);
  if (value === undefined) cache.set(key, value = make());
  return value;
}

const isLiteral = (value) => typeof value !== 'string' || !value.startsWith('$');

class Run {
  constructor(it) { this.it = it; this.variables = {}; }

  operand(given, type) {
    if (typeof given === 'object') {
      const [[named, literal]] = Object.entries(given);
      if (type && named !== type) fail(`${JSON.stringify(given)} where the type is ${type}`);
      return numberOf(literal, named);
    }
    const [, name, addend] = /^\$(\w+)([+-]\d+)?$/.exec(given) ?? [];
    if (!name) return numberOf(given, type);
    if (!Object.hasOwn(this.variables, name)) fail(`$${name} has no value`);
    const variable = this.variables[name];
    if (type && variable.type !== type) fail(`$${name} is ${variable.type} where the type is ${type}`);
    return isFloat(variable.type) ? variable.value : BigInt.asUintN(8 * WORD[variable.type], variable.value + BigInt(addend ?? 0));
  }
  define(step, value, type) {
    if (step.as) this.variables[step.as] = {value, type};
  }
  expect(expected, value, type, what) {
    if (expected === undefined) return;
    if (expected === 'nonzero') {
      if (value == 0) fail(`${what} is 0`);
      return;
    }
    const wanted = this.operand(expected, type);
    const same = isFloat(type) ? Object.is(value, wanted) : value === wanted;
    if (!same) fail(`${what} is ${value} instead of ${wanted}`);
  }
  address(step) {
    if (typeof step.at === 'number') return step.at;
    return Number(this.operand(step.at));
  }
  slice(at, length) {
    if (!this.it.memory()) fail('there is no memory');
    const size = this.it.memory().buffer.byteLength;
    if (at + length > size) fail(`${length} bytes at ${at} lie outside the memory (${size} bytes)`);
    return Buffer.from(this.it.memory().buffer, at, length);
  }
  bytes(content) {
    const {times = 1, ...given} = content;
    const [[kind, value]] = Object.entries(given);
    const make = () => this.bytesOf(kind, value, times);
    return kind in WORD && !isLiteral(value) ? make() : once(literals, content, make);
  }
  bytesOf(kind, value, times) {
    let one;
    if (kind === 'utf8') one = Buffer.from(value, 'utf8');
    else if (kind === 'utf16') one = Buffer.from(value, 'utf16le');
    else if (kind === 'hex') one = Buffer.from(value.replaceAll(' ', ''), 'hex');
    else one = this.word(kind, this.operand(value, kind));
    return Buffer.concat(Array(times).fill(one));
  }
  word(type, value) {
    const bytes = Buffer.alloc(WORD[type]);
    if (type === 'f32') bytes.writeFloatLE(value);
    else if (type === 'f64') bytes.writeDoubleLE(value);
    else for (let i = 0; i < bytes.length; ++i) bytes[i] = Number((value >> BigInt(8 * i)) & 255n);
    return bytes;
  }
  same(found, wanted, what) {
    if (found.equals(wanted)) return;
    const at = found.findIndex((byte, i) => byte !== wanted[i]);
    const from = Math.max(0, at < 0 ? wanted.length - 8 : at);
    fail(`${what} differs at byte ${from}: ${found.subarray(from, from + 64).toString('latin1')} (hex ${found.subarray(from, from + 64).toString('hex')})`);
  }

  call(step) {
    const named = typeof step.call === 'string';
    const entry = named ? this.it.exports[step.call] : this.it.exports[step.call.table]?.get(step.call.entry);
    const what = named ? step.call : `${step.call.table}[${step.call.entry}]`;
    if (typeof entry !== 'function') fail(`there is no function ${what}`);
    const type = once(types, step, () => functionType(entry));
    const args = step.args ?? [];
    if (args.length !== type.parameters.length) fail(`${what} takes ${type.parameters.length} arguments`);
    const js = args.map((arg, i) => toJs(this.operand(arg, type.parameters[i]), type.parameters[i]));
    let result;
    try {
      result = entry(...js);
      if (step.exit !== undefined) fail(`${what} returned instead of exiting`);
    } catch (error) {
      if (!(error instanceof Exit) || step.exit === undefined) throw error;
      if (error.code !== step.exit) fail(`${what} exits with ${error.code}`);
      return;
    }
    const results = (type.results.length === 1 ? [result] : result ?? []).map((value, i) => fromJs(value, type.results[i]));
    [step.expect ?? []].flat().forEach((expected, i) => {
      if (i >= results.length) fail(`${what} has ${results.length} results`);
      this.expect(expected, results[i], type.results[i], `${what}()`);
    });
    if (step.as) this.define(step, results[0] ?? fail(`${what} has no result`), type.results[0]);
  }
  write(step) {
    const bytes = this.bytes(step.write);
    bytes.copy(this.slice(this.address(step), bytes.length));
  }
  check(step) {
    const wanted = this.bytes(step.check);
    this.same(this.slice(this.address(step), wanted.length), wanted, 'memory');
  }
  load(step) {
    const bytes = this.slice(this.address(step), WORD[step.load]);
    const type = {i64: 'i64', f32: 'f32', f64: 'f64'}[step.load] ?? 'i32';
    const sign = step.load.startsWith('i');
    const bits = 8 * bytes.length;
    const integer = () => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    const value = type === 'f32' ? bytes.readFloatLE() : type === 'f64' ? bytes.readDoubleLE()
        : BigInt.asUintN(8 * WORD[type], sign ? BigInt.asIntN(bits, integer()) : integer());
    this.expect(step.expect, value, type, `${step.load} at ${step.at}`);
    this.define(step, value, type);
  }
  global(step) {
    const global = this.it.exports[step.global];
    if (!(global instanceof WebAssembly.Global)) fail(`there is no global ${step.global}`);
    const type = once(types, step, () => globalType(global)).value;
    const value = fromJs(global.value, type);
    this.expect(step.expect, value, type, step.global);
    this.define(step, value, type);
  }
  output(step) {
    const fd = step.fd ?? 1;
    this.same(this.it.wasi.written[fd], this.bytes(step.output), `output on ${fd}`);
  }
  step(step) {
    const kind = ['call', 'write', 'check', 'load', 'global', 'output'].find((name) => Object.hasOwn(step, name));
    if (!kind) fail('is of no known kind');
    this[kind](step);
  }
}

// Runs what `before` and `steps` say on the instance that `it` (call_host.mjs) stands for. Throws at the first wrong answer.
export function runSteps(script, it) {
  const run = new Run(it);
  for (const list of ['before', 'steps']) {
    (script[list] ?? []).forEach((step, i) => {
      try {
        run.step(step);
      } catch (error) {
        fail(`${list === 'steps' ? 'step' : 'before step'} ${i} ${JSON.stringify(step).slice(0, 120)}: ${error.message}`);
      }
    });
  }
}
