#include <exception>
#include <iostream>

#include "harness/cli/cli.hpp"

int main(int argc, char** argv) {
  using namespace instbench::bench;
  try {
    return run_cli({argv + 1, argv + argc});
  } catch (const UsageError& error) {
    std::cerr << "instbench: " << error.what() << "\n";
    return kExitUsage;
  } catch (const std::exception& error) {
    std::cerr << "instbench: " << error.what() << "\n";
    return kExitFailure;
  }
}
