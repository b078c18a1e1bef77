#include <exception>
#include <iostream>

#include "harness/cli/cli.hpp"
#include "runtime/os/process.hpp"

int main(int argc, char** argv) {
  using namespace instbench::bench;
  try {
    instbench::os::learn_how_children_end();
    return run_cli({argv + 1, argv + argc});
  } catch (const UsageError& error) {
    std::cerr << "instbench: " << error.what() << "\n";
    return kExitUsage;
  } catch (const std::exception& error) {
    std::cerr << "instbench: " << error.what() << "\n";
    return kExitFailure;
  }
}
