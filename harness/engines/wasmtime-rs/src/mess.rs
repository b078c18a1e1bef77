//! What an instance does to its slot before the next one gets it: everything that a guest could.

use wasmtime::{Mutability, Ref, Store, Table, Val};

use crate::memory::Memory;
use crate::program::{Host, Live, Program};

pub fn make_mess(program: &Program, live: &mut Live, seed: u64) {
    let mut random = Random::new(seed);
    for place in &program.places.memories {
        if let Some(memory) = Memory::from_extern(place.of(live)) {
            mess_up_memory(&memory, &mut live.store, &mut random);
        }
    }
    for place in &program.places.tables {
        if let Some(table) = place.of(live).into_table() {
            mess_up_table(&table, &mut live.store, seed % 2 == 1);
        }
    }
    for place in &program.places.globals {
        let Some(global) = place.of(live).into_global() else { continue };
        if global.ty(&live.store).mutability() == Mutability::Var {
            let other = other_value(global.get(&mut live.store));
            // A reference that may not be null stays as it is.
            let _ = global.set(&mut live.store, other);
        }
    }
}

/// Every page of a small memory; of a large one its ends, every 16th page and 64 bytes at random. What it grows by is
/// filled.
fn mess_up_memory(memory: &Memory, store: &mut Store<Host>, random: &mut Random) {
    const SMALL_BYTES: usize = 4 << 20;
    const HOST_PAGE_BYTES: usize = 4096;
    let bytes = memory.bytes_mut(store);
    if !bytes.is_empty() {
        let step = if bytes.len() <= SMALL_BYTES { HOST_PAGE_BYTES } else { 16 * HOST_PAGE_BYTES };
        for page in (0..bytes.len()).step_by(step) {
            let at = page + random.below(HOST_PAGE_BYTES.min(bytes.len() - page));
            bytes[at] = random.odd_byte();
        }
        for _ in 0..64 {
            let at = random.below(bytes.len());
            bytes[at] = random.odd_byte();
        }
        let last = bytes.len() - 1;
        bytes[0] = random.odd_byte();
        bytes[last] = random.odd_byte();
    }
    if let Some(before) = grow_by_up_to(memory, store, 1) {
        memory.bytes_mut(store)[before..].fill(0xff);
    }
}

/// The length before, or nothing when it cannot grow.
pub fn grow_by_up_to(memory: &Memory, store: &mut Store<Host>, pages: u64) -> Option<usize> {
    let halves = std::iter::successors(Some(pages), |pages| Some(pages / 2).filter(|pages| *pages > 0));
    halves.into_iter().find_map(|pages| memory.grow(&mut *store, pages).ok())
}

/// All null, or all the first reference that it holds.
pub fn mess_up_table(table: &Table, store: &mut Store<Host>, with_references: bool) {
    let size = table.size(&*store);
    let held = (0..size).find_map(|entry| table.get(&mut *store, entry).filter(Ref::is_non_null));
    let null = Ref::null(table.ty(&*store).element().heap_type());
    let value = held.filter(|_| with_references).unwrap_or(null);
    // Tables whose entries may not be null stay as they are.
    let _ = table.fill(store, 0, value, size);
}

fn other_value(value: Val) -> Val {
    match value {
        Val::I32(value) => Val::I32(!value),
        Val::I64(value) => Val::I64(!value),
        Val::F32(bits) => Val::F32(!bits),
        Val::F64(bits) => Val::F64(!bits),
        Val::V128(value) => Val::V128((!value.as_u128()).into()),
        Val::FuncRef(_) => Val::FuncRef(None),
        other => other,
    }
}

/// xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016).
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x1234_5678_9abc_def1).max(1))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// Never zero.
    fn odd_byte(&mut self) -> u8 {
        (self.next() >> 56) as u8 | 1
    }
}
