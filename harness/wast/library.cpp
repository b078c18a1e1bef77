#include "harness/wast/library.hpp"

#include "runtime/module/load.hpp"

namespace instbench::bench {

const Library::Entry& Library::entry(const std::vector<std::byte>& bytes, const std::string& place) {
  const std::string key(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::unique_ptr<Entry>& entry = entries_[key];
  if (entry) return *entry;
  entry = std::make_unique<Entry>();
  entry->bytes = bytes;
  try {
    entry->module = load(bytes, place, Bodies::validate);
  } catch (const LoadError& error) {
    entry->unreadable = error.what();
  }
  return *entry;
}

const Library::Made& Library::code(const Entry& entry, Bounds bounds) {
  const auto [there, absent] = codes_.try_emplace({&entry, bounds});
  Made& made = there->second;
  if (!absent) return made;
  if (compiler_ == Compiler::none) {
    made.why_not = "codegen=none: there is no code to run";
    return made;
  }
  CodegenOptions options;
  options.compiler = compiler_;
  options.bounds = bounds;
  try {
    made.code = make_code(entry.module, entry.bytes, options);
  } catch (const CodegenError& error) {
    made.why_not = error.what();
  }
  return made;
}

}  // namespace instbench::bench
