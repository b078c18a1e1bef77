#!/usr/bin/env node
// The engine `v8` of instbench: reads one request (harness/protocol/README.md) on standard input and writes one answer
// on standard output. Runs in Node 18 to 22, without flags: what V8 is told depends on the request.
import {createHash} from 'node:crypto';
import {existsSync, readFileSync, realpathSync} from 'node:fs';
import {runSteps} from '../../../corpus/call_steps.mjs';
import {runBatch} from './batch.mjs';
import {Ring} from './cycle.mjs';
import {withBystanders, withNoise} from './noise.mjs';
import {Oracle, notCompared} from './oracle.mjs';
import {Leak, Skipped} from './outcome.mjs';
import {passCounters, passFirst, passKeptCall, passPhases, passTrace} from './passes.mjs';
import {Program} from './program.mjs';
import {WrongStrategy, applyStrategy, canonical, codegenText, parseStrategy, settings} from './strategy.mjs';
import {Touch} from './touch.mjs';

const PROTOCOL = 1;

const NOTES = [
  'init holds acquire, init and start: V8 makes an instance in one call.',
  'V8 gives instances back by garbage collection: there is no release to time, a batch ends with a full collection in its ' +
    'time, and all pauses for collection are shared out evenly over its cycles; phases hold only those that fell into them.',
  'An instance with a memory reserves about 10 GiB of address space: some 13,000 can be alive at once.',
  'The host touches memory through a typed array that it makes for each instance, and a table entry is a function object ' +
    'that V8 makes when it is first asked for: both are part of work, as is the JavaScript that reads a call script.',
  'Code is compiled and optimised while it runs: with lazy=on, first holds the compiling of what it calls.',
];

const engineOf = (strategy) => ({
  name: 'v8',
  version: process.versions.v8,
  build: {node: process.versions.node},
  strategy: canonical(strategy),
  phases: ['init', 'work'],
  workloads: ['none', 'touch', 'call'],
  counters: ['faults'],
  threads: 1,
  slots: 65536,
  notes: NOTES,
});

// How the Node that measures was built, so that a parent can refuse to judge a debug build.
const TOOL = {
  version: process.versions.node,
  git: '',
  build_type: process.config.target_defaults.default_configuration,
  assertions: process.features.debug,
  sanitizers: process.config.variables.asan ? 'address' : '',
};

// The Node that the user named has to run this file: a V8 is not a library that could be loaded.
function checkArm({engine, library}) {
  if (engine !== 'v8') throw new Skipped(`this worker has the engine 'v8' only, not '${engine}'`);
  if (!library) return;
  if (!existsSync(library)) throw new Skipped(`${library}: no such file`);
  if (realpathSync(library) !== realpathSync(process.execPath)) {
    throw new Skipped(`this worker runs in ${process.execPath}, not in ${library}`);
  }
}

function checkCell({module, cell, inject}) {
  const {workload} = cell;
  if (inject) throw new Skipped('--inject is for the core');
  if (cell.threads > 1) throw new Skipped(`threads=${cell.threads}: a V8 isolate serves one thread`);
  if (cell.preinit) throw new Skipped('preinit: V8 cannot start instances from a state that another one left');
  if (workload.kind === 'call' && workload.script.wasi?.dir) throw new Skipped('call: the WASI of this worker has no files');
  if (module.path.includes('#')) throw new Skipped('a module inside a component: this worker reads plain modules');
  if (module.path.endsWith('.wat')) throw new Skipped('a text module: this worker reads binary ones');
}

function readModule({name, path, sha256}) {
  const wasm = readFileSync(path);
  if (sha256 && createHash('sha256').update(wasm).digest('hex') !== sha256) {
    throw new Error(`${name}: its bytes changed since the run began`);
  }
  return wasm;
}

function callWork(program, script) {
  return () => {
    try {
      runSteps(script, program.host);
    } catch (error) {
      throw new Error(`call: ${error.message}`);
    }
  };
}

// What is done with each instance.
function workOf(program, {workload}, touches) {
  if (workload.kind === 'call') return callWork(program, workload.script);
  if (workload.kind === 'none') return () => {};
  if (!touches) throw new Error('the request has no "touches" for its workload');
  const touch = new Touch(program, touches);
  return Object.assign((instance) => touch.work(instance), {check: (instance) => touch.check(instance)});
}

async function timedPasses(request, ring, wants, sample) {
  const {bystanders} = request.cell;
  if (wants('batch')) {
    const options = {iterations: request.iterations, parts: request.parts, batchMs: request.batch_ms ?? 60};
    const {result, noise} = await withBystanders(bystanders, () => withNoise(() => runBatch(ring, options)));
    sample.batch = {iterations: result.iterations, real_ns: result.real_ns, cpu_ns: bystanders > 0 ? null : result.cpu_ns};
    if (request.parts > 1) sample.batch.parts_ns = result.parts_ns;
    if (result.block_iterations) sample.batch.block_iterations = result.block_iterations;
    sample.noise = noise;
    sample.facts.gc = result.gc;
  }
  if (wants('phases')) {
    sample.phases = await withBystanders(bystanders, () => passPhases(ring, sample.batch?.real_ns ?? 1e5));
  }
  if (wants('counters')) sample.counters = passCounters(ring);
}

async function measure(request, sample) {
  checkArm(request.arm);
  const {cell} = request, strategy = parseStrategy(request.arm.strategy);
  sample.engine = engineOf(strategy);
  checkCell(request);
  applyStrategy(strategy);
  const calls = cell.workload.kind === 'call';
  const program = new Program(readModule(request.module), request.module.exports, calls ? cell.workload.script : null);
  const work = workOf(program, cell, request.touches);
  const wants = (pass) => request.passes.includes(pass);

  if (wants('first')) sample.first = passFirst(program, work);  // before anything else has warmed this process
  const oracle = new Oracle(program);
  work.check?.(program.instantiate());
  sample.facts = {
    codegen: codegenText(strategy),
    start_function: program.hasStart ? 'run' : 'none',
    not_compared: notCompared(program, oracle.reference),
  };
  if (wants('trace')) {
    const ring = new Ring(program, work, cell.slots);
    ring.warmUp();
    passTrace(ring);
  }
  if (wants('verify')) {
    oracle.verify(request.seed, request.verify_rounds ?? 4, calls ? work : null);
    sample.verified_rounds = request.verify_rounds ?? 4;
    // Without its memory an instance was not looked into.
    sample.verified = program.seesMemory || program.counts.memory === 0 ? true : null;
  }
  if (wants('memory')) sample.memory = null;
  if (!['batch', 'phases', 'counters', 'verify_after'].some(wants)) return;
  const ring = new Ring(program, work, cell.slots);
  ring.warmUp();
  await timedPasses(request, ring, wants, sample);
  const call = calls && wants('batch') ? passKeptCall(program, work) : null;
  if (call !== null) sample.floor = {kept_call_ns: call};
  if (wants('verify_after')) {
    ring.drain();
    sample.verified_slots = oracle.verifyAfter(cell.slots);
  }
}

function describe({arm}) {
  checkArm(arm);
  if (arm.strategy === '?') return {settings: settings()};
  try {
    return {engine: engineOf(parseStrategy(arm.strategy))};
  } catch (error) {
    if (!(error instanceof WrongStrategy)) throw error;
    return {status: 'refused', reason: error.message};
  }
}

function checkRequest(request) {
  if (request?.protocol !== PROTOCOL) {
    throw new Error(`request has protocol ${JSON.stringify(request?.protocol)}, this worker speaks protocol ${PROTOCOL}`);
  }
  const keys = request.describe ? ['arm'] : ['module', 'arm', 'cell', 'seed', 'passes'];
  const missing = keys.find((key) => request[key] === undefined);
  if (missing) throw new Error(`missing key "${missing}"`);
}

const oneLine = (text) => text.trim().split(/\s*\n\s*/).join(' ');

async function answer(text) {
  const sample = {protocol: PROTOCOL, status: 'ok', reason: null};
  try {
    const request = JSON.parse(text);
    checkRequest(request);
    if (request.describe) return {...sample, ...describe(request)};
    Object.assign(sample, {tool: TOOL, verified: null});
    await measure(request, sample);
  } catch (error) {
    if (error instanceof Leak) sample.verified = false;
    sample.status = error instanceof Skipped ? 'skipped' : 'failed';
    sample.reason = oneLine(String(error?.message ?? error));
  }
  return sample;
}

process.stdout.write(`${JSON.stringify(await answer(readFileSync(0, 'utf8')))}\n`);
