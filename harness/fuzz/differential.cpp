#include "harness/fuzz/differential.hpp"

#include <cstring>
#include <vector>

#include "harness/engines/core/oracle.hpp"
#include "harness/fuzz/generate.hpp"
#include "runtime/codegen/code.hpp"
#include "runtime/module/load.hpp"
#include "runtime/pool/pool.hpp"

namespace instbench::bench {
namespace {

constexpr const char* kStrategies[] = {"eager",
                                       "overlay",
                                       "overlay-lazy",
                                       "pool",
                                       "pool-lazy",
                                       "pool-copy",
                                       "pool,table-reset=refill",
                                       "pool-lazy,reset=remap",
                                       "pool-lazy,affinity=off",
                                       "pool,memory=copy",
                                       "pool-keep,resident=64KiB",
                                       "pool-scan",
                                       "pool-track",
                                       "pool-restore",
                                       "best"};
constexpr uint64_t kMostBytes = uint64_t{64} << 20;  // of memory and tables: what is larger only costs time

struct Subject {
  std::string text;  // WAT, for reports; empty for raw bytes
  std::vector<std::byte> bytes;
  std::shared_ptr<const Module> module;
};

bool too_large(const Module& module) {
  uint64_t bytes = 0;
  for (const Memory& memory : module.memories) bytes += memory.limits.min * kWasmPageBytes;
  for (const Table& table : module.tables) bytes += table.limits.min * sizeof(FuncRef);
  return bytes > kMostBytes;
}

// Everything that a guest can see of an instance, as bytes that do not depend on where it lies.
std::string state_of(const Instance& instance) {
  const Prepared& prepared = instance.prepared();
  std::string state;
  for (size_t i = 0; i < prepared.module().memories.size(); ++i) {
    const auto memory = instance.memory(i);
    state += "m" + std::to_string(memory.size()) + ":";
    state.append(reinterpret_cast<const char*>(memory.data()), memory.size());
  }
  const auto reference = [&](const FuncRef& ref) {
    const auto function = ref.is_null() ? std::nullopt : prepared.function_of(ref, instance.vmctx().base());
    return ref.is_null() ? std::string("n") : function ? "f" + std::to_string(*function) : std::string("?");
  };
  for (size_t i = 0; i < prepared.table_count(); ++i) {
    state += "t";
    for (uint64_t k = 0; k < instance.table_size(i); ++k) state += reference(instance.take(i, k));
  }
  for (size_t i = 0; i < prepared.module().globals.size(); ++i) {
    const std::byte* at = instance.vmctx().global(i);
    FuncRef ref;
    if (prepared.module().globals[i].type == ValType::funcref) {
      std::memcpy(&ref, at, sizeof ref);
      state += "g" + reference(ref);
    } else {
      state.append(reinterpret_cast<const char*>(at), 8);
    }
  }
  state.append(reinterpret_cast<const char*>(instance.vmctx().dropped()), prepared.layout().dropped_bytes);
  return state;
}

// What happened, step by step: instantiation, then each call with its outcome and the state after it.
std::vector<std::string> observe(Pool& pool, const Tenant& tenant) {
  std::vector<std::string> seen;
  try {
    Lease lease(pool, tenant);
    seen.push_back("instantiated " + state_of(lease.instance()));
    const Module& module = lease->prepared().module();
    for (size_t i = 0; lease->prepared().code() != nullptr && i < module.exports.size(); ++i) {
      const Export& one = module.exports[i];
      const FuncType& type = module.types[module.functions[one.index].type];
      if (one.kind != ExternKind::function || type.params != std::vector{ValType::i32}) continue;
      Value values[1];
      values[0].i32 = static_cast<uint32_t>(i * 5 + 1);
      const Trap trap = lease->call(one.index, values);
      seen.push_back(one.name + " " + std::string(message_of(trap)) + " " +
                     (trap == Trap::none ? std::to_string(values[0].i32) : "") + state_of(lease.instance()));
    }
    make_mess(lease.instance(), 7 + seen.size());
  } catch (const InstantiationError& error) {
    seen.push_back(error.what());
  }
  return seen;
}

std::string summary(const std::string& step) { return step.substr(0, step.find(' ', step.find(' ') + 1)); }

// All strategies with this code against the first observation ever made.
std::optional<std::string> compare(const Subject& subject, const std::shared_ptr<const Code>& code,
                                   const std::string& suffix, std::vector<std::string>& expected) {
  for (const char* name : kStrategies) {
    const Strategy strategy = parse_strategy(name + suffix);
    const auto prepared = Prepared::make(subject.module, strategy, {code, nullptr, {}});
    Pool pool(strategy, SlotGeometry::covering({}, *prepared), 1);
    const Tenant& tenant = pool.admit(prepared);
    for (int round = 0; round < 3; ++round) {
      const std::vector<std::string> seen = observe(pool, tenant);
      if (expected.empty()) expected = seen;
      if (seen == expected) continue;
      size_t step = 0;
      while (step < std::min(seen.size(), expected.size()) && seen[step] == expected[step]) ++step;
      const auto say = [&](const std::vector<std::string>& all) {
        return step < all.size() ? summary(all[step]) : "nothing";
      };
      return name + suffix + " (" + (code ? std::string(code->options()) : "no code") + "), tenant " +
             std::to_string(round) + ", step " + std::to_string(step) + ": " + say(seen) + ", expected " +
             say(expected) + "\n" + subject.text;
    }
  }
  return std::nullopt;
}

std::optional<std::string> compare_with_code(const Subject& subject, Decisions& decisions) {
  std::vector<std::string> expected;
  const bool both_compilers = decisions.below(8) == 0;
  for (const Compiler compiler : {Compiler::tcc, Compiler::cc}) {
    if (compiler == Compiler::cc && !both_compilers) continue;
    for (const Bounds bounds : {Bounds::guard, Bounds::checked}) {
      CodegenOptions options;
      options.compiler = compiler;
      options.bounds = bounds;
      options.timeout = std::chrono::minutes(1);
      std::shared_ptr<const Code> code;
      try {
        code = make_code(subject.module, subject.bytes, options);
      } catch (const CodegenError&) {
        continue;  // what wasm2c refuses, and a missing compiler
      }
      const char* suffix = bounds == Bounds::guard ? "" : ",reserve=16MiB,guard=64KiB";
      if (auto found = compare(subject, code, suffix, expected)) return found;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> differs(std::span<const uint8_t> input) {
  if (input.empty()) return std::nullopt;
  enum Mode { raw, without_code, with_code, kModes };
  const int mode = input[0] % kModes;
  input = input.subspan(1);
  Decisions decisions(input);
  Subject subject;
  try {
    if (mode == raw) {
      const auto bytes = std::as_bytes(input);
      subject.bytes.assign(bytes.begin(), bytes.end());
    } else {
      subject.text = generate_module(decisions, mode == with_code ? GeneratedBodies::full : GeneratedBodies::none);
      subject.bytes = assemble_wat(subject.text, "fuzz.wat");
    }
    subject.module = load(subject.bytes, "fuzz", Bodies::validate);
  } catch (const LoadError& error) {
    if (mode == raw) return std::nullopt;
    return std::string("the generator made an invalid module: ") + error.what() + "\n" + subject.text;
  }
  if (too_large(*subject.module)) return std::nullopt;
  try {
    if (mode == with_code) return compare_with_code(subject, decisions);
    std::vector<std::string> expected;
    return compare(subject, nullptr, ",reserve=128MiB,guard=64KiB", expected);
  } catch (const Unsupported&) {
    return std::nullopt;
  }
}

}  // namespace instbench::bench
