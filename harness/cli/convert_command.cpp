// instbench convert: a result in a format that other tools read.
#include <iostream>
#include <memory>

#include "harness/cli/cli.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/out_path.hpp"
#include "harness/protocol/text.hpp"
#include "harness/report/convert.hpp"
#include "harness/run/sample.hpp"
#include "runtime/os/file.hpp"

namespace instbench::bench {
namespace {

struct ConvertOptions {
  std::string file, to, out;
};

// parse_result() looks at the outline only; what is wrong deeper in a damaged file shows here.
std::string converted(const Json& result, const ConvertOptions& options) {
  try {
    return options.to == "csv" ? csv_text(result) : gbench_json(result).dump(2) + "\n";
  } catch (const Json::exception& error) {
    throw ResultError(options.file + ": not a whole result of instbench run: " + reason_of(error));
  }
}

int convert(const ConvertOptions& options) {
  const std::vector<std::string> formats{"gbench", "csv"};
  if (!options.out.empty()) check_replaceable(options.out);
  if (options.to != "gbench" && options.to != "csv") throw UsageError(unknown_name("format", options.to, formats));
  const Json result = parse_result(os::read_text(options.file), options.file);
  const std::string text = converted(result, options);
  if (options.out.empty()) {
    std::cout << text << std::flush;
    if (!std::cout) throw std::runtime_error("cannot write to standard output");
  } else {
    os::write_atomically(options.out, text);
  }
  size_t left_out = 0;
  for (const Json& cell : result.at("cells")) left_out += cell.at("status") == "ok" ? 0 : 1;
  if (options.to == "gbench" && left_out > 0) {
    std::cerr << "note: " << left_out << " of " << result.at("cells").size()
              << " cells were skipped or failed; Google Benchmark's format has no place for them\n";
  }
  return kExitOk;
}

}  // namespace

void add_convert(CLI::App& app, Action& action) {
  auto options = std::make_shared<ConvertOptions>();
  CLI::App* verb = app.add_subcommand("convert", "Write a result in another format");
  verb->add_option("FILE", options->file, "Result of instbench run")->required();
  verb->add_option("--to", options->to, "gbench (for Google Benchmark's compare.py) or csv")->required();
  verb->add_option("-o,--out", options->out, "Output file; default: standard output");
  verb->callback([options, &action] { action = [options] { return convert(*options); }; });
}

}  // namespace instbench::bench
