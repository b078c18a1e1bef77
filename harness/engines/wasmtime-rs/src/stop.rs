//! Why a cell ends without figures.

use std::fmt::Display;

use crate::answers::NoWasi;

#[derive(Debug, PartialEq)]
pub enum Stop {
    /// The engine, the kernel or the module cannot.
    Skipped(String),
    /// Something went wrong.
    Failed(String),
    /// An instance was not what a fresh one is.
    Leak(String),
}

/// An error and its causes in one line.
pub fn one_line(error: &wasmtime::Error) -> String {
    flattened(&format!("{error:#}"))
}

pub fn flattened(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Stop {
    pub fn skipped(error: &wasmtime::Error) -> Stop {
        Stop::Skipped(one_line(error))
    }

    /// An operation of the system that said no, with what it was about.
    pub fn system(what: impl Display, error: std::io::Error) -> Stop {
        Stop::Failed(format!("{what}: {error}"))
    }
}

/// A pool without a free slot is a limit that the strategy set, and WASI is not there; everything else went wrong.
impl From<wasmtime::Error> for Stop {
    fn from(error: wasmtime::Error) -> Stop {
        if error.is::<wasmtime::PoolConcurrencyLimitError>() || error.is::<NoWasi>() {
            return Stop::skipped(&error);
        }
        Stop::Failed(one_line(&error))
    }
}
