#include "runtime/precompiled/precompiled.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include "runtime/module/load.hpp"
#include "runtime/os/process.hpp"

namespace instbench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

int64_t unix_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// C text and object of real modules came to 18 times the wasm bytes (SpiderMonkey, 10 MB: 135 MB of C, 50 MB of code).
constexpr uint64_t kLittle = uint64_t{16} << 20;
uint64_t disk_needed(uint64_t wasm_bytes) { return 32 * wasm_bytes + kLittle; }

class Job {
 public:
  Job(const Source& source, const CodegenOptions& options, Cache& cache)
      : source_(source), options_(options), cache_(cache), wants_code_(options.compiler != Compiler::none) {}

  Precompiled run() {
    const auto begin = Clock::now();
    out_.note = why_not_stored();
    if (out_.note.empty()) {
      key_ = cache_key(source_.sha256, options_);
      if (!take_from_cache()) make_in_turn();
    } else {
      parse();
      make_without_cache();
    }
    out_.times.total_s = seconds_since(begin);
    return std::move(out_);
  }

 private:
  std::string why_not_stored() const {
    if (!cache_.usable()) return cache_.why_unusable();
    return wants_code_ ? cache_.why_no_code().value_or("") : "";
  }

  bool take_from_cache() {
    const auto begin = Clock::now();
    Cache::Lookup lookup = cache_.find(key_);
    out_.times.lookup_s = out_.times.lookup_s.value_or(0) + seconds_since(begin);
    if (!lookup.damage.empty()) note(lookup.damage + ": removed and made again");
    if (!lookup.found) return false;
    Entry& entry = lookup.found->entry;
    if (entry.module->sha256 != source_.sha256) return removed("'" + key_ + "' is of another module");
    if (entry.refusal && unix_seconds() - entry.refusal->when >= std::chrono::seconds(kRefusalLasts).count())
      return false;
    if (entry.code) {
      try {
        load_code(lookup.found->code_path, entry.module);
      } catch (const CodegenError& error) {
        return removed(error.what());
      }
      out_.times.codegen = entry.code->times;
    } else {
      out_.why_no_code = entry.refusal ? entry.refusal->why + " (found earlier; `rm " + cache_.folder() + "/" + key_ +
                                             ".module` to try again)"
                                       : std::string("codegen=none");
    }
    out_.module = entry.module;
    out_.use = CacheUse::hit;
    return true;
  }

  bool removed(const std::string& why) {
    cache_.remove(key_);
    note(why + ": removed and made again");
    return false;
  }

  void note(const std::string& more) { out_.note += (out_.note.empty() ? "" : "; ") + more; }

  // After waiting for another process that makes the same, if there is one.
  void make_in_turn() {
    const auto begin = Clock::now();
    // It runs three children, each with this time-out.
    const auto lock = cache_.lock(key_, 3 * options_.timeout);
    if (os::interrupted() != 0) throw CodegenError(source_.file + ": interrupted");
    out_.times.wait_s = seconds_since(begin);
    if (take_from_cache()) return;
    parse();
    Entry entry{out_.module, std::nullopt, std::nullopt};
    try {
      if (!compile_into_cache(entry)) return cache_.remove(key_);
      cache_.store(key_, entry);
      out_.use = CacheUse::stored;
    } catch (const std::system_error& error) {
      note(error.what());
      cache_.remove(key_);  // a shared object without an entry
      if (!out_.code && out_.why_no_code.empty()) make_without_cache();
    }
  }

  void parse() {
    const auto begin = Clock::now();
    bytes_ = source_.read();
    out_.module = load(bytes_, source_.file, Bodies::validate);
    if (out_.module->sha256 != source_.sha256) {
      throw LoadError(source_.file, std::nullopt,
                      "its SHA-256 is " + out_.module->sha256.substr(0, 16) + "…, not " + source_.sha256.substr(0, 16) +
                          "…: it was changed meanwhile");
    }
    out_.times.parse_s = seconds_since(begin);
  }

  // False: nothing to store, all is said. Throws std::system_error when the cache is at fault.
  bool compile_into_cache(Entry& entry) {
    if (!wants_code_) {
      out_.why_no_code = "codegen=none";
      return true;
    }
    if (!compile(entry)) return true;
    try {
      load_code(cache_.path_of_code(key_, *entry.code), out_.module);
      return true;
    } catch (const CodegenError& error) {
      note("what was compiled cannot be loaded");
      out_.why_no_code = error.what();
      return false;
    }
  }

  // Sets either the entry's code or its refusal.
  bool compile(Entry& entry) {
    const std::string place = cache_.place_for_code(key_, disk_needed(bytes_.size()));
    try {
      out_.times.codegen = compile_module(*out_.module, bytes_, options_, place);
      entry.code = cache_.take_code(key_, place, *out_.times.codegen);
      return true;
    } catch (const CodegenError& error) {
      forget(place);
      if (os::interrupted() != 0) throw;
      // The disk may have stopped it: this throws std::system_error when it cannot be written or is nearly full now.
      cache_.place_for_code(key_, kLittle);
      out_.why_no_code = error.what();
      entry.refusal = Refusal{out_.why_no_code, unix_seconds()};
      return false;
    } catch (const std::system_error&) {
      forget(place);
      throw;
    }
  }

  static void forget(const std::string& place) {
    std::error_code ignored;
    std::filesystem::remove(place, ignored);
  }

  void make_without_cache() {
    out_.use = CacheUse::not_stored;
    out_.why_no_code = wants_code_ ? "" : "codegen=none";
    if (!wants_code_) return;
    try {
      out_.code = make_code(out_.module, bytes_, options_);
    } catch (const CodegenError& error) {
      if (os::interrupted() != 0) throw;
      out_.why_no_code = error.what();
    }
  }

  void load_code(const std::string& path, const std::shared_ptr<const Module>& module) {
    const auto begin = Clock::now();
    out_.code = Code::load(path, module);
    out_.times.load_s = seconds_since(begin);
  }

  const Source& source_;
  const CodegenOptions& options_;
  Cache& cache_;
  const bool wants_code_;
  std::string key_;
  std::vector<std::byte> bytes_;
  Precompiled out_;
};

}  // namespace

std::string_view name_of(CacheUse use) {
  switch (use) {
    case CacheUse::hit:
      return "hit";
    case CacheUse::stored:
      return "compiled and stored";
    case CacheUse::not_stored:
      return "compiled, not stored";
  }
  return "?";
}

Precompiled precompile(const Source& source, const CodegenOptions& options, Cache& cache) {
  return Job(source, options, cache).run();
}

}  // namespace instbench
