// The isolation check: what the host can see of an instance is what it sees of a reference instance made before all
// else, also after earlier instances did what guests do. Works on what Program.visible() gives.
import {Leak} from './outcome.mjs';

const PAGE = 65536, KERNEL_PAGE = 4096, GROWN_PAGES = 16;

const hex = (value) => `0x${value.toString(16)}`;

function numberOf(global) {
  try {
    const value = global.value;
    return typeof value === 'number' || typeof value === 'bigint' ? value : null;
  } catch {  // a v128 has no value in JavaScript
    return null;
  }
}

function memoryDifference(got, expected) {
  const size = got.buffer.byteLength;
  if (size !== expected.buffer.byteLength) return `memory 0 has ${size} bytes, expected ${expected.buffer.byteLength}`;
  for (let at = 0; at < size; at += PAGE) {  // a buffer for each: one over all of a large memory may be too long for it
    const here = Buffer.from(got.buffer, at, PAGE), there = Buffer.from(expected.buffer, at, PAGE);
    if (here.equals(there)) continue;
    const i = here.findIndex((byte, k) => byte !== there[k]);
    return `memory 0 at ${hex(at + i)}: ${hex(here[i])}, expected ${hex(there[i])}`;
  }
  return null;
}

function tableDifference(got, expected) {
  if (got.length !== expected.length) return `table 0 has ${got.length} entries, expected ${expected.length}`;
  const say = (entry) => (entry === null ? 'null' : 'a reference');
  for (let i = 0; i < got.length; ++i) {
    const here = say(got.get(i)), there = say(expected.get(i));
    if (here !== there) return `table 0 entry ${i}: ${here}, expected ${there}`;
  }
  return null;
}

function globalDifference(got, expected) {
  for (const [name, global] of Object.entries(expected)) {
    const here = numberOf(got[name]), there = numberOf(global);
    if (!Object.is(here, there)) return `global "${name}": ${here}, expected ${there}`;
  }
  return null;
}

// What differs first, or null.
export function difference(got, expected) {
  return (got.memory && memoryDifference(got.memory, expected.memory)) ??
         (got.table && tableDifference(got.table, expected.table)) ??
         globalDifference(got.globals, expected.globals);
}

// As many pages as there is room for, at most `pages`: how many that were.
function grow(memory, pages) {
  for (; pages > 0; pages >>= 1) {
    try {
      memory.grow(pages);
      return pages;
    } catch {  // beyond its maximum
    }
  }
  return 0;
}

// What was grown must be zero. The instance is grown afterwards.
export function growthDifference({memory}) {
  if (!memory) return null;
  const before = memory.buffer.byteLength, bytes = grow(memory, GROWN_PAGES) * PAGE;
  const grown = Buffer.from(memory.buffer, before, bytes);
  const at = grown.findIndex((byte) => byte !== 0);
  return at < 0 ? null : `memory 0, grown, at ${hex(before + at)}: ${hex(grown[at])}, expected 0x0`;
}

// Numbers that only have to be spread and the same in every process.
export function randomBelow(seed) {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
}

function messUpMemory(memory, below) {
  const small = memory.buffer.byteLength <= 4 << 20;
  const dirty = (at) => { new Uint8Array(memory.buffer, at, 1)[0] ^= 0xa5; };
  const size = memory.buffer.byteLength;
  if (size !== 0) {
    const places = new Set([0, size - 1]);  // each once: a second change would undo the first
    for (let i = 0; i < 64; ++i) places.add(below(size));
    for (let at = 0; at < size; at += small ? KERNEL_PAGE : 16 * KERNEL_PAGE) places.add(at + below(KERNEL_PAGE));
    places.forEach(dirty);
  }
  if (grow(memory, 1) !== 0) new Uint8Array(memory.buffer, size).fill(0xff);
}

function messUpTable(table) {
  try {
    for (let i = 0; i < table.length; ++i) table.set(i, null);
  } catch {  // a table of references that are never null
  }
}

function messUpGlobal(global) {
  const value = numberOf(global);
  try {
    if (value !== null) global.value = typeof value === 'bigint' ? value ^ 0x5a5an : value === 1 ? 2 : 1;
  } catch {  // it cannot change
  }
}

// Does to an instance what a guest could.
export function makeMess({memory, table, globals}, seed) {
  if (memory) messUpMemory(memory, randomBelow(seed));
  if (table) messUpTable(table);
  Object.values(globals).forEach(messUpGlobal);
}

export class Oracle {
  constructor(program) {
    this.program = program;
    this.reference = program.visible(program.instantiate());
  }

  // Throws Leak. `calls`: what each instance is asked to do before the mess, or null.
  verify(seed, rounds, calls) {
    for (let round = 0; round < rounds; ++round) {
      const instance = this.program.instantiate(), visible = this.program.visible(instance);
      this.compare(visible, round % 2 === 1, `round ${round}: `);
      calls?.(instance);
      makeMess(visible, seed + round);
    }
  }

  compare(visible, growToo, where) {
    const found = difference(visible, this.reference) ?? (growToo ? growthDifference(visible) : null);
    if (found !== null) throw new Leak(`not isolated: ${where}${found}`);
  }

  // As many new instances, all alive at once, as a budget of memory allows. How many that were.
  verifyAfter(slots) {
    const bytes = this.program.seesMemory ? this.reference.memory.buffer.byteLength : 0;
    const count = Math.max(1, Math.min(slots, Math.floor((16 << 20) / (bytes + 1))));
    const alive = [];
    for (let i = 0; i < count; ++i) {
      alive.push(this.program.instantiate());
      this.compare(this.program.visible(alive[i]), true, 'after the timed loop: ');
    }
    return count;
  }
}

// What the comparison does not see.
export function notCompared(program, reference) {
  const {memory, table, global} = program.counts;
  const out = [];
  if (memory > 0 && !program.seesMemory) out.push('memory 0');
  if (memory > 1) out.push('memories but 0');
  if (table > 0 && !program.seesTable) out.push('table 0');
  if (table > 1) out.push('tables but 0');
  const numbers = Object.values(reference.globals).filter((one) => numberOf(one) !== null).length;
  if (numbers < global) out.push('globals that are not exported or no numbers');
  return out;
}
