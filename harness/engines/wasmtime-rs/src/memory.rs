//! A linear memory, the store's own or shared between threads, seen the way a host sees it: base and length.

use wasmtime::{AsContext, AsContextMut, Extern, SharedMemory};

pub const PAGE_BYTES: usize = 65536;

#[derive(Clone)]
pub enum Memory {
    Own(wasmtime::Memory),
    Shared(SharedMemory),
}

impl Memory {
    pub fn from_extern(item: Extern) -> Option<Memory> {
        match item {
            Extern::Memory(memory) => Some(Memory::Own(memory)),
            Extern::SharedMemory(memory) => Some(Memory::Shared(memory)),
            _ => None,
        }
    }

    pub fn base(&self, store: impl AsContext) -> *mut u8 {
        match self {
            Memory::Own(memory) => memory.data_ptr(store),
            Memory::Shared(memory) => memory.data().as_ptr().cast_mut().cast(),
        }
    }

    pub fn size(&self, store: impl AsContext) -> usize {
        match self {
            Memory::Own(memory) => memory.data_size(store),
            Memory::Shared(memory) => memory.data_size(),
        }
    }

    pub fn bytes<'a, S: AsContext>(&self, store: &'a S) -> &'a [u8] {
        // SAFETY: the memory lives as long as its store, which is borrowed, and no thread runs guest code.
        unsafe { std::slice::from_raw_parts(self.base(store), self.size(store)) }
    }

    pub fn bytes_mut<'a, S: AsContextMut>(&self, store: &'a mut S) -> &'a mut [u8] {
        // SAFETY: as in `bytes`, and nothing else can reach the memory while the store is borrowed.
        unsafe { std::slice::from_raw_parts_mut(self.base(&*store), self.size(&*store)) }
    }

    /// By pages of 64 KiB, whatever the memory's own pages are; the length before.
    pub fn grow(&self, mut store: impl AsContextMut, pages: u64) -> wasmtime::Result<usize> {
        let before = self.size(&store);
        match self {
            Memory::Own(memory) => {
                let own_pages = pages * PAGE_BYTES as u64 / memory.page_size(&store);
                memory.grow(&mut store, own_pages)?;
            }
            Memory::Shared(memory) => {
                memory.grow(pages)?;
            }
        }
        Ok(before)
    }
}
