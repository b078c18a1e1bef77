// instbench convert: a result in a format that other tools read.
#include <iostream>
#include <memory>

#include "harness/cli/cli.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/out_path.hpp"
#include "harness/protocol/text.hpp"
#include "harness/report/convert.hpp"
#include "harness/report/junit.hpp"
#include "harness/report/markdown.hpp"
#include "harness/report/verdicts.hpp"
#include "harness/run/sample.hpp"
#include "runtime/os/file.hpp"

namespace instbench::bench {
namespace {

struct ConvertOptions {
  std::string file, to, out;
};

struct Format {
  const char *name, *reader;
  std::string (*text)(const Json& result);
  bool only_measured;  // it has no place for a cell that was skipped or failed
};

const Format kFormats[] = {
    {"gbench", "Google Benchmark's compare.py", [](const Json& r) { return gbench_json(r).dump(2) + "\n"; }, true},
    {"gobench", "benchstat", [](const Json& r) { return gobench_text(r); }, true},
    {"bmf", "Bencher", [](const Json& r) { return bmf_json(r).dump(2) + "\n"; }, true},
    {"csv", "spreadsheets", [](const Json& r) { return csv_text(r); }, false},
    {"markdown", "a comparison as a comment", [](const Json& r) { return comparison_markdown(r); }, false},
    {"junit", "a comparison for test views", [](const Json& r) { return comparison_junit(r); }, false},
    {"verdicts", "a comparison for programs", [](const Json& r) { return verdicts_json(r).dump(2) + "\n"; }, false}};

const Format& format_named(const std::string& name) {
  std::vector<std::string> names;
  for (const Format& format : kFormats) {
    if (name == format.name) return format;
    names.push_back(format.name);
  }
  throw UsageError(unknown_name("format", name, names));
}

// parse_result() looks at the outline only; what is wrong deeper in a damaged file shows here.
std::string converted(const Json& result, const Format& format, const std::string& file) {
  try {
    return format.text(result);
  } catch (const ResultError& error) {
    throw ResultError(file + ": " + error.what());
  } catch (const Json::exception& error) {
    throw ResultError(file + ": not a whole result of instbench: " + reason_of(error));
  }
}

int convert(const ConvertOptions& options) {
  if (!options.out.empty()) check_replaceable(options.out);
  const Format& format = format_named(options.to);
  const Json result = parse_result(os::read_text(options.file), options.file);
  const std::string text = converted(result, format, options.file);
  if (options.out.empty()) {
    std::cout << text << std::flush;
    if (!std::cout) throw std::runtime_error("cannot write to standard output");
  } else {
    os::write_atomically(options.out, text);
  }
  size_t left_out = 0;
  for (const Json& cell : result.at("cells")) left_out += cell.at("status") == "ok" ? 0 : 1;
  if (format.only_measured && left_out > 0) {
    std::cerr << "note: " << left_out << " of " << result.at("cells").size()
              << " cells were skipped or failed; the format has no place for them\n";
  }
  return kExitOk;
}

}  // namespace

void add_convert(CLI::App& app, Action& action) {
  auto options = std::make_shared<ConvertOptions>();
  CLI::App* verb = app.add_subcommand("convert", "Write a result in another format");
  std::string formats;
  for (const Format& format : kFormats) {
    formats += std::string(formats.empty() ? "" : ", ") + format.name + " (" + format.reader + ")";
  }
  verb->add_option("FILE", options->file, "Result of instbench run or compare")->required();
  verb->add_option("--to", options->to, formats)->required();
  verb->add_option("-o,--out", options->out, "Output file; default: standard output");
  verb->callback([options, &action] { action = [options] { return convert(*options); }; });
}

}  // namespace instbench::bench
