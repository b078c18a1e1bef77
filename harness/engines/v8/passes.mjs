// The passes beside the batch. Times are in nanoseconds; what V8 cannot time apart is null.
import {performance} from 'node:perf_hooks';
import {collect} from './collection.mjs';
import {Ring} from './cycle.mjs';
import {distribution} from './statistics.mjs';

const SHORT_RUN = 4, LONG_RUN = 12;

const phases = (init, work, cycle) => ({acquire: null, init, start: null, work, release: null, instantiate: init, cycle});

export function passFirst(program, work) {
  const borders = new Float64Array(3);
  new Ring(program, work, 1).phasedCycle(borders);
  const ns = (from, to) => (borders[to] - borders[from]) * 1e6;
  return phases(ns(0, 1), ns(1, 2), ns(0, 2));
}

function clockReadNs() {
  const READS = 10000;
  let sum = 0;
  for (let i = 0; i < READS; ++i) sum += performance.now();  // compiled by V8 before it is timed
  const begin = performance.now();
  for (let i = 0; i < READS; ++i) sum += performance.now();
  return sum > 0 ? (performance.now() - begin) * 1e6 / READS : null;
}

export function passPhases(ring, cycleNs) {
  const AIM_NS = 15e6, MOST = 10000, LEAST = 20;
  const samples = Math.floor(Math.min(Math.max(AIM_NS / cycleNs, LEAST), MOST));
  const borders = new Float64Array(3);
  const init = new Float64Array(samples), work = new Float64Array(samples), cycle = new Float64Array(samples);
  collect();
  for (let i = 0; i < samples; ++i) {
    ring.phasedCycle(borders);
    init[i] = (borders[1] - borders[0]) * 1e6;
    work[i] = (borders[2] - borders[1]) * 1e6;
    cycle[i] = (borders[2] - borders[0]) * 1e6;
  }
  const clock_ns = clockReadNs();
  return {samples, clock_ns, resolution_ns: 5 * clock_ns, ...phases(...[init, work, cycle].map(distribution))};
}

// What the calls take in an instance that is never dropped, ns: the median of those before the first one that goes wrong.
// null if there are too few, as where the second already answers otherwise.
export function passKeptCall(program, work) {
  const AIM_MS = 60, FEWEST = 3, MOST = 1000;
  const instance = program.instantiate(), took = [];
  try {
    for (let spent = 0; took.length < FEWEST || (spent < AIM_MS && took.length < MOST); spent += took.at(-1)) {
      program.host.wasi.reset();
      const begin = performance.now();
      work(instance);
      took.push(performance.now() - begin);
    }
  } catch {
    if (took.length < FEWEST) return null;
  }
  return distribution(Float64Array.from(took.slice(1))).p50 * 1e6;  // the first is of an instance that is new
}

// Faults of a run of cycles: the least of a few such runs, as V8's own heap adds a page now and then. Each begins with all
// given back and ends before the next collection, which touches pages of its own and none of the instances'.
function leastFaults(ring, cycles) {
  const REPEATS = 5;
  const least = {minor: Infinity, major: Infinity};
  for (let i = 0; i < REPEATS; ++i) {
    collect();
    const before = process.resourceUsage();
    ring.run(cycles);
    const after = process.resourceUsage();
    least.minor = Math.min(least.minor, after.minorPageFault - before.minorPageFault);
    least.major = Math.min(least.major, after.majorPageFault - before.majorPageFault);
  }
  return least;
}

export function passCounters(ring) {
  const short = leastFaults(ring, SHORT_RUN), long = leastFaults(ring, LONG_RUN), cycle = {};
  for (const kind of ['minor', 'major']) {
    const slope = (long[kind] - short[kind]) / (LONG_RUN - SHORT_RUN);
    if (slope !== 0) cycle[`faults.${kind}`] = slope;
  }
  return {cycles: [SHORT_RUN, LONG_RUN], cycle};
}

// The parent traces this process and counts its system calls between the marks. Each run gives back what it dropped: the
// two differ by their cycles' own calls, the unmapping among them.
export function passTrace(ring) {
  const mark = () => process.kill(process.pid, 0);
  collect();
  mark();
  for (const cycles of [SHORT_RUN, LONG_RUN]) {
    ring.run(cycles);
    collect();
    mark();
  }
}
