// The workload `touch`: reads, writes and table entries at the places that the parent drew, then growth.
import {Skipped} from './outcome.mjs';

const PAGE = 65536;

// Places as elements of a Float64Array over the memory, the cheapest way to move 8 bytes in JavaScript: a BigUint64Array
// takes twice as long for 64 writes, and a DataView ten times as long to make.
const planned = ({reads, writes, entries}) =>
  ({reads: reads.map((at) => at / 8), writes: writes.map((at) => at / 8), entries});

export class Touch {
  constructor(program, {grow, cycles}) {
    this.program = program;
    this.grow = grow;
    this.cycles = cycles.map(planned);
    this.next = 0;
    this.value = 0;
    this.seen = new Float64Array(1);  // keeps the reads alive, without a number object for each sum
    this.entry = null;
    const needs = (what) => cycles.some((one) => what.some((key) => one[key].length > 0));
    if ((grow > 0 || needs(['reads', 'writes'])) && !program.seesMemory) throw new Skipped('touch: memory 0 is not exported');
    if (needs(['entries']) && !program.seesTable) throw new Skipped('touch: table 0 is not exported');
  }

  // A place beyond the end would read and write nothing, without a word.
  check(instance) {
    const {memory, table} = this.program.visible(instance);
    const elements = memory ? memory.buffer.byteLength / 8 : 0, entries = table ? table.length : 0;
    for (const one of this.cycles) {
      for (const at of [...one.reads, ...one.writes]) {
        if (!Number.isInteger(at) || at >= elements) throw new Error(`touch: 8 bytes at ${at * 8} do not fit memory 0`);
      }
      if (one.entries.some((at) => at >= entries)) throw new Error(`touch: table 0 has ${entries} entries`);
    }
  }

  // Part of what is timed.
  work(instance) {
    const {reads, writes, entries} = this.cycles[this.next];
    this.next = this.next + 1 === this.cycles.length ? 0 : this.next + 1;
    if (reads.length + writes.length !== 0) {
      const elements = new Float64Array(this.program.memoryOf(instance).buffer), value = ++this.value;
      let sum = 0;
      for (let i = 0; i < reads.length; ++i) sum += elements[reads[i]];
      for (let i = 0; i < writes.length; ++i) elements[writes[i]] = value;
      this.seen[0] = sum;
    }
    if (entries.length !== 0) {
      const table = this.program.tableOf(instance);
      for (let i = 0; i < entries.length; ++i) this.entry = table.get(entries[i]);
    }
    if (this.grow !== 0) this.growMemory(this.program.memoryOf(instance));
  }

  growMemory(memory) {
    const before = memory.grow(this.grow), bytes = new Uint8Array(memory.buffer);
    for (let i = 0; i < this.grow; ++i) bytes[(before + i) * PAGE] = 1;
  }
}
