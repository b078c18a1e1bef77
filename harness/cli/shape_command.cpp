// instbench shape extract|build: a module's facts as text, and a module from such a text.
#include <iostream>
#include <memory>

#include "harness/cli/cli.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/out_path.hpp"
#include "harness/corpus/shape.hpp"
#include "runtime/module/load.hpp"
#include "runtime/os/file.hpp"
#include "runtime/os/process.hpp"

namespace instbench::bench {
namespace {

struct ShapeOptions {
  std::string input, out;
};

int write_out(const std::string& out, std::string_view bytes) {
  if (!out.empty()) {
    check_replaceable(out);
    os::write_atomically(out, bytes);
    return kExitOk;
  }
  std::cout << bytes << std::flush;
  if (!std::cout) throw std::runtime_error("cannot write to standard output");
  return kExitOk;
}

int extract(const ShapeOptions& options) {
  return write_out(options.out, extract_shape(*load_file(options.input, Bodies::validate)));
}

int build(const ShapeOptions& options) {
  if (options.out.empty() && os::is_terminal(os::Stream::out)) {
    throw UsageError("shape build makes a binary: name a file with -o, or redirect standard output");
  }
  const std::vector<std::byte> bytes = build_shape(os::read_text(options.input), options.input);
  std::string text;
  for (const std::byte b : bytes) text += static_cast<char>(b);
  return write_out(options.out, text);
}

}  // namespace

void add_shape(CLI::App& app, Action& action) {
  CLI::App* verb = app.add_subcommand("shape", "Turn a module into its shape (facts only, to share) and back");
  verb->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, const char* input, int (*run)(const ShapeOptions&)) {
    auto options = std::make_shared<ShapeOptions>();
    CLI::App* part = verb->add_subcommand(name, what);
    part->add_option(input, options->input, "Input file")->required();
    part->add_option("-o,--out", options->out, "Output file; default: standard output");
    part->callback([options, run, &action] { action = [options, run] { return run(*options); }; });
  };
  add("extract", "Write the shape of a module; segment layout can still fingerprint a program", "MODULE", extract);
  add("build", "Make a module that instantiates like the one the shape came from", "SHAPE", build);
}

}  // namespace instbench::bench
