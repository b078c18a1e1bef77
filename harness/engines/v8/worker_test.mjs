#!/usr/bin/env node
// The engine v8: its parts by themselves, and the worker as its parent sees it. No test asserts a time.
// Exit code: 0 all passed, 1 one failed, 77 wat2wasm (of wabt) is not installed.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {justBeforeCollection, settle} from './batch.mjs';
import {difference, growthDifference, makeMess, notCompared} from './oracle.mjs';
import {Program} from './program.mjs';
import {distribution} from './statistics.mjs';
import {canonical, parseStrategy} from './strategy.mjs';
import {Touch} from './touch.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url)), CORPUS = path.join(HERE, '../../../corpus');
const folder = mkdtempSync(path.join(tmpdir(), 'instbench-v8-'));
process.on('exit', () => rmSync(folder, {recursive: true}));

// ---- modules and requests ----

function wasmOf(wat, name) {
  const out = path.join(folder, `${name}.wasm`);
  const {status, stderr} = spawnSync('wat2wasm', ['--enable-all', wat, '-o', out], {encoding: 'utf8'});
  assert.equal(status, 0, stderr);
  return out;
}

const corpus = (name) => wasmOf(path.join(CORPUS, 'wat', `${name}.wat`), name);

function text(name, wat) {
  const file = path.join(folder, `${name}.wat`);
  writeFileSync(file, wat);
  return wasmOf(file, name);
}

const program = (file, names, script) => new Program(readFileSync(file), names, script);

function ask(request) {
  const input = typeof request === 'string' ? request : JSON.stringify(request);
  const {status, stdout, stderr} = spawnSync(process.execPath, [path.join(HERE, 'worker.mjs')], {input, encoding: 'utf8'});
  assert.equal(status, 0, stderr);
  assert.equal(stdout.trimEnd().split('\n').length, 1, 'the answer is one line');
  return JSON.parse(stdout);
}

const NONE = {kind: 'none', read: 0, write: 0, calls: 0, grow: 0, runs: null, reread: false};
const arm = (strategy = '') => ({id: `v8:${strategy}`, engine: 'v8', strategy, library: ''});

// `cell`, `module` and `arm` change what they name, the rest replaces what is there.
function request(file, {cell = {}, module = {}, ...rest} = {}) {
  return {
    protocol: 1, module: {name: 'm', path: file, ...module}, arm: arm(),
    cell: {module: 'm', workload: NONE, slots: 1, vary: 0, bystanders: 0, threads: 1, ...cell},
    seed: 1, codegen: 'auto', passes: ['verify', 'first', 'verify_after'], ...rest,
  };
}

const call = (script) => ({workload: {kind: 'call', label: 'call', script}});
const touch = (cycle, grow = 0) => ({grow, cycles: [{reads: [], writes: [], entries: [], ...cycle}]});
const TOUCH = {workload: {...NONE, kind: 'touch'}};

function expectAnswer(status, reason, asked) {
  const sample = ask(asked);
  assert.deepEqual([sample.status, sample.reason], [status, reason]);
  return sample;
}
function expectReason(status, pattern, asked) {
  const sample = ask(asked);
  assert.equal(sample.status, status, sample.reason);
  assert.match(sample.reason, pattern);
  return sample;
}

// ---- tests ----

const tests = {
  'a strategy has one text'() {
    const text = 'tier=default,lazy=on';
    for (const given of ['', 'default', 'lazy=on', 'default,lazy=on', 'lazy=on,tier=default', text]) {
      assert.equal(canonical(parseStrategy(given)), text);
    }
    assert.equal(canonical(parseStrategy('lazy=off,tier=turbofan')), 'tier=turbofan,lazy=off');
  },

  'a wrong strategy is refused with what is accepted'() {
    const accepted = 'v8 accepts a preset (default), tier=default|liftoff|turbofan, lazy=on|off';
    const wrong = {
      'sparkplug': 'unknown word "sparkplug"', 'gc=on': 'unknown word "gc=on"', 'tier': 'unknown word "tier"',
      'tier=x': 'unknown value in "tier=x"', 'lazy=': 'unknown value in "lazy="', 'lazy=on=off': 'unknown value in "lazy=on=off"',
      'lazy=on,lazy=on': '"lazy" is there twice', 'lazy=on,default': 'unknown word "default"', 'toString': 'unknown word "toString"',
    };
    for (const [given, what] of Object.entries(wrong)) {
      assert.throws(() => parseStrategy(given), {message: `${what}; ${accepted}`});
    }
  },

  'the flags of a strategy reach V8'() {
    const file = corpus('mutable-globals');
    const baseline = (strategy) => JSON.parse(spawnSync(process.execPath, ['--allow-natives-syntax', '--input-type=module', '-e', `
      import {readFileSync} from 'node:fs';
      import {applyStrategy, parseStrategy} from ${JSON.stringify(path.join(HERE, 'strategy.mjs'))};
      applyStrategy(parseStrategy(${JSON.stringify(strategy)}));
      const {bump} = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(${JSON.stringify(file)}))).exports;
      const before = %IsLiftoffFunction(bump);
      bump();
      console.log(JSON.stringify([before, %IsLiftoffFunction(bump)]));`], {encoding: 'utf8'}).stdout);
    assert.deepEqual(baseline('lazy=off'), [true, true]);
    assert.deepEqual(baseline('lazy=on'), [false, true]);
    assert.deepEqual(baseline('tier=liftoff,lazy=off'), [true, true]);
    assert.deepEqual(baseline('tier=turbofan,lazy=off'), [false, false]);
    assert.deepEqual(baseline('tier=turbofan,lazy=on'), [false, false]);
  },

  'percentiles that few samples do not carry are unknown'() {
    assert.deepEqual(distribution(Float64Array.of(4, 1, 2)), {mean: 7 / 3, min: 1, p50: 2, p90: null, p99: null});
    const hundred = Float64Array.from({length: 100}, (_, i) => 99 - i);
    assert.deepEqual(distribution(hundred), {mean: 49.5, min: 0, p50: 49.5, p90: 89.10000000000001, p99: null});
  },

  'all parts pay alike for collection'() {
    // two parts of 4 cycles: 0..10 and 10..18 ms, then 4 ms for the closing collection; pauses of 2 and 1 ms within
    const borders = Float64Array.of(0, 10, 18, 22);
    const pauses = [{start: 3, ms: 2, full: true}, {start: 9, ms: 1, full: true}, {start: 19, ms: 3, full: true}];
    assert.deepEqual(settle(borders, 4, pauses), {
      ms: 18, parts_ns: [(7 + 3.5) * 250000, (8 + 3.5) * 250000], real_ns: 2750000,
      gc: {collections: 3, full: 3, forced: 1, share_of_batch: 7 / 22, interval: 2},
    });
    // without pauses of its own, and when V8 does not tell them
    assert.deepEqual(settle(borders, 4, []).gc, {collections: 1, full: 1, forced: 1, share_of_batch: 4 / 22, interval: null});
    assert.deepEqual(settle(borders, 4, null).parts_ns, [12 * 250000, 10 * 250000]);
    assert.equal(settle(borders, 4, null).gc, null);
  },

  'a batch ends just before V8 would collect'() {
    assert.equal(justBeforeCollection(100, 1000), 900);
    assert.equal(justBeforeCollection(900, 1000), 900);
    assert.equal(justBeforeCollection(950, 1000), 1900);
    assert.equal(justBeforeCollection(3950, 1000), 4900);
    assert.equal(justBeforeCollection(5, 1), 5);
  },

  'the oracle finds each kind of leak'() {
    const file = text('leaky', `(module (memory (export "m") 1 4) (table (export "t") 4 funcref) (func $f)
      (elem (i32.const 1) $f) (data (i32.const 4096) "\\07") (global (export "g") (mut i64) (i64.const 5))
      (global (export "c") f64 (f64.const 1.5)))`);
    const made = program(file), fresh = () => made.visible(made.instantiate());
    const reference = fresh();
    assert.equal(difference(fresh(), reference), null);
    const dirtied = (dirty) => {
      const visible = fresh();
      dirty(visible);
      return difference(visible, reference);
    };
    assert.equal(dirtied(({memory}) => { new Uint8Array(memory.buffer)[4096] = 255; }), 'memory 0 at 0x1000: 0xff, expected 0x7');
    assert.equal(dirtied(({memory}) => { new Uint8Array(memory.buffer)[65535] = 1; }), 'memory 0 at 0xffff: 0x1, expected 0x0');
    assert.equal(dirtied(({memory}) => memory.grow(1)), 'memory 0 has 131072 bytes, expected 65536');
    assert.equal(dirtied(({table}) => table.set(1, null)), 'table 0 entry 1: null, expected a reference');
    assert.equal(dirtied(({table}) => table.set(3, table.get(1))), 'table 0 entry 3: a reference, expected null');
    assert.equal(dirtied(({table}) => table.grow(1)), 'table 0 has 5 entries, expected 4');
    assert.equal(dirtied(({globals}) => { globals.g.value = 6n; }), 'global "g": 6, expected 5');
    assert.equal(dirtied(({globals}) => { globals.c = new WebAssembly.Global({value: 'f64'}, 0); }), 'global "c": 0, expected 1.5');
    assert.equal(growthDifference(fresh()), null);
    const unclean = {
      buffer: new ArrayBuffer(65536),
      grow(pages) {
        if (pages > 1) throw new RangeError('one page is left');
        this.buffer = new Uint8Array(131072).fill(9, 131071).buffer;
      },
    };
    assert.equal(growthDifference({memory: unclean}), 'memory 0, grown, at 0x1ffff: 0x9, expected 0x0');
  },

  'the mess reaches all that the oracle sees'() {
    const file = text('messy', `(module (memory (export "m") 2 8) (table (export "t") 3 funcref) (func $f)
      (elem (i32.const 1) $f) (global (export "g") (mut f32) (f32.const 1)) (global (export "i") (mut i64) (i64.const 0)))`);
    const made = program(file), visible = made.visible(made.instantiate()), reference = made.visible(made.instantiate());
    makeMess(visible, 1);
    const bytes = Buffer.from(visible.memory.buffer);
    for (let at = 0; at < 131072; at += 4096) assert.notEqual(bytes.subarray(at, at + 4096).findIndex((byte) => byte), -1);
    assert.ok(bytes[0] !== 0 && bytes[131071] !== 0);
    assert.ok(bytes.length === 196608 && bytes.subarray(131072).every((byte) => byte === 255));
    assert.equal(visible.table.get(1), null);
    assert.deepEqual([visible.globals.g.value, visible.globals.i.value], [2, 0x5a5an]);
    assert.equal(difference(made.visible(made.instantiate()), reference), null);
  },

  'what the host cannot see is named'() {
    const unseen = (wat) => {
      const made = program(text('unseen', wat));
      return notCompared(made, made.visible(made.instantiate()));
    };
    assert.deepEqual(unseen('(module)'), []);
    assert.deepEqual(unseen('(module (memory 1) (table 1 funcref) (global i32 (i32.const 0)))'),
        ['memory 0', 'table 0', 'globals that are not exported or no numbers']);
    assert.deepEqual(unseen(`(module (memory (export "m") 1) (table (export "t") 1 funcref) (table 1 funcref)
        (global (export "g") i32 (i32.const 0)))`), ['tables but 0']);
    assert.deepEqual(unseen('(module (import "e" "m" (memory 1)) (import "e" "t" (table 1 funcref)))'), []);
  },

  'imported memories, tables and globals are fresh for each instance'() {
    const made = program(text('importing', `(module (import "e" "m" (memory 1 4)) (import "e" "t" (table 3 funcref))
      (import "e" "x" (table 2 externref)) (import "e" "g" (global (mut i64))) (import "e" "f" (func (param i32)))
      (import "e" "f" (func)) (import "" "" (func)) (export "g" (global 0)))`));
    const first = made.visible(made.instantiate());
    makeMess(first, 1);
    const second = made.visible(made.instantiate());
    assert.ok(first.memory !== second.memory && first.table !== second.table && first.globals.g !== second.globals.g);
    assert.deepEqual([second.memory.buffer.byteLength, second.table.length, second.globals.g.value], [65536, 3, 0n]);
  },

  'touch reads, writes, gets entries and grows where it is told'() {
    const made = program(text('touched', `(module (memory (export "m") 1 4) (table (export "t") 2 funcref) (func $f)
      (elem (i32.const 1) $f) (data (i32.const 16) "\\00\\00\\00\\00\\00\\00\\f0\\3f"))`));
    const cycles = [{reads: [16], writes: [8, 65528], entries: [1]}, {reads: [], writes: [24], entries: []}];
    const touching = new Touch(made, {grow: 2, cycles});
    const one = made.instantiate();
    touching.check(one);
    touching.work(one);
    const words = new Float64Array(made.memoryOf(one).buffer), bytes = new Uint8Array(made.memoryOf(one).buffer);
    assert.deepEqual([words[1], words[8191], touching.seen[0], touching.entry === made.tableOf(one).get(1)], [1, 1, 1, true]);
    assert.deepEqual([bytes.length, bytes[65536], bytes[131072], bytes[65537]], [196608, 1, 1, 0]);
    const two = made.instantiate();
    touching.work(two);
    assert.deepEqual([...new Float64Array(made.memoryOf(two).buffer, 0, 4)], [0, 0, 1, 2]);
    const refused = (cycle) => assert.throws(() => new Touch(made, touch(cycle)).check(made.instantiate()), /^Error: touch: /);
    [{writes: [65536]}, {reads: [4]}, {entries: [2]}].forEach(refused);
  },

  'a question mark asks for presets and axes'() {
    const {settings, engine} = ask({protocol: 1, describe: true, arm: arm('?')});
    assert.equal(engine, undefined);
    assert.deepEqual(settings.presets, [{name: 'default', stands_for: 'V8 as Node starts it', sets: 'tier=default,lazy=on'}]);
    assert.deepEqual(settings.axes.map(({name, takes, usual}) => [name, takes, usual]),
      [['tier', 'default|liftoff|turbofan', 'default'], ['lazy', 'on|off', 'on']]);
    assert.match(settings.axes[0].meaning, /turbofan: TurboFan alone/);
  },
  'describe says what the engine can do'() {
    const {engine, ...rest} = ask({protocol: 1, describe: true, arm: arm('lazy=off')});
    assert.deepEqual(rest, {protocol: 1, status: 'ok', reason: null});
    const {notes, ...facts} = engine;
    assert.deepEqual(facts, {
      name: 'v8', version: process.versions.v8, build: {node: process.versions.node}, strategy: 'tier=default,lazy=off',
      phases: ['init', 'work'], workloads: ['none', 'touch', 'call'], counters: ['faults'], threads: 1, slots: 65536,
    });
    assert.ok(notes.length > 0 && notes.every((note) => note.endsWith('.')));
    expectReason('refused', /^unknown word "sparkplug"; v8 accepts /, {protocol: 1, describe: true, arm: arm('sparkplug')});
    const as = (changed) => ({protocol: 1, describe: true, arm: {...arm(), ...changed}});
    expectAnswer('skipped', "this worker has the engine 'v8' only, not 'core'", as({engine: 'core'}));
    expectAnswer('skipped', '/no/node: no such file', as({library: '/no/node'}));
    expectReason('skipped', /^this worker runs in .*, not in /, as({library: HERE}));
    assert.equal(ask(as({library: process.execPath})).status, 'ok');
  },

  'a sample has what the protocol says'() {
    const passes = ['verify', 'first', 'batch', 'phases', 'counters', 'memory', 'verify_after'];
    const touches = touch({reads: [8, 4096], writes: [8, 8192, 16384, 65528]});
    const sample = ask(request(corpus('one-page'), {cell: {...TOUCH, slots: 4}, passes, touches, iterations: 47, parts: 20}));
    assert.deepEqual([sample.protocol, sample.status, sample.reason, sample.verified], [1, 'ok', null, true]);
    assert.deepEqual([sample.tool.version, sample.tool.build_type, sample.tool.assertions], [process.versions.node, 'Release', false]);
    assert.deepEqual([sample.batch.iterations, sample.batch.parts_ns.length], [40, 20]);
    const mean = sample.batch.parts_ns.reduce((sum, part) => sum + part) / 20;
    assert.ok(Math.abs(mean - sample.batch.real_ns) < 1e-6 * mean);
    assert.ok(sample.batch.cpu_ns > 0);
    for (const times of [sample.first, sample.phases]) {
      assert.deepEqual([times.acquire, times.start, times.release], [null, null, null]);
      assert.deepEqual(times.instantiate, times.init);
    }
    assert.equal(sample.first.cycle >= sample.first.init + sample.first.work - 1, true);
    assert.deepEqual(Object.keys(sample.phases.cycle), ['mean', 'min', 'p50', 'p90', 'p99']);
    // two pages read (one of them is written later: another fault), four written
    assert.deepEqual(sample.counters, {cycles: [4, 12], cycle: {'faults.minor': 6}});
    assert.deepEqual([sample.memory, sample.verified_slots, sample.engine.strategy], [null, 4, 'tier=default,lazy=on']);
    const {gc, ...facts} = sample.facts;
    assert.deepEqual(facts, {codegen: 'Liftoff, then TurboFan where it is hot; each function when it is first called',
      start_function: 'none', not_compared: []});
    assert.ok(gc.forced === 1 && gc.collections >= 1 && gc.share_of_batch > 0 && gc.share_of_batch < 1);
    assert.deepEqual(Object.keys(sample.noise), ['wall_ns', 'run_delay_ns', 'nvcsw', 'nivcsw', 'migrations', 'steal_ticks',
      'psi_some_us', 'minor_faults', 'major_faults']);
  },

  'the pilot finds a length'() {
    const sample = ask(request(corpus('empty'), {passes: ['batch'], batch_ms: 1}));
    assert.ok(sample.batch.iterations > 1);
    assert.deepEqual(Object.keys(sample.batch), ['iterations', 'real_ns', 'cpu_ns', 'block_iterations']);
    assert.ok(sample.batch.block_iterations >= 1);
    assert.equal(sample.verified, null);
  },

  'every module of the corpus'() {
    for (const file of readdirSync(path.join(CORPUS, 'wat'))) {
      const name = path.basename(file, '.wat');
      if (name === 'gigabyte-memory') continue;  // comparing 1 GiB ten times takes seconds
      const sample = ask(request(corpus(name), {cell: {slots: 3}}));
      const expected = name === 'out-of-bounds-segment' ? 'failed' : 'ok';
      assert.equal(sample.status, expected, `${name}: ${sample.reason}`);
      if (expected === 'ok') assert.deepEqual([sample.verified, sample.verified_slots > 0], [true, true], name);
      else assert.match(sample.reason, /^instantiation failed: WebAssembly.Instance\(\): data segment /);
    }
  },

  'a start function runs in each instance'() {
    const sample = ask(request(corpus('start-writes-memory'), {passes: ['counters']}));
    assert.deepEqual([sample.facts.start_function, sample.counters.cycle], ['run', {'faults.minor': 64}]);
    const asks = text('asks', '(module (import "env" "f" (func $f)) (start $f))');
    expectAnswer('failed', 'instantiation failed: called the import env.f', request(asks));
    expectReason('failed', /^instantiation failed: unreachable$/, request(text('traps', '(module (func $f unreachable) (start $f))')));
  },

  'calls are made and their answers checked'() {
    for (const name of ['mutable-globals', 'two-tables', 'imported-functions-in-table', 'passive-and-declared']) {
      const script = JSON.parse(readFileSync(path.join(CORPUS, 'calls', `${name}.json`)));
      const passes = ['first', 'verify', 'batch'];
      const sample = ask(request(corpus(name), {cell: {...call(script), slots: 2}, passes, iterations: 3}));
      assert.deepEqual([sample.status, sample.reason, sample.verified], ['ok', null, true]);
    }
    const adds = text('adds', '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))');
    const step = (expect) => call({steps: [{call: 'add', args: [1, 2], expect}]});
    assert.equal(ask(request(adds, {cell: step(3)})).status, 'ok');
    expectReason('failed', /^call: step 0 .*add\(\) is 3 instead of 4$/, request(adds, {cell: step(4)}));
  },

  'the floor of calls is that of an instance that goes on'() {
    const next = text('next', `(module (global $n (mut i32) (i32.const 0))
      (func (export "next") (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))`);
    const floor = (step) => ask(request(next, {cell: call({steps: [step]}), passes: ['batch'], iterations: 5})).floor;
    assert.ok(floor({call: 'next', expect: 'nonzero'}).kept_call_ns > 0);
    assert.equal(floor({call: 'next', expect: 1}), undefined);  // the second answer is 2
  },

  'WASI begins anew for each instance'() {
    const writes = text('writes', `(module (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1) (data (i32.const 0) "\\10\\00\\00\\00\\02\\00\\00\\00") (data (i32.const 16) "hi")
      (func (export "f") (result i32) (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))`);
    const script = {wasi: {}, steps: [{call: 'f', expect: 0}, {output: {utf8: 'hi'}}]};
    const sample = ask(request(writes, {cell: call(script), passes: ['first', 'verify', 'batch'], iterations: 5}));
    assert.equal(sample.status, 'ok');
    assert.ok(sample.floor.kept_call_ns > 0);
  },

  'what cannot be done is skipped with its reason'() {
    const file = corpus('one-page');
    const skipped = (reason, given, where = file) => expectAnswer('skipped', reason, request(where, given));
    skipped('threads=2: a V8 isolate serves one thread', {cell: {threads: 2}});
    skipped('--inject is for the core', {inject: '5%'});
    skipped('preinit: V8 cannot start instances from a state that another one left', {cell: {preinit: {preinit: ['f']}}});
    skipped('call: the WASI of this worker has no files', {cell: call({wasi: {dir: '/'}, steps: []})});
    skipped('a module inside a component: this worker reads plain modules', {}, `${file}#1`);
    skipped('a text module: this worker reads binary ones', {}, path.join(CORPUS, 'wat/empty.wat'));
    skipped("this worker has the engine 'v8' only, not 'core'", {arm: {...arm(), engine: 'core'}});
    const hidden = {exports: {memory: null, table: null}};
    skipped('touch: memory 0 is not exported', {cell: TOUCH, touches: touch({writes: [0]}), module: hidden});
    skipped('touch: table 0 is not exported', {cell: TOUCH, touches: touch({entries: [0]})});
    const garbage = path.join(folder, 'garbage.wasm');
    writeFileSync(garbage, 'garbage!');
    expectReason('skipped', /^V8 \S+ cannot compile it: /, request(garbage));
    const many = {cell: {slots: 20000}, passes: ['batch']};
    expectReason('skipped', /^V8 has no room for another memory/, request(text('room', '(module (memory 0))'), many));
  },

  'a wrong request fails'() {
    const file = corpus('one-page');
    expectReason('failed', /JSON/, 'nonsense');
    expectAnswer('failed', 'request has protocol 2, this worker speaks protocol 1', {protocol: 2});
    expectAnswer('failed', 'missing key "seed"', {...request(file), seed: undefined});
    expectReason('failed', /^unknown word "x"; v8 accepts /, request(file, {arm: arm('x')}));
    expectAnswer('failed', 'm: its bytes changed since the run began', request(file, {module: {sha256: '0'.repeat(64)}}));
    expectReason('failed', /ENOENT/, request('/no/module.wasm'));
    expectAnswer('failed', 'the request has no "touches" for its workload', request(file, {cell: TOUCH}));
    const beyond = {cell: TOUCH, touches: touch({reads: [65536]})};
    expectAnswer('failed', 'touch: 8 bytes at 65536 do not fit memory 0', request(file, beyond));
    const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
    assert.equal(ask(request(file, {module: {sha256, exports: {memory: 'memory', table: null}}})).status, 'ok');
  },

  'the marks of the trace pass, and bystanders'() {
    assert.equal(ask(request(corpus('one-page'), {passes: ['trace'], cell: {slots: 2}})).status, 'ok');
    const beside = ask(request(corpus('empty'), {passes: ['batch', 'phases'], iterations: 10, cell: {bystanders: 1}}));
    assert.deepEqual([beside.status, beside.batch.cpu_ns, beside.phases.samples >= 20], ['ok', null, true]);
  },
};

function main(words) {
  if (spawnSync('wat2wasm', ['--version']).status !== 0) {
    console.log('skipped: wat2wasm (Debian: apt install wabt) is not installed');
    return 77;
  }
  let passed = 0, failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
    try {
      test();
      ++passed;
    } catch (error) {
      console.log(`FAILED ${name}: ${error.stack}`);
      ++failed;
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
