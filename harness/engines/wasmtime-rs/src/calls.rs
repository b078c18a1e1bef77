//! A call script made ready for one program (script.rs), and the running of it, which is timed work: it stops at the
//! first answer that is wrong.

use std::cell::RefCell;

use wasmtime::{Extern, Func, FuncType, ModuleExport, ValRaw};

use crate::answers::{Exit, NoWasi};
use crate::literal::{Access, Number};
use crate::memory::Memory;
use crate::program::{Live, Program};
use crate::stop::{Stop, one_line};

pub struct Calls {
    pub steps: Vec<Step>,
    /// What the steps of one run pass on; kept so that a run allocates nothing.
    pub state: RefCell<State>,
}

#[derive(Default)]
pub struct State {
    pub variables: Vec<u64>,
    pub values: Vec<ValRaw>,
}

pub struct Step {
    pub number: usize,
    /// For messages.
    pub name: String,
    pub kind: Kind,
}

pub enum Kind {
    Call(Call),
    Write { content: Content, at: Source },
    Check { content: Content, at: Source },
    Load { access: Access, at: Source, result: Outcome },
    Global { global: ModuleExport, result: Outcome },
}

pub struct Call {
    pub callee: Callee,
    pub ty: FuncType,
    pub args: Vec<Source>,
    /// Of those results that are looked at.
    pub results: Vec<Number>,
    pub expect: Vec<Expectation>,
    pub variable: Option<usize>,
    pub exit: Option<u32>,
}

pub enum Callee {
    Export(ModuleExport),
    Entry { table: ModuleExport, entry: u64 },
}

/// What is done with one number that came out.
pub struct Outcome {
    pub number: Number,
    pub expect: Option<Expectation>,
    pub variable: Option<usize>,
}

/// A value that is known beforehand, or a variable's plus a constant.
#[derive(Clone, Copy)]
pub struct Source {
    pub variable: Option<usize>,
    /// The value, or what is added to the variable.
    pub bits: u64,
    pub number: Number,
}

pub enum Expectation {
    Equal(Source),
    Nonzero,
    AnyNan(Number),
}

/// Bytes known beforehand, or a word of one number; `times` over.
pub struct Content {
    pub bytes: Vec<u8>,
    pub word: Option<(Source, Access)>,
    pub times: usize,
}

impl Source {
    fn value(&self, variables: &[u64]) -> u64 {
        match self.variable {
            Some(variable) => self.number.truncate(variables[variable].wrapping_add(self.bits)),
            None => self.bits,
        }
    }
}

impl Expectation {
    fn met(&self, got: u64, variables: &[u64]) -> bool {
        match self {
            Expectation::Equal(source) => got == source.value(variables),
            Expectation::Nonzero => got != 0,
            Expectation::AnyNan(number) => number.is_nan(got),
        }
    }

    fn text(&self, variables: &[u64]) -> String {
        match self {
            Expectation::Equal(source) => source.value(variables).to_string(),
            Expectation::Nonzero => "nonzero".into(),
            Expectation::AnyNan(_) => "nan".into(),
        }
    }
}

impl Calls {
    pub fn run(&self, program: &Program, live: &mut Live) -> Result<(), Stop> {
        let mut state = self.state.borrow_mut();
        for step in &self.steps {
            step.run(program, live, &mut state).map_err(|wrong| match wrong {
                Wrong::Answer(why) => Stop::Failed(format!("call: step {} ({}): {why}", step.number, step.name)),
                Wrong::Unsupported(why) => Stop::Skipped(format!("call: step {} ({}): {why}", step.number, step.name)),
            })?;
        }
        Ok(())
    }
}

enum Wrong {
    Answer(String),
    Unsupported(String),
}

impl From<String> for Wrong {
    fn from(why: String) -> Wrong {
        Wrong::Answer(why)
    }
}

impl Step {
    fn run(&self, program: &Program, live: &mut Live, state: &mut State) -> Result<(), Wrong> {
        match &self.kind {
            Kind::Call(call) => call.run(live, state),
            Kind::Global { global, result } => {
                let global = live.instance.get_module_export(&mut live.store, global).and_then(Extern::into_global);
                let value = global.ok_or_else(|| "it is gone".to_string())?.get(&mut live.store);
                // SAFETY: the script was compiled for a global of this number type.
                let raw = value.to_raw(&mut live.store).map_err(|error| one_line(&error))?;
                result.take(bits_of(&raw, result.number), &mut state.variables)
            }
            Kind::Load { access, at, result } => {
                let memory = memory0(program, live)?;
                let bytes = window(memory.bytes(&live.store).len(), at, access.bytes, state)?;
                let got = access.load(&memory.bytes(&live.store)[bytes]);
                result.take(got, &mut state.variables)
            }
            Kind::Write { content, at } => {
                let memory = memory0(program, live)?;
                let bytes = memory.bytes_mut(&mut live.store);
                let place = window(bytes.len(), at, content.len(), state)?;
                content.with(state, |piece| {
                    bytes[place.clone()].chunks_exact_mut(piece.len()).for_each(|it| it.copy_from_slice(piece))
                });
                Ok(())
            }
            Kind::Check { content, at } => {
                let memory = memory0(program, live)?;
                let bytes = memory.bytes(&live.store);
                let place = window(bytes.len(), at, content.len(), state)?;
                let start = place.start;
                let differs = content.with(state, |piece| {
                    bytes[place].chunks_exact(piece.len()).position(|it| it != piece).map(|index| index * piece.len())
                });
                match differs {
                    Some(offset) => Err(format!("the bytes at {} differ", start + offset).into()),
                    None => Ok(()),
                }
            }
        }
    }
}

impl Content {
    fn len(&self) -> usize {
        self.times * self.word.as_ref().map_or(self.bytes.len(), |(_, access)| access.bytes)
    }

    fn with<R>(&self, state: &State, act: impl FnOnce(&[u8]) -> R) -> R {
        match &self.word {
            Some((source, access)) => act(&source.value(&state.variables).to_le_bytes()[..access.bytes]),
            None => act(&self.bytes),
        }
    }
}

impl Outcome {
    fn take(&self, got: u64, variables: &mut [u64]) -> Result<(), Wrong> {
        if let Some(expect) = &self.expect
            && !expect.met(got, variables)
        {
            return Err(format!("is {got}, expected {}", expect.text(variables)).into());
        }
        if let Some(variable) = self.variable {
            variables[variable] = got;
        }
        Ok(())
    }
}

impl Call {
    fn run(&self, live: &mut Live, State { variables, values }: &mut State) -> Result<(), Wrong> {
        let callee = self.callee(live)?;
        for (value, source) in values.iter_mut().zip(&self.args) {
            *value = raw(source.value(variables), source.number);
        }
        // SAFETY: `values` has room for the parameters and for the results of `ty`, which is the callee's type: an
        // export's never changes, an entry's was compared.
        match (unsafe { callee.call_unchecked(&mut live.store, &mut values[..]) }, self.exit) {
            (Ok(()), None) => {}
            (Ok(()), Some(_)) => return Err("it returned instead of ending the program".to_string().into()),
            (Err(error), exit) => return self.ended(error, exit),
        }
        for (index, expect) in self.expect.iter().enumerate() {
            let got = bits_of(&values[index], self.results[index]);
            if !expect.met(got, variables) {
                return Err(format!("gave {got}, expected {}", expect.text(variables)).into());
            }
        }
        if let Some(variable) = self.variable {
            variables[variable] = bits_of(&values[0], self.results[0]);
        }
        Ok(())
    }

    fn callee(&self, live: &mut Live) -> Result<Func, Wrong> {
        match &self.callee {
            Callee::Export(export) => {
                let found = live.instance.get_module_export(&mut live.store, export).and_then(Extern::into_func);
                found.ok_or_else(|| "it is gone".to_string().into())
            }
            Callee::Entry { table, entry } => {
                let table = live.instance.get_module_export(&mut live.store, table).and_then(Extern::into_table);
                let found = table.and_then(|table| table.get(&mut live.store, *entry));
                let found = found.ok_or_else(|| "the table is too small".to_string())?;
                let callee = *found.as_func().flatten().ok_or_else(|| "the entry is null".to_string())?;
                if !FuncType::eq(&callee.ty(&live.store), &self.ty) {
                    return Err("the entry has another type than at the start".to_string().into());
                }
                Ok(callee)
            }
        }
    }

    /// A command ends well by exiting with 0, if nothing else was asked for.
    fn ended(&self, error: wasmtime::Error, expected: Option<u32>) -> Result<(), Wrong> {
        match (error.downcast_ref::<Exit>(), expected) {
            (Some(Exit(code)), Some(expected)) if *code == expected => Ok(()),
            (Some(Exit(0)), None) if self.ty.results().len() == 0 => Ok(()),
            _ if error.is::<NoWasi>() => Err(Wrong::Unsupported(one_line(&error))),
            _ => Err(one_line(&error).into()),
        }
    }
}

fn memory0(program: &Program, live: &mut Live) -> Result<Memory, Wrong> {
    let found = program.places.memory0().and_then(|place| Memory::from_extern(place.of(live)));
    found.ok_or_else(|| Wrong::Unsupported("memory 0 is neither exported nor imported".into()))
}

fn window(memory: usize, at: &Source, length: usize, state: &State) -> Result<std::ops::Range<usize>, Wrong> {
    let start = at.value(&state.variables) as usize;
    match start.checked_add(length) {
        Some(end) if end <= memory => Ok(start..end),
        _ => Err(format!("address {start} is out of bounds").into()),
    }
}

fn raw(bits: u64, number: Number) -> ValRaw {
    match number {
        Number::I32 => ValRaw::u32(bits as u32),
        Number::I64 => ValRaw::u64(bits),
        Number::F32 => ValRaw::f32(bits as u32),
        Number::F64 => ValRaw::f64(bits),
    }
}

fn bits_of(value: &ValRaw, number: Number) -> u64 {
    match number {
        Number::I32 => value.get_u32().into(),
        Number::I64 => value.get_u64(),
        Number::F32 => value.get_f32().into(),
        Number::F64 => value.get_f64(),
    }
}
