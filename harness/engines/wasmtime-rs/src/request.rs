//! What a worker is asked (harness/protocol/README.md).

use serde::Deserialize;
use serde_json::Value;

pub const PROTOCOL: u64 = 1;
pub const MOST_SLOTS: usize = 65536;

#[derive(Deserialize)]
pub struct Describe {
    pub arm: Arm,
}

#[derive(Deserialize)]
pub struct Request {
    pub module: ModuleFile,
    pub arm: Arm,
    pub cell: Cell,
    pub touches: Option<Touches>,
    pub passes: Vec<Pass>,
    #[serde(default = "one")]
    pub seed: u64,
    pub iterations: Option<u64>,
    #[serde(default = "one")]
    pub parts: u64,
    #[serde(default = "default_batch_ms")]
    pub batch_ms: f64,
    #[serde(default = "default_verify_rounds")]
    pub verify_rounds: u64,
    pub inject: Option<Value>,
}

#[derive(Deserialize)]
pub struct Arm {
    pub engine: String,
    pub strategy: String,
    #[serde(default)]
    pub library: String,
}

#[derive(Deserialize)]
pub struct ModuleFile {
    pub path: String,
    pub sha256: Option<String>,
    pub exports: Option<Exports>,
}

/// Under which names memory 0 and table 0 are exported.
#[derive(Deserialize)]
pub struct Exports {
    pub memory: Option<String>,
    pub table: Option<String>,
}

#[derive(Deserialize)]
pub struct Cell {
    pub workload: Workload,
    pub slots: usize,
    #[serde(default)]
    pub bystanders: usize,
    #[serde(default = "one")]
    pub threads: u64,
    pub preinit: Option<Value>,
}

#[derive(Deserialize)]
pub struct Workload {
    pub kind: Kind,
    /// Of a workload `call`.
    #[serde(default)]
    pub script: Value,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    None,
    Touch,
    Call,
}

/// What the cycles of a workload `touch` touch: cycle i does entry i modulo their number.
#[derive(Deserialize)]
pub struct Touches {
    /// Pages of 64 KiB.
    #[serde(default)]
    pub grow: u64,
    pub cycles: Vec<Touched>,
}

#[derive(Deserialize, Default)]
pub struct Touched {
    pub reads: Vec<usize>,
    pub writes: Vec<usize>,
    pub entries: Vec<u64>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Pass {
    Trace,
    Verify,
    First,
    Batch,
    Phases,
    Counters,
    Memory,
    VerifyAfter,
}

fn one() -> u64 {
    1
}

fn default_batch_ms() -> f64 {
    60.0
}

fn default_verify_rounds() -> u64 {
    4
}
