//! Compiles a call script (corpus/README.md, "Calls") for one program: names become indices, literals bits. The parent
//! has checked the script's grammar.

use std::cell::RefCell;

use serde_json::Value;
use wasmtime::{ExternType, Func, FuncType, Module, ModuleExport, ValRaw, ValType};

use crate::calls::{Call, Callee, Calls, Content, Expectation, Kind, Outcome, Source, State, Step};
use crate::literal::{Access, Literal, Number};
use crate::program::{Live, Program};
use crate::stop::Stop;

type Read<T> = Result<T, String>;

pub fn compile(script: &Value, program: &Program) -> Result<Calls, Stop> {
    let mut compiler = Compiler { program, live: None, variables: Vec::new() };
    let steps = ["before", "steps"].into_iter().flat_map(|part| script[part].as_array().into_iter().flatten());
    let mut compiled: Vec<Step> = Vec::new();
    for (index, step) in steps.enumerate() {
        let number = index + 1;
        let (name, kind) = compiler.step(step).map_err(|why| Stop::Skipped(format!("call: step {number}: {why}")))?;
        compiled.push(Step { number, name, kind });
    }
    if compiled.is_empty() {
        return Err(Stop::Failed("call: the script has no steps".into()));
    }
    let most = compiled.iter().map(|step| match &step.kind {
        Kind::Call(call) => call.args.len().max(call.ty.results().len()),
        _ => 0,
    });
    let values = vec![ValRaw::u64(0); most.max().unwrap_or(0)];
    let state = State { variables: vec![0; compiler.variables.len()], values };
    Ok(Calls { steps: compiled, state: RefCell::new(state) })
}

struct Compiler<'a> {
    program: &'a Program,
    /// To see which function a table entry holds; made when it is needed.
    live: Option<Live>,
    variables: Vec<String>,
}

impl Compiler<'_> {
    fn step(&mut self, step: &Value) -> Read<(String, Kind)> {
        if !step["call"].is_null() {
            return self.call(step);
        }
        for kind in ["write", "check"] {
            if !step[kind].is_null() {
                let (content, at) = (self.content(&step[kind])?, self.source(&step["at"], Number::I32)?);
                let kind_of = if kind == "write" { Kind::Write { content, at } } else { Kind::Check { content, at } };
                return Ok((kind.into(), kind_of));
            }
        }
        if let Some(name) = step["load"].as_str() {
            let access = Access::named(name).ok_or_else(|| format!("unknown type '{name}'"))?;
            let at = self.source(&step["at"], Number::I32)?;
            return Ok(("load".into(), Kind::Load { access, at, result: self.outcome(step, access.number)? }));
        }
        if let Some(name) = step["global"].as_str() {
            let Some(ExternType::Global(ty)) = self.module().get_export(name) else {
                return Err(format!("the module exports no global '{name}'"));
            };
            let number = number_of(ty.content())?;
            let global = self.export(name)?;
            return Ok((format!("global '{name}'"), Kind::Global { global, result: self.outcome(step, number)? }));
        }
        if !step["output"].is_null() {
            return Err("wasmtime-rs does not provide WASI, so it has no output".into());
        }
        Err("it is of no known kind".into())
    }

    fn call(&mut self, step: &Value) -> Read<(String, Kind)> {
        let (name, callee, ty) = match step["call"].as_str() {
            Some(name) => match self.module().get_export(name) {
                Some(ExternType::Func(ty)) => (format!("'{name}'"), Callee::Export(self.export(name)?), ty),
                _ => return Err(format!("the module exports no function '{name}'")),
            },
            None => self.entry(&step["call"])?,
        };
        let params = ty.params().map(|ty| number_of(&ty)).collect::<Read<Vec<_>>>()?;
        let given = step["args"].as_array().map_or(&[][..], |args| args);
        if given.len() != params.len() {
            return Err(format!("{name} takes {} arguments, not {}", params.len(), given.len()));
        }
        let args = given.iter().zip(&params).map(|(arg, number)| self.source(arg, *number)).collect::<Read<_>>()?;
        let expected = match &step["expect"] {
            Value::Null => Vec::new(),
            Value::Array(list) => list.clone(),
            one => vec![one.clone()],
        };
        let looked_at = expected.len().max(usize::from(!step["as"].is_null()));
        if looked_at > ty.results().len() {
            return Err(format!("{name} has {} results", ty.results().len()));
        }
        let results = ty.results().take(looked_at).map(|ty| number_of(&ty)).collect::<Read<Vec<_>>>()?;
        let expect = expected.iter().zip(&results).map(|(it, number)| self.expectation(it, *number));
        let expect = expect.collect::<Read<_>>()?;
        let exit = step["exit"].as_u64().map(|code| code as u32);
        let variable = self.variable(step);
        Ok((name, Kind::Call(Call { callee, ty, args, results, expect, variable, exit })))
    }

    /// The type is that of the function which a fresh instance has there.
    fn entry(&mut self, call: &Value) -> Read<(String, Callee, FuncType)> {
        let (table, entry) = (call["table"].as_str().unwrap_or(""), call["entry"].as_u64().unwrap_or(0));
        let name = format!("entry {entry} of '{table}'");
        if self.live.is_none() {
            self.live = Some(self.program.new_instance().map_err(|stop| format!("{stop:?}"))?);
        }
        let function = self.live.as_mut().and_then(|live| {
            let table = live.instance.get_table(&mut live.store, table)?;
            let function: Func = *table.get(&mut live.store, entry)?.as_func()??;
            Some(function.ty(&live.store))
        });
        let ty = function.ok_or_else(|| format!("{name}: a fresh instance has no function there"))?;
        Ok((name, Callee::Entry { table: self.export(table)?, entry }, ty))
    }

    fn module(&self) -> &Module {
        &self.program.module
    }

    fn export(&self, name: &str) -> Read<ModuleExport> {
        self.module().get_export_index(name).ok_or_else(|| format!("the module has no export '{name}'"))
    }

    fn outcome(&mut self, step: &Value, number: Number) -> Read<Outcome> {
        let expect = &step["expect"];
        let expect = if expect.is_null() { None } else { Some(self.expectation(expect, number)?) };
        Ok(Outcome { number, expect, variable: self.variable(step) })
    }

    /// The variable that the step gives a value.
    fn variable(&mut self, step: &Value) -> Option<usize> {
        self.variables.push(step["as"].as_str()?.into());
        Some(self.variables.len() - 1)
    }

    fn source(&self, json: &Value, number: Number) -> Read<Source> {
        let Some(text) = json.as_str().and_then(|text| text.strip_prefix('$')) else {
            let (literal, own) = Literal::read(json)?;
            if own.is_some_and(|own| own != number) {
                return Err(format!("{json} is given where the type is {number:?}"));
            }
            return Ok(Source { variable: None, bits: literal.bits(number)?, number });
        };
        let (name, addend) = text.split_at(text.find(['+', '-']).unwrap_or(text.len()));
        let known = self.variables.iter().position(|it| it == name);
        let addend = match addend {
            "" => Some(0),
            _ => Literal::from_text(addend.strip_prefix('+').unwrap_or(addend)).and_then(|it| it.integer(64).ok()),
        };
        match (known, addend) {
            (Some(index), Some(bits)) => Ok(Source { variable: Some(index), bits, number }),
            _ => Err(format!("'${text}' is no variable that has a value here")),
        }
    }

    fn expectation(&self, json: &Value, number: Number) -> Read<Expectation> {
        if json == "nonzero" {
            return Ok(Expectation::Nonzero);
        }
        let source = self.source(json, number)?;
        let any_nan = source.variable.is_none() && number.is_nan(source.bits);
        Ok(if any_nan { Expectation::AnyNan(number) } else { Expectation::Equal(source) })
    }

    fn content(&self, json: &Value) -> Read<Content> {
        let times = json["times"].as_u64().unwrap_or(1) as usize;
        let text = |kind: &str| json[kind].as_str();
        let bytes = if let Some(text) = text("utf8") {
            text.as_bytes().to_vec()
        } else if let Some(text) = text("utf16") {
            text.encode_utf16().flat_map(u16::to_le_bytes).collect()
        } else if let Some(digits) = text("hex") {
            from_hex(digits)?
        } else {
            let kinds = ["i8", "u8", "i16", "u16", "i32", "u32", "i64", "f32", "f64"];
            let found = kinds.into_iter().find(|kind| !json[*kind].is_null()).ok_or("no bytes are given")?;
            let access = Access::named(found).ok_or("no such type")?;
            let word = Some((self.source(&json[found], access.number)?, access));
            return Ok(Content { bytes: Vec::new(), word, times });
        };
        if bytes.is_empty() {
            return Err("no bytes are given".into());
        }
        Ok(Content { bytes, word: None, times })
    }
}

fn number_of(ty: &ValType) -> Read<Number> {
    match ty {
        ValType::I32 => Ok(Number::I32),
        ValType::I64 => Ok(Number::I64),
        ValType::F32 => Ok(Number::F32),
        ValType::F64 => Ok(Number::F64),
        ValType::V128 | ValType::Ref(_) => Err("it has references or vectors, which a script cannot write".into()),
    }
}

fn from_hex(text: &str) -> Read<Vec<u8>> {
    let digits: Vec<u32> = text.chars().filter(|c| *c != ' ').map_while(|c| c.to_digit(16)).collect();
    let wanted = text.chars().filter(|c| *c != ' ').count();
    if digits.len() != wanted || wanted % 2 != 0 {
        return Err(format!("'{text}' is not pairs of hexadecimal digits"));
    }
    Ok(digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect())
}
