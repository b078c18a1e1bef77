#include "harness/corpus/shape.hpp"

#include <map>
#include <utility>

#include "harness/corpus/shape_text.hpp"

namespace instbench::bench {
namespace {

// Names by first appearance: the first module m0, the second m1, …; empty stays empty.
class Renamer {
 public:
  explicit Renamer(std::string prefix) : prefix_(std::move(prefix)) {}

  std::string operator()(const std::string& scope, const std::string& name) {
    if (name.empty()) return name;
    const auto [place, added] = numbers_.try_emplace({scope, name}, numbers_.size());
    return prefix_ + std::to_string(place->second);
  }

 private:
  std::string prefix_;
  std::map<std::pair<std::string, std::string>, size_t> numbers_;
};

// The value of a constant is content, not shape.
ConstExpr without_value(ConstExpr expr) {
  expr.bits = 0;
  return expr;
}

std::vector<ZeroRun> zero_runs_of(std::span<const std::byte> bytes) {
  std::vector<ZeroRun> runs;
  for (uint64_t at = 0; at < bytes.size();) {
    if (bytes[at] != std::byte{0}) {
      ++at;
      continue;
    }
    uint64_t end = at;
    while (end < bytes.size() && bytes[end] == std::byte{0}) ++end;
    if (end - at >= kShortestZeroRun) runs.push_back({at, end - at});
    at = end;
  }
  return runs;
}

void rename(Module& module) {
  Renamer modules("m");
  Renamer fields("i");
  for (Import& import : module.imports) {
    import.name = fields(import.module, import.name);
    import.module = modules("", import.module);
  }
  Renamer exports("e");
  for (Export& item : module.exports) item.name = exports("", item.name);
}

}  // namespace

char letter_of(ValType type) { return kTypeLetters.at(static_cast<size_t>(type)); }

Shape facts_of(const Module& module) {
  Shape shape;
  shape.zero_runs.reserve(module.data_segments.size());
  for (const DataSegment& segment : module.data_segments) shape.zero_runs.push_back(zero_runs_of(module.data(segment)));
  shape.module = module;
  shape.module.data_bytes = {};
  rename(shape.module);
  for (Global& global : shape.module.globals) global.init = without_value(global.init);
  for (ElemSegment& segment : shape.module.elem_segments) {
    for (ElemEntry& entry : segment.entries) {
      // Constant expressions of several instructions cannot make a reference without the GC proposal.
      if (entry.kind == ElemEntry::Kind::extended) entry.kind = ElemEntry::Kind::null;
    }
  }
  return shape;
}

std::string extract_shape(const Module& module) { return write_shape(facts_of(module)); }

std::vector<std::byte> build_shape(std::string_view text, const std::string& file) {
  return encode_shape(parse_shape(text, file));
}

}  // namespace instbench::bench
