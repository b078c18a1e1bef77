#include "harness/engines/core/call_plan.hpp"

#include <algorithm>
#include <cstring>

#include "harness/protocol/touch_plan.hpp"
#include "runtime/instance/link.hpp"

namespace instbench::bench {
namespace {

// A value that is known beforehand, or a variable's plus a constant.
struct Source {
  std::optional<uint32_t> variable;
  uint64_t bits = 0;  // the value, or what is added to the variable
  NumberType type = NumberType::i32;

  uint64_t value(const std::vector<uint64_t>& variables) const {
    if (!variable) return bits;
    const uint64_t sum = variables[*variable] + bits;
    return type == NumberType::i32 ? static_cast<uint32_t>(sum) : sum;
  }
};

struct Expectation {
  Source source;
  bool nonzero = false;
  bool any_nan = false;

  bool met(uint64_t got, const std::vector<uint64_t>& variables) const {
    if (nonzero) return got != 0;
    if (any_nan) return is_nan(got, source.type);
    return got == source.value(variables);
  }
  std::string text(const std::vector<uint64_t>& variables) const {
    return nonzero ? "nonzero" : any_nan ? "nan" : std::to_string(source.value(variables));
  }
};

// Bytes known beforehand, or one word of a variable; `times` over.
struct Content {
  std::string bytes;
  std::optional<Source> word;
  uint32_t word_bytes = 0;
  uint32_t times = 1;

  uint64_t size() const { return word ? uint64_t{word_bytes} * times : bytes.size(); }
};

std::optional<NumberType> number_type_of(ValType type) {
  switch (type) {
    case ValType::i32:
      return NumberType::i32;
    case ValType::i64:
      return NumberType::i64;
    case ValType::f32:
      return NumberType::f32;
    case ValType::f64:
      return NumberType::f64;
    default:
      return std::nullopt;
  }
}

uint64_t truncated(uint64_t bits, NumberType type) {
  return type == NumberType::i32 || type == NumberType::f32 ? static_cast<uint32_t>(bits) : bits;
}

// Sign or zero extension as Access says.
uint64_t load(const std::byte* at, Access access) {
  uint64_t bits = 0;
  std::memcpy(&bits, at, size_of(access));
  if (access == Access::i8) return static_cast<uint32_t>(static_cast<int8_t>(bits));
  if (access == Access::i16) return static_cast<uint32_t>(static_cast<int16_t>(bits));
  return bits;
}

}  // namespace

struct CallPlan::Step {
  enum class Kind : uint8_t { call, write, check, load, global, output } kind = Kind::call;
  size_t number = 0;
  std::string name;  // for messages
  // call
  uint32_t function = 0, table = 0, entry = 0, type = 0;
  bool indirect = false;
  const FuncType* signature = nullptr;
  const FuncType* interned = nullptr;
  std::vector<Source> args;
  std::vector<Expectation> expect;  // of the first results; for load and global at most one
  std::optional<uint32_t> as, exit;
  // write, check, load, output
  Content content;
  Source at;
  Access access = Access::i32;
  uint32_t global = 0, fd = 1;
};

// Resolves one script against one module.
class CallPlan::Compiler {
 public:
  Compiler(const CallScript& script, const Module& module) : script_(script), module_(module) {}

  Step compile(const bench::ScriptStep& step, size_t number) {
    out_ = {};
    out_.number = number;
    std::visit([this](const auto& one) { add(one); }, step);
    return out_;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw DoesNotFit("call: step " + std::to_string(out_.number) + ": " + why);
  }

  uint32_t exported(const std::string& name, ExternKind kind) const {
    for (const Export& one : module_.exports) {
      if (one.name == name && one.kind == kind) return one.index;
    }
    refuse("the module exports no " + std::string(name_of(kind)) + " '" + name + "'");
  }

  Source source(const Operand& operand, NumberType type) const {
    if (const auto* variable = std::get_if<Variable>(&operand))
      return {variable->index, static_cast<uint64_t>(variable->addend), type};
    try {
      return {std::nullopt, bits_of(std::get<Literal>(operand), type), type};
    } catch (const GrammarError& error) {
      refuse(error.what());
    }
  }

  Expectation expectation(const Expected& expected, NumberType type) const {
    if (std::holds_alternative<Nonzero>(expected)) return {{std::nullopt, 0, type}, true, false};
    if (const auto* variable = std::get_if<Variable>(&expected)) return {source(*variable, type), false, false};
    const Source wanted = source(std::get<Literal>(expected), type);
    return {wanted, false, is_nan(wanted.bits, type)};
  }

  void add(const CallStep& step) {
    out_.kind = Step::Kind::call;
    callee(step);
    out_.signature = &module_.types[out_.type];
    const std::vector<ValType>&params = out_.signature->params, &results = out_.signature->results;
    if (step.args.size() != params.size())
      refuse(out_.name + " takes " + std::to_string(params.size()) + " arguments, not " +
             std::to_string(step.args.size()));
    if (step.expect.size() > results.size() || (step.as && results.empty()))
      refuse(out_.name + " has " + std::to_string(results.size()) + " results");
    for (size_t i = 0; i < params.size(); ++i) out_.args.push_back(source(step.args[i], number(params[i])));
    for (size_t i = 0; i < step.expect.size(); ++i)
      out_.expect.push_back(expectation(step.expect[i], number(results[i])));
    out_.as = step.as;
    out_.exit = step.exit;
  }

  NumberType number(ValType type) const {
    const auto known = number_type_of(type);
    if (!known) refuse(out_.name + " takes or gives references or vectors, which a script cannot write");
    return *known;
  }

  void callee(const CallStep& step) {
    if (const auto* name = std::get_if<std::string>(&step.callee)) {
      out_.name = "'" + *name + "'";
      out_.function = exported(*name, ExternKind::function);
      out_.type = module_.functions[out_.function].type;
      return;
    }
    const TableEntry& there = std::get<TableEntry>(step.callee);
    out_.name = "entry " + std::to_string(there.entry) + " of '" + there.table + "'";
    out_.table = exported(there.table, ExternKind::table);
    out_.entry = there.entry;
    out_.indirect = true;
    out_.type = type_of_entry();
    out_.interned = intern_type(module_.types[out_.type]);
  }

  // The type comes from the segment that names the entry.
  uint32_t type_of_entry() const {
    for (const ElemSegment& segment : module_.elem_segments) {
      if (segment.mode != SegmentMode::active || segment.table != out_.table) continue;
      // The host's globals are zero.
      const uint64_t begin = segment.offset.kind == ConstExpr::Kind::global_get ? 0 : segment.offset.bits;
      if (out_.entry < begin || out_.entry >= begin + segment.entries.size()) continue;
      const ElemEntry& entry = segment.entries[out_.entry - begin];
      if (entry.kind == ElemEntry::Kind::function) return module_.functions[entry.index].type;
    }
    refuse(out_.name + ": no segment says which function it is");
  }

  Content content(const Bytes& bytes) const {
    Content made;
    made.times = bytes.times;
    if (const auto* text = std::get_if<std::string>(&bytes.content)) {
      for (uint32_t i = 0; i < bytes.times; ++i) made.bytes += *text;
      return made;
    }
    const Word& word = std::get<Word>(bytes.content);
    made.word = source(word.value, value_type(word.access));
    made.word_bytes = size_of(word.access);
    return made;
  }

  void add(const WriteStep& step) { place(Step::Kind::write, step.bytes, step.at); }
  void add(const CheckStep& step) { place(Step::Kind::check, step.bytes, step.at); }
  void place(Step::Kind kind, const Bytes& bytes, const Operand& at) {
    out_.kind = kind;
    out_.name = kind == Step::Kind::write ? "write" : "check";
    out_.content = content(bytes);
    address(at);
  }
  void address(const Operand& at) {
    if (module_.memories.empty()) refuse("the module has no memory");
    out_.at = source(at, NumberType::i32);
  }

  void add(const LoadStep& step) {
    out_.kind = Step::Kind::load;
    out_.name = "load";
    out_.access = step.access;
    address(step.at);
    if (step.expect) out_.expect.push_back(expectation(*step.expect, value_type(step.access)));
    out_.as = step.as;
  }
  void add(const GlobalStep& step) {
    out_.kind = Step::Kind::global;
    out_.name = "global '" + step.name + "'";
    out_.global = exported(step.name, ExternKind::global);
    const NumberType type = number(module_.globals[out_.global].type);
    if (step.expect) out_.expect.push_back(expectation(*step.expect, type));
    out_.at.type = type;
    out_.as = step.as;
  }
  void add(const OutputStep& step) {
    out_.kind = Step::Kind::output;
    out_.name = "output";
    out_.content.bytes = step.bytes;
    out_.fd = step.fd;
  }

  const CallScript& script_;
  const Module& module_;
  Step out_;
};

CallPlan::CallPlan(const CallScript& script, const Module& module, const CallHost& host)
    : host_(host), variables_(script.variables.size()), values_(1) {
  Compiler compiler(script, module);
  for (const std::vector<bench::ScriptStep>* part : {&script.before, &script.steps}) {
    for (const bench::ScriptStep& step : *part) steps_.push_back(compiler.compile(step, steps_.size() + 1));
  }
  for (const Step& step : steps_) {
    if (step.signature != nullptr)
      values_.resize(std::max({values_.size(), step.signature->params.size(), step.signature->results.size()}));
  }
}

CallPlan::~CallPlan() = default;

void CallPlan::fail(const Step& step, const std::string& why) const {
  throw WrongAnswer("call: step " + std::to_string(step.number) + " (" + step.name + "): " + why);
}

void CallPlan::call(const Step& step, const Instance& instance) {
  for (size_t i = 0; i < step.args.size(); ++i) values_[i].i64 = step.args[i].value(variables_);
  Trap trap = Trap::none;
  if (step.indirect) {
    if (step.entry >= instance.table_size(step.table)) fail(step, "the table is too small");
    const FuncRef there = instance.take(step.table, step.entry);
    if (there.is_null()) fail(step, "the entry is null");
    if (there.type != step.interned) fail(step, "the entry has another type than at the start");
    trap = instance.call(there, step.type, values_.data());
  } else {
    trap = instance.call(step.function, values_.data());
  }
  if (trap == Trap::exit && step.exit) {
    if (last_exit_code() != *step.exit) fail(step, "it ended with code " + std::to_string(last_exit_code()));
    return;
  }
  const bool ended_well = trap == Trap::exit && last_exit_code() == 0 && step.signature->results.empty();
  if (ended_well) return;  // a command's _start
  if (trap == Trap::exit) fail(step, "the program ended itself with code " + std::to_string(last_exit_code()));
  if (trap != Trap::none)
    fail(step, std::string(message_of(trap)) + (trap == Trap::host ? ": " + last_host_error() : ""));
  if (step.exit) fail(step, "it returned instead of ending the program");
  for (size_t i = 0; i < step.expect.size(); ++i) {
    const uint64_t got = truncated(values_[i].i64, step.expect[i].source.type);
    if (!step.expect[i].met(got, variables_))
      fail(step, "gave " + std::to_string(got) + ", expected " + step.expect[i].text(variables_));
  }
  if (step.as) variables_[*step.as] = truncated(values_[0].i64, *number_type_of(step.signature->results[0]));
}

void CallPlan::step(const Step& step, const Instance& instance) {
  if (step.kind == Step::Kind::call) return call(step, instance);
  if (step.kind == Step::Kind::output) {
    if (host_.written(step.fd) != step.content.bytes)
      fail(step, "it wrote \"" + host_.written(step.fd) + "\", expected \"" + step.content.bytes + "\"");
    return;
  }
  uint64_t got = 0;
  if (step.kind == Step::Kind::global) {
    std::memcpy(&got, instance.vmctx().global(step.global), sizeof got);
    got = truncated(got, step.at.type);
  } else {
    const std::span<std::byte> memory = instance.memory(0);
    const uint64_t at = step.at.value(variables_);
    const uint64_t size = step.kind == Step::Kind::load ? size_of(step.access) : step.content.size();
    if (at + size > memory.size()) fail(step, "address " + std::to_string(at) + " is out of bounds");
    std::byte* place = memory.data() + at;
    const Content& content = step.content;
    if (step.kind == Step::Kind::load) {
      got = load(place, step.access);
    } else {
      const uint64_t word = content.word ? content.word->value(variables_) : 0;
      const uint64_t piece = content.word ? content.word_bytes : content.bytes.size();
      const void* bytes = content.word ? static_cast<const void*>(&word) : content.bytes.data();
      for (uint64_t done = 0; done < size; done += piece) {
        if (step.kind == Step::Kind::write)
          std::memcpy(place + done, bytes, piece);
        else if (std::memcmp(place + done, bytes, piece) != 0)
          fail(step, "the bytes at " + std::to_string(at + done) + " differ");
      }
      return;
    }
  }
  if (!step.expect.empty() && !step.expect[0].met(got, variables_))
    fail(step, "is " + std::to_string(got) + ", expected " + step.expect[0].text(variables_));
  if (step.as) variables_[*step.as] = got;
}

std::vector<std::string> CallPlan::last_results() const {
  std::vector<std::string> texts;
  const auto last =
      std::find_if(steps_.rbegin(), steps_.rend(), [](const Step& one) { return one.signature != nullptr; });
  if (last == steps_.rend()) return texts;
  for (size_t i = 0; i < last->signature->results.size(); ++i) {
    const ValType type = last->signature->results[i];
    const Value& value = values_[i];
    std::string text = type == ValType::i32   ? std::to_string(static_cast<int32_t>(value.i32))
                       : type == ValType::i64 ? std::to_string(static_cast<int64_t>(value.i64))
                       : type == ValType::f32 ? std::to_string(value.f32)
                       : type == ValType::f64 ? std::to_string(value.f64)
                                              : std::string("a reference");
    texts.push_back(text + " (" + std::string(name_of(type)) + ")");
  }
  return texts;
}

void CallPlan::run(const Instance& instance) {
  for (const Step& one : steps_) step(one, instance);
}

}  // namespace instbench::bench
