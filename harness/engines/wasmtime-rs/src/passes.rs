//! The passes over one warm ring, each of which fills a key of the sample.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Map, Value, json};

use crate::calls::Calls;
use crate::os::{Interference, clock_read_ns, cpu_ns, now_ns, thread_usage, trace_marker};
use crate::program::Program;
use crate::ring::{ClockMarks, Phase, Ring};
use crate::statistics::{distribution, median};
use crate::stop::Stop;

/// Cycles of the two runs whose difference is counted.
const SHORT_RUN: u64 = 4;
const LONG_RUN: u64 = 12;

/// Other running threads: giving pages back must then tell their CPUs, too.
pub fn among_bystanders<T>(count: usize, measure: impl FnOnce() -> T) -> T {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(|| spin_until(&stop));
        }
        let result = measure();
        stop.store(true, Ordering::Relaxed);
        result
    })
}

/// Without a hint that it only waits: a hypervisor could take the CPU from it.
fn spin_until(stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {}
}

/// The parent, which traces this process, counts the calls between the markers.
pub fn trace(ring: &mut Ring) -> Result<(), Stop> {
    ring.warm_up()?;
    trace_marker();
    ring.run(SHORT_RUN)?;
    trace_marker();
    ring.run(LONG_RUN)?;
    trace_marker();
    Ok(())
}

/// The first cycle of a ring that was never used, its instance dropped at its end.
pub fn first(ring: &mut Ring) -> Result<Value, Stop> {
    let mut marks = ClockMarks::default();
    ring.cycle(&mut marks)?;
    let begin = now_ns();
    ring.drain();
    let release = now_ns() - begin;
    let (acquire, init, work) = (marks.ns(Phase::Acquire), marks.ns(Phase::Init), marks.ns(Phase::Work));
    Ok(json!({
        "acquire": acquire,
        "init": init,
        "start": null,
        "work": work,
        "release": release,
        "instantiate": acquire + init,
        "cycle": acquire + init + work + release,
    }))
}

/// What a batch is asked for.
pub struct Length {
    pub iterations: Option<u64>,
    pub parts: u64,
    pub aim_ms: f64,
}

struct Part {
    cycles: u64,
    real_ns: u64,
    cpu_ns: u64,
}

/// The batch and the noise around it.
pub fn batch(ring: &mut Ring, length: &Length) -> Result<(Value, Value), Stop> {
    let before = Interference::now();
    let parts = match length.iterations {
        Some(iterations) => {
            let parts = length.parts.min(iterations);
            (0..parts).map(|_| timed(ring, iterations / parts)).collect::<Result<Vec<_>, _>>()?
        }
        None => vec![long_enough(ring, length.aim_ms * 1e6)?],
    };
    let noise = Interference::now().since(&before);
    let cycles: u64 = parts.iter().map(|part| part.cycles).sum();
    let per_cycle = |of: fn(&Part) -> u64| parts.iter().map(of).sum::<u64>() as f64 / cycles as f64;
    let mut batch = json!({
        "iterations": cycles,
        "real_ns": per_cycle(|part| part.real_ns),
        "cpu_ns": per_cycle(|part| part.cpu_ns),
    });
    if length.parts > 1 {
        let each = parts.iter().map(|part| part.real_ns as f64 / part.cycles as f64);
        batch["parts_ns"] = each.collect::<Vec<_>>().into();
    }
    Ok((batch, noise))
}

fn timed(ring: &mut Ring, cycles: u64) -> Result<Part, Stop> {
    let (cpu, begin) = (cpu_ns(), now_ns());
    ring.run(cycles)?;
    let end = now_ns();
    Ok(Part { cycles, real_ns: end - begin, cpu_ns: cpu_ns() - cpu })
}

/// Ever longer runs, the last of which counts; they grow as Google Benchmark's do.
fn long_enough(ring: &mut Ring, aim_ns: f64) -> Result<Part, Stop> {
    const MOST_CYCLES: f64 = 1e9;
    let mut cycles = 1;
    loop {
        let part = timed(ring, cycles)?;
        let share = part.real_ns as f64 / aim_ns;
        if share >= 1.0 || cycles as f64 >= MOST_CYCLES {
            return Ok(part);
        }
        // One run says too little about the next that is more than ten times as long.
        let factor = if share > 0.1 { 1.4 / share } else { 10.0 };
        cycles = (cycles as f64 * factor).clamp(cycles as f64 + 1.0, MOST_CYCLES) as u64;
    }
}

/// A second pass with clock reads between the phases. Phases include one clock read each.
pub fn phases(ring: &mut Ring, cycle_ns: f64) -> Result<Value, Stop> {
    const AIM_NS: f64 = 15e6;
    let samples = (AIM_NS / cycle_ns).clamp(20.0, 10_000.0) as usize;
    let recorded = || Vec::<u64>::with_capacity(samples);
    let (mut acquire, mut init, mut work, mut release) = (recorded(), recorded(), recorded(), recorded());
    let mut marks = ClockMarks::default();
    for _ in 0..samples {
        ring.cycle(&mut marks)?;
        acquire.push(marks.ns(Phase::Acquire));
        init.push(marks.ns(Phase::Init));
        work.push(marks.ns(Phase::Work));
        release.push(marks.ns(Phase::Release));
    }
    let instantiate: Vec<u64> = acquire.iter().zip(&init).map(|(a, i)| a + i).collect();
    let cycle = instantiate.iter().zip(&work).zip(&release).map(|((i, w), r)| i + w + r).collect();
    let clock_ns = clock_read_ns();
    Ok(json!({
        "samples": samples,
        "clock_ns": clock_ns,
        "resolution_ns": 5.0 * clock_ns,
        "acquire": distribution(acquire),
        "init": distribution(init),
        "start": null,
        "work": distribution(work),
        "release": distribution(release),
        "instantiate": distribution(instantiate),
        "cycle": distribution(cycle),
    }))
}

/// What the calls take in an instance that is never dropped, ns: the median of those before the first one that goes
/// wrong (a program may run out of memory). Nothing if there are too few, as where the second already answers otherwise.
pub fn kept_call(program: &Program, calls: &Calls) -> Result<Option<f64>, Stop> {
    const AIM_NS: u64 = 60_000_000;
    const FEWEST: usize = 3;
    const MOST: usize = 1000;
    let mut live = program.new_instance()?;
    let mut took = Vec::with_capacity(MOST);
    let mut spent = 0;
    while took.len() < FEWEST || (spent < AIM_NS && took.len() < MOST) {
        let begin = now_ns();
        match calls.run(program, &mut live) {
            Ok(()) => took.push(now_ns() - begin),
            Err(Stop::Failed(_)) => break,
            Err(other) => return Err(other),
        }
        spent += took[took.len() - 1];
    }
    if took.len() < FEWEST {
        return Ok(None);
    }
    took.remove(0); // of an instance that is new
    Ok(Some(median(took)))
}

/// Faults per cycle: what two runs of different length differ by is the cycles' own.
pub fn counters(ring: &mut Ring) -> Result<Value, Stop> {
    let before = thread_usage();
    ring.run(SHORT_RUN)?;
    let between = thread_usage();
    ring.run(LONG_RUN)?;
    let after = thread_usage();
    let mut cycle = Map::new();
    for (name, of) in [
        ("faults.minor", (|usage| usage.ru_minflt) as fn(&libc::rusage) -> i64),
        ("faults.major", |usage| usage.ru_majflt),
    ] {
        let short = of(&between) - of(&before);
        let long = of(&after) - of(&between);
        if short != long {
            cycle.insert(name.into(), ((long - short) as f64 / (LONG_RUN - SHORT_RUN) as f64).into());
        }
    }
    Ok(json!({"cycles": [SHORT_RUN, LONG_RUN], "cycle": cycle}))
}
