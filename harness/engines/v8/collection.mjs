// Giving back: what was dropped is unmapped by garbage collection and by nothing else.
import {PerformanceObserver, constants} from 'node:perf_hooks';
import v8 from 'node:v8';
import vm from 'node:vm';

v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');  // only contexts made after the flag have it

// Gives back everything that was dropped. A full collection leaves the unmapping of memories to a helper thread (after it
// most are still in /proc/self/maps); the young one that follows waits for that thread.
export function collect() {
  gc();
  gc({type: 'minor'});
}

// The pauses for collection while it listens, V8's own and forced ones: [{start, ms, full}], in performance.now()'s time.
export class Pauses {
  constructor() {
    this.entries = [];
    this.observer = new PerformanceObserver((list) => this.entries.push(...list.getEntries()));
    this.observer.observe({entryTypes: ['gc']});
  }
  // All of them until the one that began at or after `time`; null if that is never reported. They come in order, through
  // the event loop, a turn or two late.
  async until(time) {
    const arrived = () => this.entries.some((entry) => entry.startTime >= time);
    for (let turn = 0; turn < 20 && !arrived(); ++turn) await new Promise((resolve) => setImmediate(resolve));
    this.observer.disconnect();
    if (!arrived()) return null;
    return this.entries.map(({startTime, duration, detail}) =>
      ({start: startTime, ms: duration, full: detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR}));
  }
}
