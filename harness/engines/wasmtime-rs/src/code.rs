//! Compiled code: from the cache, or compiled now and put there. A worker that finds it starts in milliseconds.
//!
//! What lies in the cache is run as it is, so its folder belongs to the user alone.

use std::fs::{self, DirBuilder, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Instant;

use wasmtime::{Engine, Module};

use crate::settings::Settings;
use crate::stop::Stop;

pub struct Code {
    stored: Stored,
    /// For `facts.code_from`.
    pub from: String,
}

enum Stored {
    File(PathBuf),
    Bytes(Vec<u8>),
}

impl Code {
    /// `engine` compiles; `sha256` is that of `wasm`.
    pub fn of(wasm: &[u8], sha256: &str, settings: &Settings, engine: &Engine) -> Result<Code, Stop> {
        let file = cache_folder().map(|folder| folder.join(file_name(sha256, settings, engine)));
        if let Ok(file) = &file
            && file.exists()
        {
            let code = Code { stored: Stored::File(file.clone()), from: "hit".into() };
            // A file that was cut short, or that another version wrote, is replaced.
            if code.load(engine).is_ok() {
                return Ok(code);
            }
        }
        let begin = Instant::now();
        let bytes = engine.precompile_module(wasm).map_err(|error| Stop::skipped(&error))?;
        let took = format!("compiled in {} ms", begin.elapsed().as_millis());
        match file.and_then(|file| store(&file, &bytes).map(|()| file)) {
            Ok(file) => Ok(Code { stored: Stored::File(file), from: format!("{took} and stored") }),
            Err(why) => Ok(Code { stored: Stored::Bytes(bytes), from: format!("{took}, not stored: {why}") }),
        }
    }

    pub fn load(&self, engine: &Engine) -> wasmtime::Result<Module> {
        // SAFETY: the bytes are what `precompile_module` made, here or by this user's earlier worker: `cache_folder`
        // lets nobody else write there, and files are only ever put in place whole, by rename.
        unsafe {
            match &self.stored {
                Stored::File(path) => Module::deserialize_file(engine, path),
                Stored::Bytes(bytes) => Module::deserialize(engine, bytes),
            }
        }
    }

    /// How the image that memories start from is backed.
    pub fn is_file(&self) -> bool {
        matches!(self.stored, Stored::File(_))
    }
}

/// The module's bytes, Wasmtime's version and all that Wasmtime says decides the code; `dense` alone is not among that.
fn file_name(sha256: &str, settings: &Settings, engine: &Engine) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    settings.dense.hash(&mut hasher);
    format!("{sha256}-{:016x}.cwasm", hasher.finish())
}

fn cache_folder() -> Result<PathBuf, String> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let root = absolute("INSTBENCH_CACHE_DIR")
        .or_else(|| absolute("XDG_CACHE_HOME").map(|path| path.join("instbench")))
        .or_else(|| absolute("HOME").map(|path| path.join(".cache/instbench")))
        .ok_or("none of INSTBENCH_CACHE_DIR, XDG_CACHE_HOME and HOME is an absolute path")?;
    let folder = root.join("wasmtime-rs");
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .map_err(|error| format!("mkdir {}: {error}", folder.display()))?;
    require_private(&folder)?;
    Ok(folder)
}

fn require_private(folder: &Path) -> Result<(), String> {
    let status = fs::metadata(folder).map_err(|error| format!("stat {}: {error}", folder.display()))?;
    // SAFETY: geteuid has no preconditions and cannot fail.
    let owner = unsafe { libc::geteuid() };
    if status.uid() != owner || status.mode() & 0o077 != 0 {
        return Err(format!("{} is open to others, who could put code there: chmod 700 it", folder.display()));
    }
    Ok(())
}

/// By a temporary name, so that no other worker meets half a file.
fn store(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let written =
        File::create(&temporary).and_then(|mut file| file.write_all(bytes)).and_then(|()| fs::rename(&temporary, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        format!("{}: {error}", path.display())
    })
}

/// The bytes at `path`, which must have `expected` as their SHA-256 when it is given, and their SHA-256.
pub fn read_module(path: &str, expected: Option<&str>) -> Result<(Vec<u8>, String), Stop> {
    use sha2::{Digest, Sha256};
    let bytes = fs::read(path).map_err(|error| Stop::system(path, error))?;
    let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    match expected {
        Some(expected) if expected != sha256 => {
            Err(Stop::Failed(format!("{path}: its bytes changed since the run began (SHA-256 {sha256})")))
        }
        _ => Ok((bytes, sha256)),
    }
}
