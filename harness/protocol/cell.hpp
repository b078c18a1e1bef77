// The words of an experiment: workload, case, arm, and the request and sample that travel between
// the parent and a worker. Definitions and their JSON only; knows neither the core nor a process.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "harness/protocol/inject.hpp"

namespace instbench::bench {

using Json = nlohmann::json;

inline constexpr int kProtocolVersion = 1;

// Bounds of what a cell may ask: beyond any machine, far below overflow.
inline constexpr uint64_t kMostSlots = 65536;
inline constexpr uint64_t kMostThreads = 1024;  // measured ones and bystanders
inline constexpr uint64_t kVerifyRounds = 4;    // instances that the pass `verify` makes, dirties and drops
inline constexpr uint64_t kMostVerifyRounds = 1000000;
inline constexpr uint64_t kMostCount = uint64_t{1} << 32;  // pages, entries, runs
inline constexpr size_t kMostMixed = 64;                    // modules of a mix

// What the instance does between instantiate and drop. `none` leaves it untouched.
// `touch`: reads `read` pages, then writes `write` pages (4 KiB each, one 8-byte access per page), then
// takes `calls` distinct table entries, then grows memory by `grow` pages of 64 KiB and writes the first
// byte of each. Pages read and written lie below the memory's minimum size.
// The pages written form `runs` runs of consecutive pages (absent = scattered: each page on its own).
// Reads go to other pages than writes unless `reread` is set: then the first `read` written pages are
// read before they are written (two faults each on a private mapping).
// `call`: does what a call script says (call_script.hpp): exports are called and their answers checked.
struct Workload {
  enum class Kind { none, touch, call };
  Kind kind = Kind::none;
  uint64_t read = 0;
  uint64_t write = 0;
  uint64_t calls = 0;
  uint64_t grow = 0;
  std::optional<uint64_t> runs;
  bool reread = false;
  std::string label;   // call: "call", or "call(fib(20)=6765)" for one given on the command line
  std::string script;  // call: the script as JSON text
  bool operator==(const Workload&) const = default;
};

// Several modules that share one pool, of all threads: each instance is of the next one. Drawn from the seed, each equally
// often (uniform), or in turn, as they were named (rotate).
struct Mix {
  enum class Order : uint8_t { uniform, rotate };
  std::vector<std::string> modules;  // labels; none: the case is of one module
  uint64_t pool = 0;                 // slots, at least as many as instances are alive in all threads
  Order order = Order::uniform;
  bool operator==(const Mix&) const = default;
};
std::string_view name_of(Mix::Order order);
inline constexpr const char* kMixIsForTheCore = "modules that share one pool are measured in the core only";

// module × workload × conditions. `module` is a name of the manifest or a path, or, of a mix, "mix(a+b)".
struct Case {
  std::string module;
  Workload workload;
  uint64_t slots = 1;       // instances alive at once; each cycle drops the oldest and makes a new one
  double vary = 0;          // share of the touched addresses redrawn each cycle, 0..1
  uint64_t bystanders = 0;  // threads that spin beside the measured one
  uint64_t threads = 1;
  // Preinit: the JSON text of a call script that names exports to run once and what imports answer meanwhile; instances
  // start from the state they leave (runtime/preinit). Empty: none.
  std::string preinit;
  Mix mix = {};
  bool operator==(const Case&) const = default;
};

// "spidermonkey touch(w64) s64", then " v5%", " b1", " t2" where they differ from 0, 0 and 1; "preinit " stands before
// the workload of a module that is preinitialised. Of a mix, " p3" for the pool's slots comes next after the instances, and
// " rotate" last.
// Inside touch(): r, w, c, g with their counts, zero ones left out; "runs4" and "reread" when set.
std::string id_of(const Case& c);
std::string id_of(const Workload& w);  // "none", "touch(w64)" or "call"

struct Arm {
  std::string engine;                    // "core"
  std::string strategy;                  // canonical axes
  std::string id;                        // as the user wrote it: "core:pool-lazy"
  std::vector<std::string> worker = {};  // the program that measures it and its first arguments; empty: this one
  std::string worker_sha256 = {};        // of that program's bytes; empty: not known
  std::string module = {};               // its own, in a comparison of two modules; empty: the case's
  std::string build = {};                // what the user asked for behind '@': "git+abc1234", a path; empty: this one
  std::string library = {};              // of an engine in a shared library: its path
  std::string library_sha256 = {};       // of that file; empty: not known yet
  Json facts = {};                       // what the engine said of itself (worker's "describe"); null: not asked
  std::string unavailable = {};          // why none of its cells can be had here: they are skipped; empty: they can
  std::string broken = {};  // why none of them can be measured though they should: they fail; empty: they can
  bool operator==(const Arm&) const = default;
};

// "w=16,write=..": bad text. what() says what is accepted.
struct GrammarError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// "write=0,1,4,16,read=2,slots=1,64": every setting may be a list; gives the product, in the order
// of the settings as written, the last one fastest. Settings: read write calls grow runs reread slots
// vary bystanders threads. `vary` takes 0.05 or 5%. "call" in front ("call,slots=1,64") is the workload that runs the
// module's call script, which the caller fills in; only slots, bystanders and threads may follow. For a mix there are two
// settings more, pool and order (uniform, rotate), and no calls; a pool that is not given is 0. Throws GrammarError.
struct Sweep {
  std::vector<Case> cases;  // module left empty
};
enum class SweepOf : uint8_t { one_module, mix };
Sweep parse_touch(const std::string& text, SweepOf what = SweepOf::one_module);

// A setting of --touch, for help.
struct TouchSetting {
  enum class Kind : uint8_t { work, condition, mix };  // what an instance does; how instances live; of --mix only
  std::string name, meaning;
  Kind kind = Kind::work;
};
const std::vector<TouchSetting>& touch_settings();

// Whether the text names conditions and no work: beside --call and --invoke such a text is about the calls.
bool names_only_conditions(const std::string& text);

// What the touched instance offers.
struct TouchTarget {
  uint64_t memory_bytes = 0;    // at the start; 0: no memory
  uint64_t growable_pages = 0;  // of 64 KiB
  uint64_t table_entries = 0;   // of table 0
  bool operator==(const TouchTarget&) const = default;
};

// What of an instance can be reached from outside of its engine.
struct Reach {
  std::optional<std::string> memory, table;              // names under which memory 0 and table 0 are exported
  bool memory_imported = false, table_imported = false;  // the host has made them, so it has them at hand
  std::vector<std::string> globals;                      // exported ones of a number type
  std::vector<std::string> hidden;                       // what is neither: "memory 0", "table 1", "3 globals"
  TouchTarget target;                                    // as the module declares it

  bool has_memory = false;  // memory 0 is there, be it of no pages

  bool sees_memory() const { return memory || memory_imported; }
  bool sees_table() const { return table || table_imported; }
};

// How the processes of a block take turns: ends of pipes that the worker has inherited (runtime/os/turns.hpp).
struct TurnsAsked {
  int take = -1, give = -1;
  double patience_s = 0;   // after which a worker gives up waiting
  uint64_t processes = 1;  // in the ring; not sent
  bool share_cpu = false;  // all stay on one CPU
};

// A module's file, for a worker.
struct ModuleFile {
  std::string name, path, sha256;
};

// What a worker is asked. Passes are done in this order whatever the order given.
struct Request {
  std::string module_path;    // "PATH" or "PATH#N"; WAT, wasm; empty for a mix
  std::string module_sha256;  // of the wasm bytes; empty: do not check
  Case cell;                  // cell.module is the name, for messages
  Arm arm;
  uint64_t seed = 1;
  // How guest code is made where any is run (a call, a start function): "auto", "tcc", "cc", "none".
  std::string codegen = "auto";
  std::vector<std::string> passes{"verify",   "first",  "batch",       "phases",
                                  "counters", "memory", "verify_after"};  // also "trace"
  std::optional<uint64_t> iterations;  // batch length; absent: Google Benchmark finds it
  double batch_ms = 60;                // its aim when absent
  uint64_t verify_rounds = kVerifyRounds;
  uint64_t parts = 1;               // into how many parts the batch is cut, each timed by itself
  std::optional<TurnsAsked> turns;  // absent: alone
  std::optional<Injection> inject;  // a known slowdown, in what is timed and counted
  std::optional<Reach> reach;       // absent: the parent could not read the module
  std::vector<ModuleFile> mixed;    // the modules of cell.mix, in its order
  Json touches;                     // for workers that draw no plan of their own: TouchPlan as JSON; else null
};

Json to_json(const Workload&);
Workload workload_from_json(const Json&);
Json to_json(const Case&);
Case case_from_json(const Json&);
Json to_json(const Arm&);
Arm arm_from_json(const Json&);
Json to_json(const Request&);
Request request_from_json(const Json&);  // throws GrammarError on a foreign protocol number

}  // namespace instbench::bench
