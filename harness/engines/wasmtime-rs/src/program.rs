//! A module ready to be instantiated: engine, code, linker and InstancePre, all made once, outside of what is timed.

use wasmtime::{Engine, Extern, ExternType, Instance, InstancePre, Linker, Module, Store, Table};

use crate::answers::{Answers, Reach};
use crate::memory::Memory;
use crate::places::Places;
use crate::request::Exports;
use crate::settings::{Room, Settings};
use crate::stop::Stop;

/// What a store holds for the answers to imports: memory 0 and table 0 where these are imported themselves.
#[derive(Default)]
pub struct Host {
    pub memory0: Option<Memory>,
    pub table0: Option<Table>,
}

pub struct Program {
    pub engine: Engine,
    pub module: Module,
    pub places: Places,
    linking: Linking,
}

/// An instance and what keeps it alive.
pub struct Live {
    pub store: Store<Host>,
    pub instance: Instance,
    /// In the order of the module's imports; empty when all of them are functions.
    pub imported: Vec<Extern>,
}

enum Linking {
    /// Functions alone are imported: they belong to no store.
    Pre(InstancePre<Host>),
    /// Memories, tables and globals belong to one store, so they are made for each instance.
    Fresh { linker: Linker<Host>, imports: Vec<Import> },
}

struct Import {
    module: String,
    name: String,
    ty: ExternType,
}

impl Program {
    pub fn new(engine: Engine, module: Module, exports: Option<&Exports>, answers: &Answers) -> Result<Program, Stop> {
        let places = Places::of(&module, exports);
        let linking = link(&engine, &module, &places, answers).map_err(|error| Stop::skipped(&error))?;
        Ok(Program { engine, module, places, linking })
    }

    pub fn new_store(&self) -> Store<Host> {
        Store::new(&self.engine, Host::default())
    }

    /// The start function runs here: Wasmtime has no way to instantiate without it.
    pub fn instantiate(&self, mut store: Store<Host>) -> Result<Live, Stop> {
        let mut imported = Vec::new();
        let instance = match &self.linking {
            Linking::Pre(pre) => pre.instantiate(&mut store),
            Linking::Fresh { linker, imports } => fresh(linker, imports, &mut store, &mut imported).and_then(|()| {
                *store.data_mut() = Host::of(&self.places, &imported);
                Instance::new(&mut store, &self.module, &imported)
            }),
        };
        match instance {
            Ok(instance) => Ok(Live { store, instance, imported }),
            Err(error) => Err(not_instantiated(error)),
        }
    }

    pub fn new_instance(&self) -> Result<Live, Stop> {
        self.instantiate(self.new_store())
    }

    /// For `facts.linked_by`.
    pub fn linked_by(&self) -> &'static str {
        match self.linking {
            Linking::Pre(_) => "InstancePre",
            Linking::Fresh { .. } => "Instance::new, with new imported memories, tables and globals",
        }
    }
}

impl Host {
    fn of(places: &Places, imported: &[Extern]) -> Host {
        Host {
            memory0: places.memory0().and_then(|it| Memory::from_extern(it.among(imported)?.clone())),
            table0: places.table0().and_then(|it| it.among(imported)?.clone().into_table()),
        }
    }
}

#[cold]
fn not_instantiated(error: wasmtime::Error) -> Stop {
    match Stop::from(error) {
        Stop::Failed(why) => Stop::Failed(format!("instantiation failed: {why}")),
        pool_is_full => pool_is_full,
    }
}

fn link(engine: &Engine, module: &Module, places: &Places, answers: &Answers) -> wasmtime::Result<Linking> {
    let mut linker = Linker::new(engine);
    // A module may import one name twice.
    linker.allow_shadowing(true);
    let mut functions_alone = true;
    for import in module.imports() {
        let ExternType::Func(ty) = import.ty() else {
            functions_alone = false;
            continue;
        };
        answers.define(&mut linker, (import.module(), import.name()), ty, Reach::of(places))?;
    }
    if functions_alone {
        return Ok(Linking::Pre(linker.instantiate_pre(module)?));
    }
    let imports = module.imports().map(|import| Import {
        module: import.module().into(),
        name: import.name().into(),
        ty: import.ty(),
    });
    Ok(Linking::Fresh { linker, imports: imports.collect() })
}

/// Memories and tables of the least size that fits, zero and null, and globals of value 0.
fn fresh(
    linker: &Linker<Host>,
    imports: &[Import],
    store: &mut Store<Host>,
    imported: &mut Vec<Extern>,
) -> wasmtime::Result<()> {
    imported.reserve_exact(imports.len());
    for import in imports {
        imported.push(match &import.ty {
            ExternType::Func(_) => linker.get(&mut *store, &import.module, &import.name)?,
            other => other.default_value(&mut *store)?,
        });
    }
    Ok(())
}

/// How large a pool the cell has. Limits that a module could fail to meet follow the module.
pub fn room_for(module: &Module, settings: &Settings, slots: usize) -> Room {
    /// What Wasmtime's pool holds by default.
    const INSTANCES: u32 = 1000;
    const TABLE_ENTRIES: usize = 20_000;
    let needed = module.resources_required();
    Room {
        instances: match settings.pool.slots {
            0 => INSTANCES.max(slots as u32),
            given => given,
        },
        memories: needed.num_memories.max(1),
        tables: needed.num_tables.max(1),
        table_entries: TABLE_ENTRIES.max(needed.max_initial_table_size.unwrap_or(0) as usize),
    }
}
