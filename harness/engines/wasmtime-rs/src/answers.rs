//! What the imported functions of a module answer: as the call script says, else with a trap.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr::null_mut;

use serde_json::Value;
use wasmtime::{
    Caller, Extern, FuncType, Linker, ModuleExport, Table, TypedFunc, ValRaw, ValType, WasmParams, WasmResults, bail,
};

use crate::literal::{Literal, Number};
use crate::memory::{Memory, PAGE_BYTES};
use crate::places::{Place, Places};
use crate::program::Host;

/// The `imports` of a call script.
#[derive(Default)]
pub struct Answers(Value);

/// The program ended itself, with this code.
#[derive(Debug)]
pub struct Exit(pub u32);

/// `longjmp`, on its way to the `invoke` around it.
#[derive(Debug)]
struct LongJump;

/// A function of WASI was called, which this engine does not have.
#[derive(Debug)]
pub struct NoWasi(String);

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "the program ended itself with code {}", self.0)
    }
}
impl std::fmt::Display for LongJump {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("longjmp without an invoke around it")
    }
}
impl std::fmt::Display for NoWasi {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "wasmtime-rs does not provide WASI, and '{}' was called", self.0)
    }
}
impl std::error::Error for Exit {}
impl std::error::Error for LongJump {}
impl std::error::Error for NoWasi {}

impl Answers {
    pub fn of(script: &Value) -> Answers {
        Answers(script["imports"].clone())
    }

    /// The rule of its name, its module's, `wasi` for WASI, that for all others, trap: the first that there is.
    fn of_import(&self, module: &str, name: &str) -> Value {
        let of_module = &self.0[module];
        let own = if of_module.is_object() { [&of_module[name], &of_module["*"]] } else { [of_module, &Value::Null] };
        if let Some(found) = own.into_iter().find(|it| !it.is_null()) {
            return found.clone();
        }
        if module == "wasi_snapshot_preview1" {
            return "wasi".into();
        }
        if self.0["*"].is_null() { "trap".into() } else { self.0["*"].clone() }
    }

    /// Puts the answer to one imported function into the linker.
    pub fn define(
        &self,
        linker: &mut Linker<Host>,
        (module, name): (&str, &str),
        ty: FuncType,
        reach: Reach,
    ) -> wasmtime::Result<()> {
        let called = format!("the import '{module}.{name}' was called");
        let answer = self.of_import(module, name);
        let words = |count| ty.params().len() >= count && ty.params().take(count).all(|it| it.is_i32());
        // An answer reads only those parameters whose types were looked at, and writes all results: see `add`.
        match answer.as_str() {
            Some("memcpy") if words(3) => {
                add(linker, module, name, ty, move |caller, space| memcpy(caller, space, reach))
            }
            Some("resize_heap") if words(1) && ty.results().len() == 1 => {
                add(linker, module, name, ty, move |caller, space| resize_heap(caller, space, reach))
            }
            Some("invoke") if words(1) => {
                let own = ty.clone();
                add(linker, module, name, ty, move |caller, space| invoke(caller, space, &own, reach))
            }
            Some("longjmp") => add(linker, module, name, ty, |_, _| Err(wasmtime::Error::new(LongJump))),
            Some("exit") if words(1) => {
                add(linker, module, name, ty, |_, space| Err(wasmtime::Error::new(Exit(word(&space[0])))))
            }
            Some("exit") => add(linker, module, name, ty, |_, _| Err(wasmtime::Error::new(Exit(0)))),
            Some("wasi") => {
                let name_of_it = name.to_string();
                add(linker, module, name, ty, move |_, _| Err(wasmtime::Error::new(NoWasi(name_of_it.clone()))))
            }
            _ => match constants(&answer, &ty) {
                Some(results) => add(linker, module, name, ty, move |_, space| {
                    for (place, result) in space.iter_mut().zip(&results) {
                        place.write(*result);
                    }
                    Ok(())
                }),
                None => add(linker, module, name, ty, move |_, _| bail!("{called}")),
            },
        }
    }
}

/// Where answers find the caller's memory 0 and table 0.
#[derive(Clone, Copy)]
pub struct Reach {
    memory: Option<ModuleExport>,
    table: Option<ModuleExport>,
}

impl Reach {
    pub fn of(places: &Places) -> Reach {
        let export = |place: Option<&Place>| place.and_then(|it| it.export());
        Reach { memory: export(places.memory0()), table: export(places.table0()) }
    }

    fn memory(&self, caller: &mut Caller<Host>) -> wasmtime::Result<Memory> {
        let found = match &self.memory {
            Some(export) => caller.get_module_export(export).and_then(Memory::from_extern),
            None => caller.data().memory0.clone(),
        };
        found.ok_or_else(|| wasmtime::Error::msg("memory 0 is neither exported nor imported"))
    }

    fn table(&self, caller: &mut Caller<Host>) -> wasmtime::Result<Table> {
        let found = match &self.table {
            Some(export) => caller.get_module_export(export).and_then(Extern::into_table),
            None => caller.data().table0,
        };
        found.ok_or_else(|| wasmtime::Error::msg("table 0 is neither exported nor imported"))
    }
}

type Space<'a> = &'a mut [MaybeUninit<ValRaw>];

fn add(
    linker: &mut Linker<Host>,
    module: &str,
    name: &str,
    ty: FuncType,
    answer: impl Fn(Caller<Host>, Space) -> wasmtime::Result<()> + Send + Sync + 'static,
) -> wasmtime::Result<()> {
    // SAFETY: `define` gives each answer a type that it was checked against. All bits are a number of any type, and
    // no answer gives a reference that is not null.
    unsafe { linker.func_new_unchecked(module, name, ty, answer)? };
    Ok(())
}

/// The parameter, which is an i32.
fn word(place: &MaybeUninit<ValRaw>) -> u32 {
    // SAFETY: parameters are initialised.
    unsafe { place.assume_init() }.get_u32()
}

/// A number for every result; a reference is null.
fn constants(answer: &Value, ty: &FuncType) -> Option<Vec<ValRaw>> {
    let (literal, _) = answer.is_number().then(|| Literal::read(answer).ok()).flatten()?;
    let bits = |number| literal.bits(number).ok();
    ty.results()
        .map(|result| {
            Some(match result {
                ValType::I32 => ValRaw::u32(bits(Number::I32)? as u32),
                ValType::I64 => ValRaw::u64(bits(Number::I64)?),
                ValType::F32 => ValRaw::f32(bits(Number::F32)? as u32),
                ValType::F64 => ValRaw::f64(bits(Number::F64)?),
                ValType::V128 => ValRaw::v128(0),
                ValType::Ref(_) => ValRaw::funcref(null_mut::<c_void>()),
            })
        })
        .collect()
}

/// memcpy(to, from, n) -> to, or nothing
fn memcpy(mut caller: Caller<Host>, space: Space, reach: Reach) -> wasmtime::Result<()> {
    let [to, from, length] = [0, 1, 2].map(|index| word(&space[index]) as usize);
    let memory = reach.memory(&mut caller)?;
    let bytes = memory.bytes_mut(&mut caller);
    if to + length > bytes.len() || from + length > bytes.len() {
        bail!("memcpy beyond the end of memory");
    }
    bytes.copy_within(from..from + length, to);
    space[0].write(ValRaw::u32(to as u32));
    Ok(())
}

/// resize_heap(bytes) -> 1 or 0
fn resize_heap(mut caller: Caller<Host>, space: Space, reach: Reach) -> wasmtime::Result<()> {
    let memory = reach.memory(&mut caller)?;
    let wanted = (word(&space[0]) as usize).div_ceil(PAGE_BYTES);
    let now = memory.size(&caller) / PAGE_BYTES;
    let grown = wanted <= now || memory.grow(&mut caller, (wanted - now) as u64).is_ok();
    space[0].write(ValRaw::u32(u32::from(grown)));
    Ok(())
}

/// invoke(entry, args…): calls an entry of the first table; a longjmp within ends it.
fn invoke(mut caller: Caller<Host>, space: Space, ty: &FuncType, reach: Reach) -> wasmtime::Result<()> {
    let table = reach.table(&mut caller)?;
    let entry = u64::from(word(&space[0]));
    let Some(reference) = table.get(&mut caller, entry) else { bail!("undefined element: entry {entry}") };
    let callee = *reference.as_func().flatten().ok_or_else(|| wasmtime::Error::msg("uninitialized element"))?;
    let callee_type = callee.ty(&caller);
    if !same_types(callee_type.params(), ty.params().skip(1)) || !same_types(callee_type.results(), ty.results()) {
        bail!("indirect call type mismatch: entry {entry}");
    }
    let stack = export::<(), u32>(&mut caller, "stackSave")?.call(&mut caller, ())?;
    let mut values = vec![ValRaw::u32(0); space.len()];
    for (value, given) in values.iter_mut().zip(&space[1..ty.params().len()]) {
        // SAFETY: parameters are initialised.
        *value = unsafe { given.assume_init() };
    }
    // SAFETY: the types were compared, and there is room for the results.
    match unsafe { callee.call_unchecked(&mut caller, &mut values[..]) } {
        Ok(()) => {
            for (place, value) in space.iter_mut().zip(&values) {
                place.write(*value);
            }
            return Ok(());
        }
        Err(error) if !error.is::<LongJump>() => return Err(error),
        Err(_) => {}
    }
    export::<u32, ()>(&mut caller, "stackRestore")?.call(&mut caller, stack)?;
    export::<(u32, u32), ()>(&mut caller, "setThrew")?.call(&mut caller, (1, 0))?;
    for place in space {
        place.write(ValRaw::u64(0));
    }
    Ok(())
}

fn same_types(left: impl Iterator<Item = ValType>, right: impl Iterator<Item = ValType>) -> bool {
    let (left, right): (Vec<_>, Vec<_>) = (left.collect(), right.collect());
    left.len() == right.len() && left.iter().zip(&right).all(|(one, other)| ValType::eq(one, other))
}

fn export<P: WasmParams, R: WasmResults>(caller: &mut Caller<Host>, name: &str) -> wasmtime::Result<TypedFunc<P, R>> {
    let function = caller.get_export(name).and_then(Extern::into_func);
    let function = function.ok_or_else(|| wasmtime::Error::msg(format!("invoke needs the export '{name}'")))?;
    function.typed(&*caller)
}
