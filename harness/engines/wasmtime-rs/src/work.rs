//! What an instance does between being made and being dropped.

use crate::calls::Calls;
use crate::program::{Live, Program};
use crate::stop::Stop;
use crate::touch::Touch;

pub enum Work {
    Touch(Touch),
    Call(Calls),
}

impl Work {
    /// How many cycles differ before they repeat.
    pub fn period(&self) -> usize {
        match self {
            Work::Touch(touch) => touch.period(),
            Work::Call(_) => 1,
        }
    }

    /// Pages of 4 KiB that a cycle is known to make resident.
    pub fn touched_pages(&self) -> u64 {
        match self {
            Work::Touch(touch) => touch.touched_pages(),
            Work::Call(_) => 0,
        }
    }

    /// The sum keeps the reads alive.
    pub fn run(&self, program: &Program, live: &mut Live, turn: usize) -> Result<u64, Stop> {
        match self {
            Work::Touch(touch) => touch.run(program, live, turn),
            Work::Call(calls) => calls.run(program, live).map(|()| 0),
        }
    }
}
