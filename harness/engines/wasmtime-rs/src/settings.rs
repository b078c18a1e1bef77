//! Those of Wasmtime's settings that bear on instantiation, and the configuration that they make.

use wasmtime::{Config, Enabled, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

pub const KIB: u64 = 1 << 10;
pub const MIB: u64 = 1 << 20;
pub const GIB: u64 = 1 << 30;

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Instances come from a pool, or are allocated on demand.
    pub pooling: bool,
    pub cow: bool,
    pub table_lazy: bool,
    pub reserve: u64,
    pub guard: u64,
    pub dense: u64,
    pub optimize: bool,
    pub pool: Pool,
}

/// Means something only with `pooling`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    pub keep: u64,
    pub table_keep: u64,
    pub pagemap_scan: bool,
    pub warm_slots: u32,
    pub batch: u32,
    /// Instances at once; 0: as many as Wasmtime's default, or what the cell needs.
    pub slots: u32,
    pub max_memory: u64,
}

/// What a pool must hold for one cell; Wasmtime's limits are set from it.
pub struct Room {
    pub instances: u32,
    pub memories: u32,
    pub tables: u32,
    pub table_entries: usize,
}

/// Wasmtime's own defaults.
impl Default for Settings {
    fn default() -> Settings {
        Settings {
            pooling: false,
            cow: true,
            table_lazy: true,
            reserve: 4 * GIB,
            guard: 32 * MIB,
            dense: 16 * MIB,
            optimize: true,
            pool: Pool::default(),
        }
    }
}

impl Default for Pool {
    fn default() -> Pool {
        Pool { keep: 0, table_keep: 0, pagemap_scan: false, warm_slots: 100, batch: 1, slots: 0, max_memory: 4 * GIB }
    }
}

impl Settings {
    /// Everything that decides the code. Instances are allocated on demand.
    pub fn config(&self) -> Config {
        let mut config = Config::new();
        config
            .memory_init_cow(self.cow)
            .table_lazy_init(self.table_lazy)
            .memory_reservation(self.reserve)
            .memory_guard_size(self.guard)
            .memory_guaranteed_dense_image_size(self.dense)
            .cranelift_opt_level(if self.optimize { OptLevel::Speed } else { OptLevel::None })
            .shared_memory(true);
        config
    }

    /// The same with the allocator that the strategy names.
    pub fn config_with_allocator(&self, room: &Room) -> Config {
        let mut config = self.config();
        if self.pooling {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(self.pool.config(room)));
        }
        config
    }
}

impl Pool {
    /// Limits that only refuse modules are set out of the way: `max-memory` is the one that is a strategy.
    fn config(&self, room: &Room) -> PoolingAllocationConfig {
        let mut config = PoolingAllocationConfig::new();
        config
            .linear_memory_keep_resident(self.keep as usize)
            .table_keep_resident(self.table_keep as usize)
            .pagemap_scan(if self.pagemap_scan { Enabled::Yes } else { Enabled::No })
            .max_unused_warm_slots(self.warm_slots)
            .decommit_batch_size(self.batch as usize)
            .max_memory_size(self.max_memory as usize)
            .total_core_instances(room.instances)
            .total_memories(room.instances.saturating_mul(room.memories))
            .total_tables(room.instances.saturating_mul(room.tables))
            .total_gc_heaps(room.instances)
            .max_memories_per_module(room.memories)
            .max_tables_per_module(room.tables)
            .table_elements(room.table_entries)
            .max_core_instance_size(GIB as usize);
        config
    }
}
