//! A witness: what the worker `wasmtime-rs` measures, measured by Criterion, with code that shares nothing with the
//! worker but the list of addresses.
//!
//!     instbench-wasmtime-independent [--setting NAME] REQUEST.json...
//!
//! REQUEST.json is a request as a worker gets it; of it `module.path` and `touches` are read. For each and for each of
//! three settings (or the one that is named): Store::new, InstancePre::instantiate, the touching, the drop. One line of JSON on standard output
//! says what Criterion found; its own words go there too, but never begin with a brace.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion};
use serde_json::{Value, json};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, InstancePre, Linker, Memory, Module, PoolingAllocationConfig, Store,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const SETTINGS: [&str; 3] = ["on-demand", "pooling", "pooling-keep"];

fn main() -> Outcome<()> {
    let results = std::env::temp_dir().join(format!("instbench-independent-{}", std::process::id()));
    let mut criterion = Criterion::default()
        .without_plots()
        .with_output_color(false)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .output_directory(&results);
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut settings = SETTINGS.to_vec();
    if arguments.len() > 1 && arguments[0] == "--setting" {
        settings.retain(|setting| *setting == arguments[1]);
        arguments.drain(..2);
    }
    for path in arguments {
        let request: Value = serde_json::from_str(&std::fs::read_to_string(&path)?)?;
        let code = compile(&request)?;
        for setting in &settings {
            let line = match measure(&mut criterion, (&request, &code), &path, setting, &results) {
                Ok(found) => found,
                Err(error) => json!({"error": format!("{error:#}")}),
            };
            println!("{}", with(line, &[("request", &path), ("setting", setting)]));
        }
    }
    std::fs::remove_dir_all(&results)?;
    Ok(())
}

fn with(mut line: Value, pairs: &[(&str, &str)]) -> Value {
    for (key, value) in pairs {
        line[key] = (*value).into();
    }
    line
}

fn engine(setting: &str) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    let mut pool = PoolingAllocationConfig::new();
    pool.table_elements(1 << 17).max_tables_per_module(8).max_memories_per_module(8);
    if setting == "pooling-keep" {
        pool.linear_memory_keep_resident(16 << 20).table_keep_resident(1 << 20);
    }
    if setting != "on-demand" {
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    Engine::new(&config)
}

struct Plan {
    cycles: Vec<[Vec<usize>; 3]>,
    grow: u64,
    memory: Option<String>,
    table: Option<String>,
}

fn numbers(list: &Value) -> Vec<usize> {
    list.as_array().into_iter().flatten().filter_map(|it| Some(it.as_u64()? as usize)).collect()
}

fn plan(request: &Value) -> Plan {
    let touches = &request["touches"];
    let cycles = touches["cycles"].as_array().into_iter().flatten();
    let name = |kind: &str| request["module"]["exports"][kind].as_str().map(String::from);
    Plan {
        cycles: cycles.map(|it| ["reads", "writes", "entries"].map(|key| numbers(&it[key]))).collect(),
        grow: touches["grow"].as_u64().unwrap_or(0),
        memory: name("memory"),
        table: name("table"),
    }
}

/// Once: what the settings differ in does not decide the code.
fn compile(request: &Value) -> Outcome<Vec<u8>> {
    let wasm = std::fs::read(request["module"]["path"].as_str().ok_or("no module.path")?)?;
    Ok(Engine::default().precompile_module(&wasm)?)
}

fn measure(
    criterion: &mut Criterion,
    (request, code): (&Value, &[u8]),
    path: &str,
    setting: &str,
    results: &Path,
) -> Outcome<Value> {
    let plan = plan(request);
    let engine = engine(setting)?;
    // SAFETY: Wasmtime has just made these bytes.
    let module = unsafe { Module::deserialize(&engine, code)? };
    let mut linker = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&module)?;
    let pre = linker.instantiate_pre(&module)?;
    one_life(&engine, &pre, &plan, 0)?;
    let mut life = 0;
    let id = Path::new(path).file_stem().and_then(|it| it.to_str()).ok_or("a name without letters")?;
    criterion.bench_with_input(BenchmarkId::new(id, setting), &(), |bencher, ()| {
        bencher.iter(|| {
            life += 1;
            one_life(&engine, &pre, &plan, life).expect("it worked before")
        });
    });
    let estimates = results.join(id).join(setting).join("new/estimates.json");
    let estimates: Value = serde_json::from_str(&std::fs::read_to_string(estimates)?)?;
    let of = |what: &str| estimates[what]["point_estimate"].clone();
    Ok(json!({"mean_ns": of("mean"), "median_ns": of("median"), "median_abs_dev_ns": of("median_abs_dev")}))
}

/// The store, and all that it holds, is dropped at the end.
fn one_life(engine: &Engine, pre: &InstancePre<()>, plan: &Plan, life: usize) -> Outcome<u64> {
    let mut store = Store::new(engine, ());
    let instance = pre.instantiate(&mut store)?;
    let mut seen = 0;
    let Some([reads, writes, entries]) = plan.cycles.get(life % plan.cycles.len().max(1)) else { return Ok(seen) };
    if !reads.is_empty() || !writes.is_empty() || plan.grow > 0 {
        let name = plan.memory.as_deref().unwrap_or("memory");
        let memory = instance.get_memory(&mut store, name).ok_or("no exported memory")?;
        seen += touch(memory.data_ptr(&store), memory.data_size(&store), reads, writes)?;
        grow(&mut store, memory, plan.grow)?;
    }
    if !entries.is_empty() {
        let name = plan.table.as_deref().unwrap_or("table");
        let table = instance.get_table(&mut store, name).ok_or("no exported table")?;
        for entry in entries {
            seen += table.get(&mut store, *entry as u64).is_some() as u64;
        }
    }
    Ok(seen)
}

fn touch(base: *mut u8, size: usize, reads: &[usize], writes: &[usize]) -> Outcome<u64> {
    let mut sum = 0u64;
    let inside = |at: &usize| *at + 8 <= size;
    for at in reads {
        if !inside(at) {
            return Err("a read out of bounds".into());
        }
        // SAFETY: inside, and memories are aligned to pages.
        sum = sum.wrapping_add(unsafe { base.add(*at).cast::<u64>().read_volatile() });
    }
    for at in writes {
        if !inside(at) {
            return Err("a write out of bounds".into());
        }
        // SAFETY: as above.
        unsafe { base.add(*at).cast::<u64>().write_volatile(sum | 1) };
    }
    Ok(sum)
}

fn grow(store: &mut Store<()>, memory: Memory, pages: u64) -> Outcome<()> {
    if pages > 0 {
        let before = memory.grow(&mut *store, pages)?;
        for page in before..before + pages {
            memory.data_mut(&mut *store)[page as usize * 65536] = 1;
        }
    }
    Ok(())
}
