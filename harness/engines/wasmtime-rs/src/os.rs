//! What the worker asks of the system: clocks, the thread's faults, and what disturbed it.

use std::fs;

use serde_json::{Value, json};

pub fn now_ns() -> u64 {
    clock_ns(libc::CLOCK_MONOTONIC)
}

/// Of this thread: all that the engine does happens on it, and bystanders are others.
pub fn cpu_ns() -> u64 {
    clock_ns(libc::CLOCK_THREAD_CPUTIME_ID)
}

fn clock_ns(clock: libc::clockid_t) -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is writable, and both clocks exist since Linux 2.6.12.
    unsafe { libc::clock_gettime(clock, &mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// The best of several rounds.
pub fn clock_read_ns() -> f64 {
    const READS: u64 = 1000;
    let round = |_| {
        let begin = now_ns();
        for _ in 0..READS {
            std::hint::black_box(now_ns());
        }
        (now_ns() - begin) as f64 / (READS + 1) as f64
    };
    (0..16).map(round).fold(f64::INFINITY, f64::min)
}

/// A system call that does nothing, for a tracing parent to count from.
pub fn trace_marker() {
    // SAFETY: signal 0 is delivered to nobody.
    unsafe { libc::kill(libc::getpid(), 0) };
}

pub fn thread_usage() -> libc::rusage {
    // SAFETY: all zeros is a valid rusage, and it is writable.
    unsafe {
        let mut usage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_THREAD, &mut usage);
        usage
    }
}

/// Bytes that can be had without swapping.
pub fn memory_available() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("MemAvailable:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

pub fn most_mappings() -> Option<u64> {
    fs::read_to_string("/proc/sys/vm/max_map_count").ok()?.trim().parse().ok()
}

/// What kept this thread from running, counted since the system or the thread began.
pub struct Interference {
    wall_ns: u64,
    run_delay_ns: Option<u64>,
    steal_ticks: Option<u64>,
    psi_some_us: Option<u64>,
    usage: libc::rusage,
}

impl Interference {
    pub fn now() -> Interference {
        Interference {
            wall_ns: now_ns(),
            run_delay_ns: field("/proc/thread-self/schedstat", "", 1),
            steal_ticks: field("/proc/stat", "cpu ", 8),
            psi_some_us: psi_some_us(),
            usage: thread_usage(),
        }
    }

    /// The sample's `noise`, of the time since `before`.
    pub fn since(&self, before: &Interference) -> Value {
        let difference = |now: Option<u64>, then: Option<u64>| Some(now?.saturating_sub(then?));
        json!({
            "wall_ns": self.wall_ns - before.wall_ns,
            "run_delay_ns": difference(self.run_delay_ns, before.run_delay_ns),
            "nvcsw": self.usage.ru_nvcsw - before.usage.ru_nvcsw,
            "nivcsw": self.usage.ru_nivcsw - before.usage.ru_nivcsw,
            "migrations": null,
            "steal_ticks": difference(self.steal_ticks, before.steal_ticks),
            "psi_some_us": difference(self.psi_some_us, before.psi_some_us),
            "minor_faults": self.usage.ru_minflt - before.usage.ru_minflt,
            "major_faults": self.usage.ru_majflt - before.usage.ru_majflt,
        })
    }
}

/// The number at `index` of the first line that begins with `label`.
fn field(path: &str, label: &str, index: usize) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(label))?;
    line.split_whitespace().nth(index)?.parse().ok()
}

fn psi_some_us() -> Option<u64> {
    let text = fs::read_to_string("/proc/pressure/cpu").ok()?;
    let line = text.lines().find(|line| line.starts_with("some"))?;
    line.split_once("total=")?.1.trim().parse().ok()
}
