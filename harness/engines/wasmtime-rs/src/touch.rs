//! The workload `touch`: reads, writes, table entries and growth at places that the parent has drawn.

use wasmtime::ExternType;

use crate::memory::{Memory, PAGE_BYTES};
use crate::places::Place;
use crate::program::{Live, Program};
use crate::request::{Touched, Touches};
use crate::stop::{Stop, one_line};

/// Places that are known to lie within the memory and the table of every fresh instance.
pub struct Touch {
    touches: Touches,
}

impl Touch {
    pub fn nothing() -> Touch {
        Touch { touches: Touches { grow: 0, cycles: vec![Touched::default()] } }
    }

    pub fn new(touches: Touches, program: &Program) -> Result<Touch, Stop> {
        if touches.cycles.is_empty() {
            return Err(Stop::Failed("\"touches\" has no cycles".into()));
        }
        let places = &program.places;
        let touches_memory = |it: &Touched| !it.reads.is_empty() || !it.writes.is_empty();
        if touches.grow > 0 || touches.cycles.iter().any(touches_memory) {
            let memory = places.memory0().ok_or_else(|| out_of_reach("memory"))?;
            for touched in &touches.cycles {
                within_memory(touched.reads.iter().chain(&touched.writes), memory)?;
            }
        }
        if touches.cycles.iter().any(|it| !it.entries.is_empty()) {
            let table = places.table0().ok_or_else(|| out_of_reach("table"))?;
            within_table(touches.cycles.iter().flat_map(|it| &it.entries), table)?;
        }
        Ok(Touch { touches })
    }

    /// How many cycles differ before they repeat.
    pub fn period(&self) -> usize {
        self.touches.cycles.len()
    }

    /// Pages of 4 KiB that a cycle may make resident.
    pub fn touched_pages(&self) -> u64 {
        let cycles = self.touches.cycles.iter();
        let most = cycles.map(|it| (it.reads.len() + it.writes.len()) as u64).max().unwrap_or(0);
        most + self.touches.grow
    }

    /// The sum keeps the reads alive.
    pub fn run(&self, program: &Program, live: &mut Live, turn: usize) -> Result<u64, Stop> {
        let now = &self.touches.cycles[turn];
        let mut sum = 0u64;
        if !now.reads.is_empty() || !now.writes.is_empty() {
            let base = memory0(program, live).base(&live.store);
            for &at in &now.reads {
                // SAFETY: `new` has seen that these 8 bytes lie within a fresh memory, and that they are aligned.
                sum = sum.wrapping_add(unsafe { base.add(at).cast::<u64>().read_volatile() });
            }
            for &at in &now.writes {
                // SAFETY: as above; nothing else refers to the memory.
                unsafe { base.add(at).cast::<u64>().write_volatile(at as u64 | 1) };
            }
        }
        if !now.entries.is_empty() {
            let table = program.places.table0().and_then(|place| place.of(live).into_table());
            let table = table.expect("`new` has seen that there is one");
            for &entry in &now.entries {
                sum += u64::from(table.get(&mut live.store, entry).is_some_and(|it| it.is_non_null()));
            }
        }
        if self.touches.grow > 0 {
            grow(program, live, self.touches.grow)?;
        }
        Ok(sum)
    }
}

/// Writes the first byte of every page that came.
fn grow(program: &Program, live: &mut Live, pages: u64) -> Result<(), Stop> {
    let memory = memory0(program, live);
    let before = memory.grow(&mut live.store, pages).map_err(|error| {
        Stop::Skipped(format!("touch: memory 0 does not grow by {pages} pages: {}", one_line(&error)))
    })?;
    let base = memory.base(&live.store);
    for page in 0..pages as usize {
        // SAFETY: the memory has just grown by as many pages from `before` on.
        unsafe { base.add(before + page * PAGE_BYTES).write_volatile(1) };
    }
    Ok(())
}

fn memory0(program: &Program, live: &mut Live) -> Memory {
    let memory = program.places.memory0().and_then(|place| Memory::from_extern(place.of(live)));
    memory.expect("`new` has seen that there is one")
}

fn out_of_reach(kind: &str) -> Stop {
    Stop::Skipped(format!("touch: {kind} 0 is neither exported nor imported, so the host cannot touch it"))
}

fn within_memory<'a>(mut offsets: impl Iterator<Item = &'a usize>, memory: &Place) -> Result<(), Stop> {
    let ExternType::Memory(ty) = &memory.ty else { return Err(out_of_reach("memory")) };
    let bytes = ty.minimum().saturating_mul(ty.page_size()) as usize;
    match offsets.find(|at| **at % 8 != 0 || **at >= bytes) {
        Some(at) => Err(Stop::Failed(format!(
            "\"touches\": offset {at} is not 8-aligned or lies outside of memory 0, which starts with {bytes} bytes"
        ))),
        None => Ok(()),
    }
}

fn within_table<'a>(mut entries: impl Iterator<Item = &'a u64>, table: &Place) -> Result<(), Stop> {
    let ExternType::Table(ty) = &table.ty else { return Err(out_of_reach("table")) };
    match entries.find(|entry| **entry >= ty.minimum()) {
        Some(entry) => Err(Stop::Failed(format!(
            "\"touches\": entry {entry} lies outside of table 0, which starts with {} entries",
            ty.minimum()
        ))),
        None => Ok(()),
    }
}
