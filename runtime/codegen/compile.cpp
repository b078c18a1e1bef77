#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <system_error>

#include "runtime/codegen/code.hpp"
#include "runtime/codegen/translate.hpp"
#include "runtime/codegen/unit.hpp"
#include "runtime/os/fork.hpp"
#include "runtime/os/process.hpp"
#include "runtime/os/usage.hpp"

namespace instbench {
namespace {

namespace fs = std::filesystem;

// Bytes of wasm without data. GCC at -O2 takes a few seconds for this much, TinyCC a tenth of one.
constexpr uint64_t kLargestForCc = 96 << 10;

constexpr std::chrono::seconds kQuestion{20};  // for a compiler that only says its version

std::string first_line_with(const std::string& text, std::string_view word) {
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    if (line.find(word) != std::string::npos) return line;
    begin = end + 1;
  }
  return text.substr(0, text.find('\n'));
}

// What a tool prints, or nothing when it cannot be run.
std::optional<std::string> answer_of(const std::vector<std::string>& argv) {
  try {
    const os::ChildResult result = os::run_child(argv, "", kQuestion);
    if (result.exit_code != 0 || result.signal || result.timed_out) return std::nullopt;
    return result.out + result.err;
  } catch (const std::system_error&) {
    return std::nullopt;
  }
}

struct Tool {
  std::string id;       // "tcc 0.9.27"
  std::string why_not;  // when id is empty
};

Tool find_tcc() {
  const auto version = answer_of({"tcc", "-v"});
  if (!version) return {"", "TinyCC is not installed (apt-get install tcc)"};
  if (!answer_of({"ld", "--version"})) return {"", "ld is not installed (apt-get install binutils)"};
  return {version->substr(0, version->find(" (")).replace(0, std::string("tcc version").size(), "tcc"), ""};
}

Tool find_cc() {
  const auto version = answer_of({"cc", "-dumpfullversion"});
  if (!version) return {"", "no C compiler 'cc' is installed (apt-get install gcc)"};
  const auto about = answer_of({"cc", "--version"});
  if (about && about->find("Free Software Foundation") == std::string::npos)
    return {"", "'cc' is not GCC, whose flags generated code needs (apt-get install gcc)"};
  return {"cc " + version->substr(0, version->find('\n')) + " -O2", ""};
}

const Tool& tool(Compiler compiler) {
  if (compiler == Compiler::tcc) {
    static const Tool tcc = find_tcc();
    return tcc;
  }
  static const Tool cc = find_cc();
  return cc;
}

// Files that are gone when this is.
class Temporary {
 public:
  explicit Temporary(std::string path) : path_(std::move(path)) {}
  ~Temporary() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  Temporary(const Temporary&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string unique_suffix() {
  std::random_device random;
  return "." + std::to_string(random()) + std::to_string(random());
}

[[noreturn]] void refuse(const std::string& what, const os::ChildResult& result) {
  if (result.interrupted) throw CodegenError(what + " was interrupted");
  if (result.timed_out) throw CodegenError(what + " took too long and was stopped");
  if (result.signal) throw CodegenError(what + " was killed by signal " + std::to_string(*result.signal));
  const std::string reason = first_line_with(result.err, "error");
  throw CodegenError(what + " failed: " + (reason.empty() ? "exit code " + std::to_string(result.exit_code) : reason));
}

void run(const std::string& what, const std::vector<std::string>& argv, std::chrono::milliseconds timeout) {
  const os::ChildResult result = os::run_child(argv, "", timeout, {.helpers_die_too = true});
  if (result.exit_code != 0 || result.signal || result.timed_out || result.interrupted) refuse(what, result);
}

void translate(const Module& module, std::span<const std::byte> bytes, Bounds bounds, const std::string& options,
               const std::string& c_path, std::chrono::milliseconds timeout) {
  const os::ForkResult result = os::run_forked(
      [&] {
        std::ofstream file(c_path, std::ios::binary);
        const auto write = [&](std::string_view text) {
          if (!file.write(text.data(), static_cast<std::streamsize>(text.size())))
            throw CodegenError("cannot write " + c_path + " (is the disk full?)");
        };
        write_unit(module, bounds, options, write, [&] { translate_functions(module, bytes, write); });
        file.close();
        if (!file) throw CodegenError("cannot write " + c_path + " (is the disk full?)");
      },
      timeout);
  const bool ended_early = result.signal || result.timed_out || result.interrupted;
  if (!result.ok) throw CodegenError((ended_early ? "the translation to C was " : "") + result.message);
}

std::string libtcc1() {
  for (const char* path : {"/usr/lib/x86_64-linux-gnu/tcc/libtcc1.a", "/usr/lib/tcc/libtcc1.a",
                           "/usr/local/lib/tcc/libtcc1.a", "/usr/lib/aarch64-linux-gnu/tcc/libtcc1.a"}) {
    if (fs::exists(path)) return path;
  }
  throw CodegenError("TinyCC's libtcc1.a is not where its packages put it");
}

// Without -z noexecstack the loader would make the whole process's stack executable: TinyCC's objects do not say.
void compile_tcc(const std::string& c, const std::string& object, const std::string& so, CodegenTimes& times,
                 std::chrono::milliseconds timeout) {
  const uint64_t begin = os::now_ns();
  run("TinyCC", {"tcc", "-nostdinc", "-w", "-c", c, "-o", object}, timeout);
  const uint64_t compiled = os::now_ns();
  run("the linker",
      {"ld", "-shared", "-z", "noexecstack", "-z", "now", "-s", "-o", so, object, libtcc1(), "-lm", "-lc"}, timeout);
  times.compile_s = static_cast<double>(compiled - begin) * 1e-9;
  times.link_s = static_cast<double>(os::now_ns() - compiled) * 1e-9;
}

// Why each flag: tail calls would turn endless recursion into a loop; a store before a trapping access is not dead;
// NaNs and rounding are the specification's; frames larger than a page must touch each of their pages.
const std::vector<std::string>& cc_flags() {
  static const std::vector<std::string> flags = {"-std=gnu11",
                                                 "-O2",
                                                 "-w",
                                                 "-fPIC",
                                                 "-shared",
                                                 "-s",
                                                 "-nostdinc",
                                                 "-fvisibility=hidden",
                                                 "-fno-optimize-sibling-calls",
                                                 "-frounding-math",
                                                 "-fsignaling-nans",
                                                 "-fno-math-errno",
                                                 "-fno-tree-dse",
                                                 "-fno-dse",
                                                 "-fno-strict-aliasing",
                                                 "-fwrapv",
                                                 "-fno-delete-null-pointer-checks",
                                                 "-fstack-clash-protection",
                                                 "-fno-asynchronous-unwind-tables",
                                                 "-Wl,-z,now"};
  return flags;
}

void compile_cc(const std::string& c, const std::string& so, CodegenTimes& times, std::chrono::milliseconds timeout) {
  const uint64_t begin = os::now_ns();
  std::vector<std::string> argv = {"cc"};
  argv.insert(argv.end(), cc_flags().begin(), cc_flags().end());
  argv.insert(argv.end(), {"-o", so, c, "-lm"});
  run("cc", argv, timeout);
  times.compile_s = static_cast<double>(os::now_ns() - begin) * 1e-9;
}

}  // namespace

std::string_view name_of(Compiler compiler) {
  switch (compiler) {
    case Compiler::automatic:
      return "auto";
    case Compiler::tcc:
      return "tcc";
    case Compiler::cc:
      return "cc";
    case Compiler::none:
      return "none";
  }
  return "?";
}

std::string_view name_of(Bounds bounds) { return bounds == Bounds::guard ? "guard" : "checked"; }

Compiler parse_compiler(std::string_view text) {
  for (const Compiler compiler : {Compiler::automatic, Compiler::tcc, Compiler::cc, Compiler::none}) {
    if (text == name_of(compiler)) return compiler;
  }
  throw std::invalid_argument("codegen '" + std::string(text) + "' is not known: auto, tcc, cc, none");
}

Compiler choose_compiler(const Module& module, Compiler wanted) {
  if (wanted == Compiler::none) return wanted;
  if (!os::guest_code_supported().ok) throw CodegenError(os::guest_code_supported().why_not);
  if (wanted == Compiler::automatic) {
    const bool small =
        module.byte_size - std::min<uint64_t>(module.byte_size, module.data_bytes.size()) <= kLargestForCc;
    wanted = small ? Compiler::cc : Compiler::tcc;
    const Compiler other = small ? Compiler::tcc : Compiler::cc;
    if (tool(wanted).id.empty() && !tool(other).id.empty()) wanted = other;
  }
  if (tool(wanted).id.empty()) throw CodegenError(tool(wanted).why_not);
  return wanted;
}

std::string compiler_id(Compiler compiler) {
  if (compiler != Compiler::tcc && compiler != Compiler::cc) return std::string(name_of(compiler));
  return tool(compiler).id;
}

CodegenTimes compile_module(const Module& module, std::span<const std::byte> bytes, const CodegenOptions& options,
                            const std::string& path) {
  const Compiler compiler = choose_compiler(module, options.compiler);
  if (compiler == Compiler::none) throw CodegenError("codegen=none makes no code");
  const std::string suffix = unique_suffix();
  const Temporary c(path + suffix + ".c"), object(path + suffix + ".o"), so(path + suffix + ".so");
  CodegenTimes times;
  const uint64_t begin = os::now_ns();
  translate(module, bytes, options.bounds, compiler_id(compiler) + " " + std::string(name_of(options.bounds)), c.path(),
            options.timeout);
  times.translate_s = static_cast<double>(os::now_ns() - begin) * 1e-9;
  times.c_bytes = fs::file_size(c.path());
  if (compiler == Compiler::tcc)
    compile_tcc(c.path(), object.path(), so.path(), times, options.timeout);
  else
    compile_cc(c.path(), so.path(), times, options.timeout);
  times.object_bytes = fs::file_size(so.path());
  fs::rename(so.path(), path);
  return times;
}

std::shared_ptr<const Code> make_code(std::shared_ptr<const Module> module, std::span<const std::byte> bytes,
                                      const CodegenOptions& options) {
  const Temporary so((fs::temp_directory_path() / ("instbench" + unique_suffix() + ".so")).string());
  compile_module(*module, bytes, options, so.path());
  return Code::load(so.path(), std::move(module));
}

}  // namespace instbench
