// The batch: many cycles without a clock read in them, and the collection that gives back what they dropped.
//
// An engine with a release pays for giving back in every cycle. V8 pays now and then, when its collector thinks fit: about
// every 1,000 instances of one page (64 MiB), every 7 of 16 MiB, every 50,000 without a memory (facts.gc.interval). A batch
// that ends before that would have its rubbish taken away for nothing; one that is collected at its end pays for a
// collection that V8 might have put off. So:
//  - A batch begins right after a full collection and ends with one, which is part of its time: it pays for all it dropped.
//  - The pilot makes it end shortly before V8 would have collected by itself, for the first or a later time: it pays about
//    as often as V8 does. What is left of the error is less than one collection a batch; facts.gc tells how many there were.
//  - Pauses for collection are owed by all cycles before them, not by the part of the batch they fall into: they are
//    taken out of the parts and shared out evenly. (A judge that looks at the fastest quarter would else see none.)
// What the helper threads do meanwhile costs no time here, only `cpu_ns`.
import {performance} from 'node:perf_hooks';
import {Pauses, collect} from './collection.mjs';

// All that is timed. `borders` (ms): the begin of each part, the end of the last, the end of the closing collection.
function timeParts(ring, cycles, borders) {
  const parts = borders.length - 2;
  borders[0] = performance.now();
  for (let part = 0; part < parts; ++part) {
    ring.run(cycles);
    borders[part + 1] = performance.now();
  }
  collect();
  borders[parts + 1] = performance.now();
}

// Times per cycle of parts of so many `cycles`; `pauses` are null when V8 did not tell them.
export function settle(borders, cycles, pauses) {
  const parts = borders.length - 2, begin = borders[0], end = borders[parts], all = borders[parts + 1] - begin;
  const own = Array.from({length: parts}, (_, i) => borders[i + 1] - borders[i]);
  let collecting = borders[parts + 1] - end, lastFull = null, fulls = 0;
  const within = (pauses ?? []).filter((pause) => pause.start >= begin && pause.start < end);
  for (const {start, ms, full} of within) {
    own[borders.findIndex((border) => border > start) - 1] -= ms;
    collecting += ms;
    if (full) {
      lastFull = start;
      ++fulls;
    }
  }
  const per = 1e6 / cycles;
  return {
    ms: end - begin,
    parts_ns: own.map((ms) => (ms + collecting / parts) * per),
    real_ns: all / parts * per,
    // `interval`: after how many cycles V8 made a full collection of its own, on average; null: it made none.
    gc: pauses && {
      collections: within.length + 1,
      full: fulls + 1,
      forced: 1,
      share_of_batch: collecting / all,
      interval: fulls === 0 ? null : Math.max(1, Math.round(parts * cycles * (lastFull - begin) / (end - begin) / fulls)),
    },
  };
}

async function measure(ring, parts, cycles) {
  const borders = new Float64Array(parts + 2);
  collect();
  const pauses = new Pauses();
  const cpuBefore = process.cpuUsage();
  timeParts(ring, cycles, borders);
  const cpu = process.cpuUsage(cpuBefore);
  const settled = settle(borders, cycles, await pauses.until(borders[parts]));
  return {...settled, iterations: parts * cycles, cpu_ns: (cpu.user + cpu.system) * 1e3 / (parts * cycles)};
}

// The least number of cycles, at least `cycles`, that ends a tenth of an interval before V8 would collect.
export function justBeforeCollection(cycles, interval) {
  return Math.max(1, Math.floor(interval * (Math.ceil(cycles / interval + 0.1) - 0.1)));
}

async function pilot(ring, batchMs) {
  const most = 4 * batchMs;  // how far a batch is made longer to meet V8's own collection
  let cycles = 1, batch = await measure(ring, 1, cycles);
  const interval = () => batch.gc?.interval ?? null;
  while (batch.ms < batchMs || (interval() === null && batch.ms < most)) {
    const aim = batch.ms < batchMs ? 1.2 * batchMs : Math.min(2 * batch.ms, 1.1 * most);
    cycles = Math.ceil(cycles * Math.min(10, aim / batch.ms));
    batch = await measure(ring, 1, cycles);
  }
  if (interval() !== null) batch = await measure(ring, 1, justBeforeCollection(cycles, interval()));
  // What the blocks that follow should do: a pilot is asked for a quarter of their length.
  const wanted = Math.ceil(4 * batchMs * batch.iterations / batch.ms);
  return {...batch, block_iterations: interval() === null ? wanted : justBeforeCollection(wanted, interval())};
}

// So many cycles in so many parts; without a number of them, the pilot's choice for about `batchMs`.
export function runBatch(ring, {iterations = null, parts = 1, batchMs}) {
  if (iterations === null) return pilot(ring, batchMs);
  parts = Math.min(parts, iterations);
  return measure(ring, parts, Math.floor(iterations / parts));
}
