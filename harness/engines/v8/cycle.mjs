// One cycle, and everything that is timed: drop the oldest instance, make a new one in its place, do the work.
import os from 'node:os';
import {performance} from 'node:perf_hooks';
import {Skipped} from './outcome.mjs';

const SAMPLE = 64;

export class Ring {
  // `work` does one cycle's worth of the workload with the newest instance.
  constructor(program, work, slots) {
    this.program = program;
    this.work = work;
    this.instances = new Array(slots).fill(null);
    this.next = 0;
  }

  renew() {
    const at = this.next;
    this.next = at + 1 === this.instances.length ? 0 : at + 1;
    this.instances[at] = null;  // dropped before the new one is made, as by the other engines: V8 may collect it meanwhile
    return this.instances[at] = this.program.instantiate();
  }

  cycle() { this.work(this.renew()); }

  run(cycles) {
    for (let i = 0; i < cycles; ++i) this.cycle();
  }

  // performance.now(): it reads the clock in nanoseconds, and optimised code gets a plain double (phases.clock_ns tells what
  // it costs). process.hrtime.bigint() is as fast but makes a BigInt each time: rubbish in the heap whose collection is timed.
  phasedCycle(borders) {
    borders[0] = performance.now();
    const instance = this.renew();
    borders[1] = performance.now();
    this.work(instance);
    borders[2] = performance.now();
  }

  // Twice round, as the core does.
  warmUp() {
    const slots = this.instances.length, before = process.memoryUsage.rss();
    for (let i = 0; i < 2 * slots + 8; ++i) {
      this.cycle();
      if (i + 1 === SAMPLE && slots > SAMPLE) this.refuseIfTooLarge(before);
    }
  }

  // All of them must fit the machine, or it would swap or kill this process.
  refuseIfTooLarge(before) {
    const slots = this.instances.length, bytes = (process.memoryUsage.rss() - before) / SAMPLE * slots, room = os.freemem();
    const mib = (value) => `${Math.round(value / 2 ** 20)} MiB`;
    if (bytes > room * 3 / 4) throw new Skipped(`${slots} instances would keep ${mib(bytes)} resident; ${mib(room)} are available`);
  }

  drain() { this.instances.fill(null); }
}
