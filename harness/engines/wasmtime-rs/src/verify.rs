//! The isolation check: an instance is byte for byte what a fresh one is, also after earlier tenants of its slot did
//! what guests do. What it can look at is what the module exports, and what it imports.

use wasmtime::{Extern, ExternType, Ref, Store, Val};

use crate::calls::Calls;
use crate::memory::Memory;
use crate::mess::{grow_by_up_to, make_mess};
use crate::places::Place;
use crate::program::{Host, Live, Program};
use crate::stop::Stop;

/// An instance that no pool had a part in.
pub struct Reference {
    program: Program,
    live: Live,
}

impl Reference {
    pub fn of(program: Program) -> Result<Reference, Stop> {
        let live = program.new_instance()?;
        Ok(Reference { program, live })
    }

    /// What differs first, as "memory 0 at 0x1000: 0xff, expected 0x0".
    pub fn difference(&mut self, program: &Program, live: &mut Live) -> Option<String> {
        let (here, there) = (&program.places, &self.program.places);
        let mut first = |got: &[Place], expected: &[Place], compare: Compare| {
            got.iter().zip(expected).find_map(|(got, expected)| {
                let (item, wanted) = (got.of(live), expected.of(&mut self.live));
                compare(&got.name, (&mut live.store, item), (&mut self.live.store, wanted))
            })
        };
        first(&here.memories, &there.memories, memory_difference)
            .or_else(|| first(&here.tables, &there.tables, table_difference))
            .or_else(|| first(&here.globals, &there.globals, global_difference))
    }
}

/// An item and the store that it lives in.
type Seen<'a> = (&'a mut Store<Host>, Extern);
type Compare = fn(name: &str, got: Seen, expected: Seen) -> Option<String>;

/// So many instances one after another in the slots of `program`, each compared, called, messed up and dropped.
pub fn verify(
    program: &Program,
    reference: &mut Reference,
    calls: Option<&Calls>,
    (rounds, seed): (u64, u64),
) -> Result<(), Stop> {
    for round in 0..rounds {
        let mut live = program.new_instance()?;
        let mut found = reference.difference(program, &mut live);
        // Every other tenant grows first, so that both kinds of memory follow each other.
        if round % 2 == 1 {
            found = found.or_else(|| growth_difference(program, &mut live));
        }
        if let Some(found) = found {
            return Err(Stop::Leak(format!("not isolated: round {round}: {found}")));
        }
        if let Some(calls) = calls {
            calls.run(program, &mut live)?;
        }
        make_mess(program, &mut live, seed.wrapping_add(round));
    }
    Ok(())
}

/// As many new instances as 16 MiB of memory allow, in the slots that were timed; how many they were.
pub fn verify_timed(program: &Program, reference: &mut Reference, slots: usize) -> Result<u64, Stop> {
    const BUDGET_BYTES: u64 = 16 << 20;
    let bytes: u64 = program.places.memories.iter().map(least_bytes).sum();
    let count = (BUDGET_BYTES / (bytes + 1)).clamp(1, slots as u64);
    let mut instances = Vec::new();
    for _ in 0..count {
        let mut live = program.new_instance()?;
        let found = reference.difference(program, &mut live).or_else(|| growth_difference(program, &mut live));
        if let Some(found) = found {
            return Err(Stop::Leak(format!("not isolated: after the timed loop: {found}")));
        }
        instances.push(live);
    }
    Ok(count)
}

/// For `facts.not_compared`.
pub fn not_compared(program: &Program) -> Vec<&'static str> {
    let needed = program.module.resources_required();
    let seen = |places: &[Place], of_type: fn(&ExternType) -> bool, defined: u32| {
        let imported = program.module.imports().filter(|import| of_type(&import.ty())).count();
        places.len() >= imported + defined as usize
    };
    let places = &program.places;
    let mut list = vec!["globals that are not exported", "which function a table entry holds", "dropped segments"];
    if !seen(&places.tables, |ty| matches!(ty, ExternType::Table(_)), needed.num_tables) {
        list.insert(0, "tables that are not exported");
    }
    if !seen(&places.memories, |ty| matches!(ty, ExternType::Memory(_)), needed.num_memories) {
        list.insert(0, "memories that are not exported");
    }
    list
}

fn least_bytes(memory: &Place) -> u64 {
    match &memory.ty {
        ExternType::Memory(ty) => ty.minimum().saturating_mul(ty.page_size()),
        _ => 0,
    }
}

fn memory_difference(name: &str, got: Seen, expected: Seen) -> Option<String> {
    let (here, there) = (Memory::from_extern(got.1)?, Memory::from_extern(expected.1)?);
    byte_difference(name, here.bytes(got.0), there.bytes(expected.0))
}

fn byte_difference(name: &str, got: &[u8], expected: &[u8]) -> Option<String> {
    if got.len() != expected.len() {
        return Some(format!("{name} has {} bytes, expected {}", got.len(), expected.len()));
    }
    // Whole first: comparing slices is a memcmp, finding the place is not.
    if got == expected {
        return None;
    }
    let at = got.iter().zip(expected).position(|(here, there)| here != there)?;
    Some(format!("{name} at {at:#x}: {:#x}, expected {:#x}", got[at], expected[at]))
}

fn table_difference(name: &str, got: Seen, expected: Seen) -> Option<String> {
    let (here, there) = (got.1.into_table()?, expected.1.into_table()?);
    let (size, wanted) = (here.size(&*got.0), there.size(&*expected.0));
    if size != wanted {
        return Some(format!("{name} has {size} entries, expected {wanted}"));
    }
    (0..size).find_map(|entry| {
        let entry_here = null_or_not(here.get(&mut *got.0, entry)?);
        let entry_there = null_or_not(there.get(&mut *expected.0, entry)?);
        (entry_here != entry_there).then(|| format!("{name} entry {entry}: {entry_here}, expected {entry_there}"))
    })
}

fn null_or_not(reference: Ref) -> &'static str {
    if reference.is_null() { "null" } else { "a reference" }
}

fn global_difference(name: &str, got: Seen, expected: Seen) -> Option<String> {
    let here = value_text(got.1.into_global()?.get(got.0));
    let there = value_text(expected.1.into_global()?.get(expected.0));
    (here != there).then(|| format!("{name}: {here}, expected {there}"))
}

fn value_text(value: Val) -> String {
    match value {
        Val::I32(value) => format!("{value:#x}"),
        Val::I64(value) => format!("{value:#x}"),
        Val::F32(bits) => format!("{bits:#x}"),
        Val::F64(bits) => format!("{bits:#x}"),
        Val::V128(value) => format!("{:#x}", value.as_u128()),
        reference => reference.ref_().map_or("?", null_or_not).into(),
    }
}

/// Grows every memory a little: what a former tenant grew must read as zero again. The instance is grown afterwards.
fn growth_difference(program: &Program, live: &mut Live) -> Option<String> {
    program.places.memories.iter().find_map(|place| {
        let memory = Memory::from_extern(place.of(live))?;
        let before = grow_by_up_to(&memory, &mut live.store, 16)?;
        let grown = &memory.bytes(&live.store)[before..];
        let at = grown.iter().position(|byte| *byte != 0)?;
        Some(format!("{}, grown, at {:#x}: {:#x}, expected 0x0", place.name, before + at, grown[at]))
    })
}

#[cfg(test)]
mod tests {
    use wasmtime::{Engine, Module};

    use super::*;
    use crate::answers::Answers;
    use crate::grammar::parse;
    use crate::mess::mess_up_table;

    /// (module (memory (export "memory") 1) (table (export "t") 2 funcref) (global (export "g") (mut i32) (i32.const 7))
    ///   (func) (elem (i32.const 0) 0) (data (i32.const 4096) "*"))
    const WASM: &[u8] = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x04\x04\x01\x70\0\x02\x05\x03\x01\0\x01\
        \x06\x06\x01\x7f\x01\x41\x07\x0b\x07\x12\x03\x06memory\x02\0\x01t\x01\0\x01g\x03\0\
        \x09\x07\x01\0\x41\0\x0b\x01\0\x0a\x04\x01\x02\0\x0b\x0b\x08\x01\0\x41\x80\x20\x0b\x01*";

    fn program() -> Program {
        let engine = Engine::new(&parse("").unwrap().config()).unwrap();
        let module = Module::new(&engine, WASM).unwrap();
        Program::new(engine, module, None, &Answers::default()).unwrap()
    }

    /// What is found after `change` was done to a fresh instance.
    fn found_after(change: impl FnOnce(&Program, &mut Live)) -> Option<String> {
        let program = program();
        let mut reference = Reference::of(self::program()).unwrap();
        let mut live = program.new_instance().unwrap();
        assert_eq!(reference.difference(&program, &mut live), None);
        change(&program, &mut live);
        reference.difference(&program, &mut live)
    }

    #[test]
    fn a_dirty_byte_is_found() {
        let found = found_after(|program, live| {
            let memory = Memory::from_extern(program.places.memory0().unwrap().of(live)).unwrap();
            memory.bytes_mut(&mut live.store)[0x1000] = 0xff;
        });
        assert_eq!(found.unwrap(), "memory 0 at 0x1000: 0xff, expected 0x2a");
    }

    #[test]
    fn a_grown_memory_is_found() {
        let found = found_after(|program, live| {
            let memory = Memory::from_extern(program.places.memory0().unwrap().of(live)).unwrap();
            assert_eq!(grow_by_up_to(&memory, &mut live.store, 1), Some(65536));
        });
        assert_eq!(found.unwrap(), "memory 0 has 131072 bytes, expected 65536");
    }

    #[test]
    fn a_cleared_and_a_filled_entry_are_found() {
        let filled = found_after(|program, live| {
            let table = program.places.table0().unwrap().of(live).into_table().unwrap();
            mess_up_table(&table, &mut live.store, true);
        });
        assert_eq!(filled.unwrap(), "table 0 entry 1: a reference, expected null");
        let cleared = found_after(|program, live| {
            let table = program.places.table0().unwrap().of(live).into_table().unwrap();
            mess_up_table(&table, &mut live.store, false);
        });
        assert_eq!(cleared.unwrap(), "table 0 entry 0: null, expected a reference");
    }

    #[test]
    fn a_changed_global_is_found() {
        let found = found_after(|program, live| {
            let global = program.places.globals[0].of(live).into_global().unwrap();
            global.set(&mut live.store, Val::I32(8)).unwrap();
        });
        assert_eq!(found.unwrap(), "global 'g': 0x8, expected 0x7");
    }

    #[test]
    fn what_was_grown_and_is_not_zero_is_found() {
        let program = program();
        let mut live = program.new_instance().unwrap();
        assert_eq!(growth_difference(&program, &mut live), None);
        let memory = Memory::from_extern(program.places.memory0().unwrap().of(&mut live)).unwrap();
        assert_eq!(memory.size(&live.store), 17 * 65536);
    }

    #[test]
    fn a_mess_differs_everywhere() {
        for seed in [1, 2] {
            let found = found_after(|program, live| {
                make_mess(program, live, seed);
                let memory = Memory::from_extern(program.places.memory0().unwrap().of(live)).unwrap();
                let bytes = memory.bytes(&live.store);
                assert_eq!(bytes.len(), 2 * 65536);
                assert!(bytes[..65536].chunks(4096).all(|page| page.iter().any(|byte| *byte != 0)));
                assert!(bytes[65536..].iter().all(|byte| *byte == 0xff));
            });
            assert!(found.is_some());
        }
    }
}
