//! From a request to programs: the module's code once, in as many engines as are asked for.

use wasmtime::{Config, Engine};

use crate::answers::Answers;
use crate::calls::Calls;
use crate::code::{Code, read_module};
use crate::program::Program;
use crate::request::{Kind, Request, Touches};
use crate::script::compile;
use crate::settings::{Room, Settings};
use crate::stop::Stop;
use crate::touch::Touch;
use crate::work::Work;

pub struct Loader<'a> {
    pub code: Code,
    request: &'a Request,
    settings: &'a Settings,
    answers: Answers,
    compiler: Engine,
}

impl<'a> Loader<'a> {
    pub fn new(request: &'a Request, settings: &'a Settings) -> Result<Loader<'a>, Stop> {
        let (wasm, sha256) = read_module(&request.module.path, request.module.sha256.as_deref())?;
        let compiler = new_engine(&settings.config())?;
        let code = Code::of(&wasm, &sha256, settings, &compiler)?;
        let workload = &request.cell.workload;
        let answers = if workload.kind == Kind::Call { Answers::of(&workload.script) } else { Answers::default() };
        Ok(Loader { code, request, settings, answers, compiler })
    }

    /// The same code without a pool: what tells how large a pool must be, and what its instances are compared with.
    pub fn on_demand(&self) -> Result<Program, Stop> {
        self.load(self.compiler.clone())
    }

    /// By the strategy's allocator.
    pub fn with_room(&self, room: &Room) -> Result<Program, Stop> {
        self.load(new_engine(&self.settings.config_with_allocator(room))?)
    }

    /// What a pool has no room for is skipped with Wasmtime's own words.
    fn load(&self, engine: Engine) -> Result<Program, Stop> {
        let module = self.code.load(&engine).map_err(|error| Stop::skipped(&error))?;
        Program::new(engine, module, self.request.module.exports.as_ref(), &self.answers)
    }

    pub fn work(&self, program: &Program, touches: Option<Touches>) -> Result<Work, Stop> {
        match (self.request.cell.workload.kind, touches) {
            (Kind::None, _) => Ok(Work::Touch(Touch::nothing())),
            (Kind::Touch, Some(touches)) => Ok(Work::Touch(Touch::new(touches, program)?)),
            (Kind::Touch, None) => Err(Stop::Failed("a workload 'touch' needs \"touches\"".into())),
            (Kind::Call, _) => Ok(Work::Call(compile(&self.request.cell.workload.script, program)?)),
        }
    }

    /// The script made ready for this program, if the workload is one.
    pub fn calls(&self, program: &Program) -> Result<Option<Calls>, Stop> {
        let workload = &self.request.cell.workload;
        (workload.kind == Kind::Call).then(|| compile(&workload.script, program)).transpose()
    }
}

fn new_engine(config: &Config) -> Result<Engine, Stop> {
    Engine::new(config).map_err(|error| Stop::skipped(&error))
}
