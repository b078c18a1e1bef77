//! What the engine says of itself: by `describe`, and with every sample.

use serde_json::{Value, json};
use wasmtime::PoolingAllocationConfig;

use crate::grammar::{self, canonical, parse};
use crate::request::{Arm, MOST_SLOTS, PROTOCOL};
use crate::settings::Settings;
use crate::stop::Stop;

pub const NAME: &str = "wasmtime-rs";
pub const WASMTIME: &str = "50.0.1";

/// `Err` is a usage error.
pub fn settings_of(arm: &Arm) -> Result<Settings, String> {
    if arm.engine != NAME {
        return Err(format!("this worker has the engine '{NAME}' only, not '{}'", arm.engine));
    }
    if !arm.library.is_empty() {
        return Err(format!("{NAME} is built with its library: nothing can stand behind '@'"));
    }
    parse(&arm.strategy)
}

pub fn require_support(settings: &Settings) -> Result<(), Stop> {
    if settings.pool.pagemap_scan && !PoolingAllocationConfig::is_pagemap_scan_available() {
        return Err(Stop::Skipped("pagemap-scan=on: this kernel has no PAGEMAP_SCAN (Linux 6.7)".into()));
    }
    Ok(())
}

pub fn engine(settings: &Settings) -> Value {
    json!({
        "name": NAME,
        "version": WASMTIME,
        "build": {
            "rustc": env!("BUILT_BY"),
            "profile": if cfg!(debug_assertions) { "debug" } else { "release" },
        },
        "strategy": canonical(settings),
        "phases": ["acquire", "init", "work", "release"],
        "workloads": ["none", "touch", "call"],
        "counters": ["faults"],
        "threads": 1,
        "slots": MOST_SLOTS,
        "notes": [
            "acquire is Store::new; init is InstancePre::instantiate and holds the start function; release is the \
             drop of the store, which resets a pooled slot, with batch=N that of N slots at a time.",
            "A memory image is mapped from the compiled module's file, not from a memfd.",
            "Imported memories, tables and globals are made anew in init and never come from the pool; a module that has \
             some is instantiated by Instance::new.",
        ],
    })
}

pub fn answer(arm: &Arm) -> Value {
    if arm.strategy == "?" {
        return json!({"protocol": PROTOCOL, "status": "ok", "reason": null, "settings": grammar::settings()});
    }
    let (status, reason, engine) = match settings_of(arm) {
        Err(why) => ("refused", Some(why), Value::Null),
        Ok(settings) => match require_support(&settings) {
            Err(Stop::Skipped(why) | Stop::Failed(why) | Stop::Leak(why)) => ("skipped", Some(why), engine(&settings)),
            Ok(()) => ("ok", None, engine(&settings)),
        },
    };
    json!({"protocol": PROTOCOL, "status": status, "reason": reason, "engine": engine})
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_is_that_of_the_lock_file() {
        let locked = format!("name = \"wasmtime\"\nversion = \"{}\"", super::WASMTIME);
        assert!(include_str!("../Cargo.lock").contains(&locked));
    }
}
