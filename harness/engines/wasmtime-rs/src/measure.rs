//! One request, one sample: loads the module and runs the passes in their order.

use serde_json::{Value, json};
use wasmtime::PoolingAllocationConfig;

use crate::describe::{engine, require_support, settings_of};
use crate::loader::Loader;
use crate::os;
use crate::passes::{self, Length, among_bystanders};
use crate::program::{Program, room_for};
use crate::request::{MOST_SLOTS, Pass, Request};
use crate::ring::Ring;
use crate::settings::Room;
use crate::stop::Stop;
use crate::verify::{Reference, not_compared, verify, verify_timed};
use crate::work::Work;

pub fn measure(mut request: Request, sample: &mut Value) -> Result<(), Stop> {
    let settings = settings_of(&request.arm).map_err(Stop::Failed)?;
    sample["engine"] = engine(&settings);
    require_support(&settings)?;
    refuse_what_it_cannot(&request)?;
    let touches = request.touches.take();
    let loader = Loader::new(&request, &settings)?;
    let fresh = loader.on_demand()?;
    let room = room_for(&fresh.module, &settings, request.cell.slots);
    let program = loader.with_room(&room)?;
    let work = loader.work(&program, touches)?;
    refuse_if_too_large(request.cell.slots, &work, &program)?;
    sample["features"] = json!({"pagemap_scan": why_no_pagemap_scan()});
    sample["facts"] = json!({
        "codegen": format!("Cranelift, opt={}", if settings.optimize { "speed" } else { "none" }),
        "code_from": loader.code.from,
        "image_from": if loader.code.is_file() { "the compiled module's file" } else { "memfd" },
        "linked_by": program.linked_by(),
        "not_compared": not_compared(&program),
    });

    let wants = |pass| request.passes.contains(&pass);
    // Before anything else has warmed this process.
    if wants(Pass::First) {
        sample["first"] = passes::first(&mut Ring::new(&program, &work, 1))?;
    }
    let mut ring = Ring::new(&program, &work, request.cell.slots);
    if wants(Pass::Trace) {
        passes::trace(&mut ring)?;
    }
    let verifies = wants(Pass::Verify) || wants(Pass::VerifyAfter);
    let mut reference = if verifies { Some(Reference::of(fresh)?) } else { None };
    if let Some(reference) = reference.as_mut().filter(|_| wants(Pass::Verify)) {
        verify_apart(&loader, &room, reference, &request)?;
        sample["verified"] = true.into();
        sample["verified_rounds"] = request.verify_rounds.into();
    }
    let warm = [Pass::Batch, Pass::Phases, Pass::Counters, Pass::VerifyAfter];
    if warm.into_iter().any(wants) {
        ring.warm_up()?;
    }
    let bystanders = request.cell.bystanders;
    if wants(Pass::Batch) {
        let length = Length { iterations: request.iterations, parts: request.parts, aim_ms: request.batch_ms };
        let (batch, noise) = among_bystanders(bystanders, || passes::batch(&mut ring, &length))?;
        (sample["batch"], sample["noise"]) = (batch, noise);
    }
    if wants(Pass::Phases) {
        let cycle_ns = sample["batch"]["real_ns"].as_f64().unwrap_or(1e5);
        sample["phases"] = among_bystanders(bystanders, || passes::phases(&mut ring, cycle_ns))?;
    }
    if wants(Pass::Counters) {
        sample["counters"] = passes::counters(&mut ring)?;
    }
    if wants(Pass::Memory) {
        sample["memory"] = Value::Null;
    }
    if wants(Pass::Batch)
        && let Some(call_ns) = kept_call(&loader, &room)?
    {
        sample["floor"] = json!({"kept_call_ns": call_ns});
    }
    if let Some(reference) = reference.as_mut().filter(|_| wants(Pass::VerifyAfter)) {
        ring.drain();
        sample["verified_slots"] = verify_timed(&program, reference, request.cell.slots)?.into();
    }
    Ok(())
}

/// Reading all of a timed slot would change what follows.
fn verify_apart(loader: &Loader, room: &Room, reference: &mut Reference, request: &Request) -> Result<(), Stop> {
    let program = apart(loader, room)?;
    let calls = loader.calls(&program)?;
    verify(&program, reference, calls.as_ref(), (request.verify_rounds, request.seed))
}

/// For `floor`; nothing for a workload without calls.
fn kept_call(loader: &Loader, room: &Room) -> Result<Option<f64>, Stop> {
    let program = apart(loader, room)?;
    match loader.calls(&program)? {
        Some(calls) => passes::kept_call(&program, &calls),
        None => Ok(None),
    }
}

/// A pool of its own, of one instance, so that its slot is used again even while resets wait for their batch. A module
/// with externrefs has one more memory for these.
fn apart(loader: &Loader, room: &Room) -> Result<Program, Stop> {
    loader.with_room(&Room { instances: 1, memories: room.memories + 1, ..*room })
}

fn refuse_what_it_cannot(request: &Request) -> Result<(), Stop> {
    let cell = &request.cell;
    if cell.slots == 0 || cell.threads == 0 || request.parts == 0 || request.iterations == Some(0) {
        return Err(Stop::Failed("slots, threads, parts and iterations must be at least 1".into()));
    }
    // Also when it is not a number.
    if !(request.batch_ms > 0.0 && request.batch_ms <= 1e6) {
        return Err(Stop::Failed("batch_ms must be more than 0 and 1000000 at most".into()));
    }
    let refused = if request.inject.is_some() {
        "--inject is for the core".into()
    } else if cell.preinit.is_some() {
        "wasmtime-rs does not preinitialise modules".into()
    } else if cell.threads > 1 {
        format!("wasmtime-rs measures one thread, not {}", cell.threads)
    } else if cell.slots > MOST_SLOTS {
        format!("wasmtime-rs keeps {MOST_SLOTS} instances alive at most, not {}", cell.slots)
    } else {
        return Ok(());
    };
    Err(Stop::Skipped(refused))
}

/// What `slots` instances keep resident or mapped must fit the machine, or it would swap or be refused halfway.
fn refuse_if_too_large(slots: usize, work: &Work, program: &Program) -> Result<(), Stop> {
    let slots = slots as u64;
    let bytes = slots.saturating_mul(work.touched_pages().saturating_mul(4096));
    if let Some(available) = os::memory_available()
        && bytes > available / 4 * 3
    {
        let mib = |bytes: u64| bytes >> 20;
        return Err(Stop::Skipped(format!(
            "{slots} instances would keep {} MiB resident; {} MiB are available",
            mib(bytes),
            mib(available)
        )));
    }
    // A memory is up to four mappings (before its image, the image, behind it, closed), a table is one.
    let needed = program.module.resources_required();
    let mappings = slots * (4 * u64::from(needed.num_memories) + u64::from(needed.num_tables));
    match os::most_mappings() {
        // Half of the limit is left to others.
        Some(most) if mappings > most / 2 => Err(Stop::Skipped(format!(
            "{slots} instances need about {mappings} mappings; this kernel allows {most} (vm.max_map_count)"
        ))),
        _ => Ok(()),
    }
}

fn why_no_pagemap_scan() -> Option<&'static str> {
    (!PoolingAllocationConfig::is_pagemap_scan_available()).then_some("this kernel has no PAGEMAP_SCAN")
}
