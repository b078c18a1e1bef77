#include "harness/cli/program_options.hpp"

namespace instbench::bench {

void add_program_options(CLI::App& verb, Wanted& wanted) {
  verb.add_option("--invoke", wanted.invoked,
                  "A call to make instead, with its answer: 'fib(20)=6765'; repeatable, made in order; 'f({1,8,64})' is a\n"
                  "case for each value")
      ->allow_extra_args(false);
  verb.add_option("--preinit", wanted.preinit,
                  "Exports to run once, in order; instances start from the state they leave (A,B or repeated)")
      ->delimiter(',')
      ->allow_extra_args(false);
  verb.add_option("--stdin", wanted.stdin_file, "File that a called program reads as its standard input");
  verb.add_option("--dir", wanted.dir, "Folder that a called program may read and write beneath, as its /");
  verb.add_option("--arg", wanted.args, "An argument of a called program, its name first; repeatable")
      ->allow_extra_args(false);
  verb.add_option("--env", wanted.env, "A variable of a called program: NAME=VALUE; repeatable")
      ->allow_extra_args(false);
}

// strtoull(3), which reads the number, takes "-1" for the largest one.
void add_seed(CLI::App& verb, uint64_t& seed, const std::string& description) {
  verb.add_option("--seed", seed, description)->capture_default_str()->check([](const std::string& text) {
    return text.starts_with('-') ? "is not negative, so not " + text : std::string();
  });
}

// "--out= --quiet" would name a file "--quiet".
void add_out(CLI::App& verb, std::string& out, const std::string& description) {
  verb.add_option("--out", out, description)->check([](const std::string& name) -> std::string {
    if (name.empty()) return "names a file, and is empty";
    return name.starts_with('-') ? "names a file, not an option: ./" + name + " if one is meant" : "";
  });
}

}  // namespace instbench::bench
