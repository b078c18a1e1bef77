//! The strategy's text form. `pooling-keep,batch=16` is a preset with overrides; axes alone start from Wasmtime's
//! defaults, which is the preset `on-demand`. `canonical` spells out every axis in one order, and `parse` takes it back.

use serde_json::{Value, json};

use crate::settings::{GIB, KIB, MIB, Pool, Settings};

struct Axis {
    name: &'static str,
    meaning: &'static str,
    of_pool: bool,
    field: Field,
}

enum Field {
    /// The words for false and true.
    Either([&'static str; 2], fn(&mut Settings) -> &mut bool),
    Size(fn(&mut Settings) -> &mut u64),
    /// And the least that it may be.
    Count(u32, fn(&mut Settings) -> &mut u32),
}
use Field::{Count, Either, Size};

const OFF_ON: [&str; 2] = ["off", "on"];

/// In the order of the canonical text.
static AXES: [Axis; 14] = [
    Axis {
        name: "allocator",
        meaning: "map each instance's memory anew, or take it from a pool",
        of_pool: false,
        field: Either(["on-demand", "pooling"], |s| &mut s.pooling),
    },
    Axis {
        name: "cow",
        meaning: "memory starts as a copy-on-write mapping of its image (memory_init_cow)",
        of_pool: false,
        field: Either(OFF_ON, |s| &mut s.cow),
    },
    Axis {
        name: "table-lazy",
        meaning: "make a table's entries when they are first seen (table_lazy_init)",
        of_pool: false,
        field: Either(OFF_ON, |s| &mut s.table_lazy),
    },
    Axis {
        name: "reserve",
        meaning: "address space of a memory, before its guard (memory_reservation)",
        of_pool: false,
        field: Size(|s| &mut s.reserve),
    },
    Axis {
        name: "guard",
        meaning: "address space without access behind it (memory_guard_size)",
        of_pool: false,
        field: Size(|s| &mut s.guard),
    },
    Axis {
        name: "dense",
        meaning: "the largest image that may be dense (memory_guaranteed_dense_image_size)",
        of_pool: false,
        field: Size(|s| &mut s.dense),
    },
    Axis {
        name: "opt",
        meaning: "what Cranelift optimises for (cranelift_opt_level)",
        of_pool: false,
        field: Either(["none", "speed"], |s| &mut s.optimize),
    },
    Axis {
        name: "keep",
        meaning: "of a dropped memory, cleared and left resident (linear_memory_keep_resident)",
        of_pool: true,
        field: Size(|s| &mut s.pool.keep),
    },
    Axis {
        name: "table-keep",
        meaning: "likewise of a table (table_keep_resident)",
        of_pool: true,
        field: Size(|s| &mut s.pool.table_keep),
    },
    Axis {
        name: "pagemap-scan",
        meaning: "keep only pages that the kernel finds written, with keep= (pagemap_scan)",
        of_pool: true,
        field: Either(OFF_ON, |s| &mut s.pool.pagemap_scan),
    },
    Axis {
        name: "warm-slots",
        meaning: "idle slots that keep their module's image (max_unused_warm_slots)",
        of_pool: true,
        field: Count(0, |s| &mut s.pool.warm_slots),
    },
    Axis {
        name: "batch",
        meaning: "dropped slots that are reset together (decommit_batch_size)",
        of_pool: true,
        field: Count(1, |s| &mut s.pool.batch),
    },
    Axis {
        name: "pool",
        meaning: "instances that the pool has room for; 0: as many as the cell needs",
        of_pool: true,
        field: Count(0, |s| &mut s.pool.slots),
    },
    Axis {
        name: "max-memory",
        meaning: "a module whose memory begins larger is refused (max_memory_size)",
        of_pool: true,
        field: Size(|s| &mut s.pool.max_memory),
    },
];

const PRESETS: [&str; 4] = ["on-demand", "pooling", "pooling-keep", "pooling-scan"];
const STAND_FOR: [&str; 4] = [
    "Wasmtime's own defaults",
    "its pool: slots are kept, their pages given back",
    "and what an instance wrote is cleared and left resident",
    "and the kernel is asked which pages those are",
];

fn preset(name: &str) -> Option<Settings> {
    let pooling = || Settings { pooling: true, ..Settings::default() };
    // More than SpiderMonkey's working set: what an instance dirties stays resident.
    let keep = |pagemap_scan| Pool { keep: 16 * MIB, table_keep: MIB, pagemap_scan, ..Pool::default() };
    match name {
        "on-demand" => Some(Settings::default()),
        "pooling" => Some(pooling()),
        "pooling-keep" => Some(Settings { pool: keep(false), ..pooling() }),
        "pooling-scan" => Some(Settings { pool: keep(true), ..pooling() }),
        _ => None,
    }
}

/// The settings, or one line that says what is accepted.
pub fn parse(text: &str) -> Result<Settings, String> {
    let mut settings = Settings::default();
    let mut given = Vec::new();
    for (index, item) in text.split(',').enumerate().filter(|_| !text.is_empty()) {
        match item.split_once('=') {
            Some((name, value)) => given.push(set(&mut settings, name, value)?),
            None if index == 0 => settings = preset(item).ok_or_else(|| unknown_preset(item))?,
            None => {
                return Err(format!("'{item}' is not axis=value; a preset comes first ({})", PRESETS.join(", ")));
            }
        }
    }
    if !given.iter().any(|axis| axis.name == "max-memory") {
        settings.pool.max_memory = settings.pool.max_memory.min(settings.reserve);
    }
    if !settings.pooling {
        if let Some(axis) = given.iter().find(|axis| axis.of_pool) {
            return Err(format!("axis '{}' belongs to the pool: it needs allocator=pooling", axis.name));
        }
        settings.pool = Pool::default();
    }
    let pool = &settings.pool;
    if pool.pagemap_scan && pool.keep == 0 && pool.table_keep == 0 {
        return Err("pagemap-scan=on finds what to keep resident: it needs keep= or table-keep=".into());
    }
    Ok(settings)
}

pub fn canonical(settings: &Settings) -> String {
    let mut settings = settings.clone();
    let pooling = settings.pooling;
    let axes = AXES.iter().filter(|axis| pooling || !axis.of_pool);
    axes.map(|axis| format!("{}={}", axis.name, axis.field.text(&mut settings))).collect::<Vec<_>>().join(",")
}

/// What `?` asks for (harness/protocol/README.md).
pub fn settings() -> Value {
    let usual = |axis: &Axis| axis.field.text(&mut Settings::default());
    let sets = |name: &str| {
        let mut settings = preset(name).unwrap_or_default();
        let set = AXES.iter().map(|axis| (axis, axis.field.text(&mut settings)));
        let set = set.filter(|(axis, value)| *value != usual(axis));
        set.map(|(axis, value)| format!("{}={value}", axis.name)).collect::<Vec<_>>().join(",")
    };
    let presets = PRESETS.iter().zip(STAND_FOR);
    let presets = presets.map(|(name, stands_for)| json!({"name": name, "stands_for": stands_for, "sets": sets(name)}));
    let axes = AXES.iter().map(
        |axis| json!({"name": axis.name, "takes": axis.field.accepts(), "usual": usual(axis), "meaning": axis.meaning}),
    );
    json!({"presets": presets.collect::<Vec<_>>(), "axes": axes.collect::<Vec<_>>()})
}

fn unknown_preset(name: &str) -> String {
    let presets = PRESETS.join(", ");
    format!("unknown strategy '{name}': presets are {presets}; or give axes such as allocator=pooling,keep=2MiB")
}

fn set(settings: &mut Settings, name: &str, value: &str) -> Result<&'static Axis, String> {
    let axis = AXES.iter().find(|axis| axis.name == name).ok_or_else(|| {
        format!("unknown axis '{name}': there are {}", AXES.each_ref().map(|axis| axis.name).join(", "))
    })?;
    axis.field
        .set(settings, value)
        .ok_or_else(|| format!("axis '{name}' takes {}, not '{value}'", axis.field.accepts()))?;
    Ok(axis)
}

impl Field {
    fn set(&self, settings: &mut Settings, text: &str) -> Option<()> {
        match self {
            Either(words, field) => *field(settings) = words.iter().position(|word| *word == text)? == 1,
            Size(field) => *field(settings) = size(text)?,
            Count(least, field) => {
                *field(settings) = text.parse().ok().filter(|count| (*least..=1 << 24).contains(count))?;
            }
        }
        Some(())
    }

    fn text(&self, settings: &mut Settings) -> String {
        match self {
            Either(words, field) => words[usize::from(*field(settings))].into(),
            Size(field) => size_text(*field(settings)),
            Count(_, field) => field(settings).to_string(),
        }
    }

    fn accepts(&self) -> String {
        match self {
            Either(words, _) => words.join("|"),
            Size(_) => "a size such as 64KiB, 16MiB or 4GiB".into(),
            Count(least, _) => format!("a count of at least {least}"),
        }
    }
}

fn size(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let unit = match &text[digits..] {
        "" | "B" => 1,
        "KiB" => KIB,
        "MiB" => MIB,
        "GiB" => GIB,
        _ => return None,
    };
    text[..digits].parse::<u64>().ok()?.checked_mul(unit).filter(|bytes| *bytes <= 1 << 47)
}

fn size_text(bytes: u64) -> String {
    for (unit, name) in [(GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")] {
        if bytes != 0 && bytes.is_multiple_of(unit) {
            return format!("{}{name}", bytes / unit);
        }
    }
    bytes.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_texts_are_fixed_points() {
        for text in ["", "on-demand", "pooling", "pooling-keep", "pooling-scan", "pooling-keep,keep=100,batch=16"] {
            let settings = parse(text).unwrap();
            assert_eq!(parse(&canonical(&settings)).unwrap(), settings, "{text}");
        }
        assert_eq!(
            canonical(&parse("pooling-scan,pool=8").unwrap()),
            "allocator=pooling,cow=on,table-lazy=on,reserve=4GiB,guard=32MiB,dense=16MiB,opt=speed,keep=16MiB,\
             table-keep=1MiB,pagemap-scan=on,warm-slots=100,batch=1,pool=8,max-memory=4GiB"
        );
        assert_eq!(
            canonical(&parse("").unwrap()),
            "allocator=on-demand,cow=on,table-lazy=on,reserve=4GiB,guard=32MiB,dense=16MiB,opt=speed"
        );
    }

    #[test]
    fn settings_tell_each_preset_and_axis() {
        let settings = super::settings();
        assert_eq!(settings["presets"][0]["sets"], "");
        assert_eq!(settings["presets"][3]["sets"], "allocator=pooling,keep=16MiB,table-keep=1MiB,pagemap-scan=on");
        assert_eq!(settings["axes"].as_array().unwrap().len(), AXES.len());
        assert_eq!(
            settings["axes"][7],
            serde_json::json!({
                "name": "keep", "takes": "a size such as 64KiB, 16MiB or 4GiB", "usual": "0",
                "meaning": "of a dropped memory, cleared and left resident (linear_memory_keep_resident)",
            })
        );
        for preset in settings["presets"].as_array().unwrap() {
            let named = parse(preset["name"].as_str().unwrap()).unwrap();
            assert_eq!(parse(preset["sets"].as_str().unwrap()).unwrap(), named);
        }
    }

    #[test]
    fn a_smaller_reservation_bounds_the_pools_memories() {
        assert_eq!(parse("pooling,reserve=1GiB").unwrap().pool.max_memory, GIB);
    }

    #[test]
    fn what_is_wrong_is_said_with_what_is_accepted() {
        for (text, said) in [
            ("eager", "presets are on-demand, pooling, pooling-keep, pooling-scan"),
            ("cow=on,pooling", "a preset comes first"),
            ("pool-size=3", "unknown axis 'pool-size': there are allocator, cow, "),
            ("cow=yes", "axis 'cow' takes off|on, not 'yes'"),
            ("pooling,keep=2MB", "takes a size such as 64KiB"),
            ("pooling,keep=99999999999GiB", "takes a size"),
            ("pooling,batch=0", "at least 1"),
            ("on-demand,keep=2MiB", "axis 'keep' belongs to the pool"),
            ("pooling-keep,batch=2,allocator=on-demand", "axis 'batch' belongs to the pool"),
            ("pooling,pagemap-scan=on", "it needs keep= or table-keep="),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
