//! The engine `wasmtime-rs`: Wasmtime through its Rust crate. One request on standard input, one sample on standard
//! output (harness/protocol/README.md).

mod answers;
mod calls;
mod code;
mod describe;
mod grammar;
mod literal;
mod loader;
mod measure;
mod memory;
mod mess;
mod os;
mod passes;
mod places;
mod program;
mod request;
mod ring;
mod script;
mod settings;
mod statistics;
mod stop;
mod touch;
mod verify;
mod work;

use std::io::Read;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::request::{Describe, PROTOCOL, Request};
use crate::stop::{Stop, flattened};

fn main() {
    let mut text = String::new();
    let answer = match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => answer(&text),
        Err(error) => sample_of(Err(Stop::system("standard input", error)), new_sample()),
    };
    println!("{answer}");
}

fn answer(text: &str) -> Value {
    let mut sample = new_sample();
    let outcome = read(text).and_then(|json| {
        if json["describe"] == true {
            let asked = Describe::deserialize(&json).map_err(no_request)?;
            sample = describe::answer(&asked.arm);
            return Ok(());
        }
        let request = Request::deserialize(&json).map_err(no_request)?;
        measure::measure(request, &mut sample)
    });
    sample_of(outcome, sample)
}

fn read(text: &str) -> Result<Value, Stop> {
    let json: Value = serde_json::from_str(text).map_err(no_request)?;
    if json["protocol"] != PROTOCOL {
        let asked = &json["protocol"];
        return Err(Stop::Failed(format!("request has protocol {asked}, this worker speaks protocol {PROTOCOL}")));
    }
    Ok(json)
}

fn no_request(error: serde_json::Error) -> Stop {
    Stop::Failed(format!("no valid request: {}", flattened(&error.to_string())))
}

fn new_sample() -> Value {
    json!({
        "protocol": PROTOCOL,
        "status": "ok",
        "reason": null,
        "verified": null,
        "tool": {
            "version": env!("CARGO_PKG_VERSION"),
            "git": null,
            "build_type": if cfg!(debug_assertions) { "Debug" } else { "Release" },
            "assertions": cfg!(debug_assertions),
            "sanitizers": "",
        },
    })
}

fn sample_of(outcome: Result<(), Stop>, mut sample: Value) -> Value {
    let (status, reason) = match outcome {
        Ok(()) => return sample,
        Err(Stop::Skipped(why)) => ("skipped", why),
        Err(Stop::Failed(why)) => ("failed", why),
        Err(Stop::Leak(why)) => {
            sample["verified"] = false.into();
            ("failed", why)
        }
    };
    sample["status"] = status.into();
    sample["reason"] = reason.into();
    sample
}
