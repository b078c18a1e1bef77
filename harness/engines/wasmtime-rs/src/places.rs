//! Where the host can reach a module's memories, tables and globals: among its exports, or among its imports, which
//! are the host's own.

use wasmtime::{Extern, ExternType, Module, ModuleExport};

use crate::program::Live;
use crate::request::Exports;

pub struct Place {
    /// For messages: `memory 0`, `global 'count'`.
    pub name: String,
    pub ty: ExternType,
    at: At,
}

enum At {
    Export(ModuleExport),
    Import(usize),
}

#[derive(Default)]
pub struct Places {
    pub memories: Vec<Place>,
    pub tables: Vec<Place>,
    pub globals: Vec<Place>,
    memory0: Option<usize>,
    table0: Option<usize>,
}

impl Place {
    pub fn of(&self, live: &mut Live) -> Extern {
        match &self.at {
            At::Export(export) => {
                let item = live.instance.get_module_export(&mut live.store, export);
                item.expect("places are asked of instances of their own module")
            }
            At::Import(index) => live.imported[*index].clone(),
        }
    }
}

impl Place {
    pub fn export(&self) -> Option<ModuleExport> {
        match self.at {
            At::Export(export) => Some(export),
            At::Import(_) => None,
        }
    }

    /// Among the instance's imports, if it is one of them.
    pub fn among<'a>(&self, imported: &'a [Extern]) -> Option<&'a Extern> {
        match self.at {
            At::Export(_) => None,
            At::Import(index) => imported.get(index),
        }
    }
}

impl Places {
    /// `exports` says which export is memory 0 and which is table 0; without it they are the first ones.
    pub fn of(module: &Module, exports: Option<&Exports>) -> Places {
        let mut places = Places::default();
        for (index, import) in module.imports().enumerate() {
            places.add(format!("'{}.{}'", import.module(), import.name()), import.ty(), At::Import(index));
        }
        // Imports come first in every index space.
        let imported = (places.memories.len(), places.tables.len());
        for export in module.exports() {
            let Some(index) = module.get_export_index(export.name()) else { continue };
            places.add(format!("'{}'", export.name()), export.ty(), At::Export(index));
        }
        let named = |kind: &str, name: &Option<String>| name.as_ref().map(|name| format!("{kind} '{name}'"));
        places.memory0 = zeroth(&places.memories, imported.0, exports.map(|it| named("memory", &it.memory)));
        places.table0 = zeroth(&places.tables, imported.1, exports.map(|it| named("table", &it.table)));
        if let Some(index) = places.memory0 {
            places.memories[index].name = "memory 0".into();
        }
        if let Some(index) = places.table0 {
            places.tables[index].name = "table 0".into();
        }
        places
    }

    fn add(&mut self, name: String, ty: ExternType, at: At) {
        let (kind, list) = match ty {
            ExternType::Memory(_) => ("memory", &mut self.memories),
            ExternType::Table(_) => ("table", &mut self.tables),
            ExternType::Global(_) => ("global", &mut self.globals),
            ExternType::Func(_) | ExternType::Tag(_) => return,
        };
        list.push(Place { name: format!("{kind} {name}"), ty, at });
    }

    pub fn memory0(&self) -> Option<&Place> {
        self.memory0.map(|index| &self.memories[index])
    }

    pub fn table0(&self) -> Option<&Place> {
        self.table0.map(|index| &self.tables[index])
    }
}

/// `known` is what the request says, if it says anything: the name of the export, or that there is none.
fn zeroth(places: &[Place], imported: usize, known: Option<Option<String>>) -> Option<usize> {
    match known {
        _ if imported > 0 => Some(0),
        None => (!places.is_empty()).then_some(0),
        Some(name) => {
            let name = name?;
            places.iter().position(|place| place.name == name)
        }
    }
}
