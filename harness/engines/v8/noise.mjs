// What else the machine did meanwhile, and threads that make it do something.
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {performance} from 'node:perf_hooks';
import {Worker} from 'node:worker_threads';

// A number in a file of /proc; null where this kernel has no such file.
function read(file, pattern) {
  try {
    return Number(pattern.exec(readFileSync(file, 'latin1'))[1]);
  } catch {
    return null;
  }
}

function now() {
  const usage = process.resourceUsage();
  return {
    wall_ns: performance.now() * 1e6,
    run_delay_ns: read('/proc/self/schedstat', /^\d+ (\d+)/),  // of the main thread
    nvcsw: read('/proc/self/status', /^voluntary_ctxt_switches:\s*(\d+)/m),  // of the main thread too
    nivcsw: read('/proc/self/status', /^nonvoluntary_ctxt_switches:\s*(\d+)/m),
    migrations: null,
    steal_ticks: read('/proc/stat', /^cpu +(?:\d+ ){7}(\d+)/),
    psi_some_us: read('/proc/pressure/cpu', /^some .*total=(\d+)/),
    minor_faults: usage.minorPageFault,
    major_faults: usage.majorPageFault,
  };
}

// What measure() gives, and the noise around it.
export async function withNoise(measure) {
  const before = now(), result = await measure(), after = now();
  const noise = Object.fromEntries(Object.keys(before).map((key) =>
    [key, before[key] === null || after[key] === null ? null : Math.round(after[key] - before[key])]));
  return {result, noise};
}

// Measures beside threads that do nothing but run.
export async function withBystanders(count, measure) {
  const bystanders = Array.from({length: count}, () => new Worker('for (;;) {}', {eval: true}));
  try {
    await Promise.all(bystanders.map((bystander) => once(bystander, 'online')));
    return await measure();
  } finally {
    await Promise.all(bystanders.map((bystander) => bystander.terminate()));
  }
}
