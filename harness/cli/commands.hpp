// The verbs. Each add_…() describes its verb to CLI11 and, when the user chose it, leaves in `action`
// what is to be done; nothing runs while arguments are still being read.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace instbench::bench {

using Action = std::function<int()>;

void add_list(CLI::App& app, Action& action);
void add_inspect(CLI::App& app, Action& action);
void add_run(CLI::App& app, Action& action, const std::vector<std::string>& arguments);
void add_advise(CLI::App& app, Action& action, const std::vector<std::string>& arguments);
void add_call(CLI::App& app, Action& action);
void add_compare(CLI::App& app, Action& action, const std::vector<std::string>& arguments);
void add_gate(CLI::App& app, Action& action, const std::vector<std::string>& arguments);
void add_plot(CLI::App& app, Action& action);
void add_convert(CLI::App& app, Action& action);
void add_fetch(CLI::App& app, Action& action);
// `trial` measures an arm against itself, for a few seconds; without one, that is not measured.
void add_doctor(CLI::App& app, Action& action);
void add_profile(CLI::App& app, Action& action);
void add_worker(CLI::App& app, Action& action);
void add_shape(CLI::App& app, Action& action);
void add_wast(CLI::App& app, Action& action);
void add_fuzz(CLI::App& app, Action& action);

}  // namespace instbench::bench
