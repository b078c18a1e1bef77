// CallHost: what the imports of a called module get, as the call script says.
//
// One per cell, shared by all its instances, which are called one after another. reset() brings it back to its
// start before each instance. Answers run on the guest's stack: they check every address and throw nothing.
#pragma once

#include <deque>
#include <optional>

#include "harness/protocol/call_script.hpp"
#include "runtime/instance/host.hpp"
#include "runtime/wasi/world.hpp"

namespace instbench::bench {

class CallHost final : public HostImports {
 public:
  // fixed: clocks stand still, so that what a program does with them is the same in every process.
  explicit CallHost(const CallScript& script, wasi::Clock clock = wasi::Clock::real);

  std::optional<HostDefinition> find(const std::string& module, const std::string& name,
                                     const FuncType& type) const override;
  void reset() noexcept;
  // What the instance wrote since reset(): 1 is standard output, 2 standard error.
  const std::string& written(uint32_t fd) const { return fd == 2 ? world_.stderr_text() : world_.stdout_text(); }

  // One imported function's answer.
  struct Import {
    const CallHost* host = nullptr;
    FuncType type;
    std::vector<uint64_t> constants;  // bits, by result
  };
  // Set by longjmp, taken by the invoke that it unwinds to.
  mutable bool jumping = false;

 private:
  ImportAnswers answers_;
  wasi::World world_;
  mutable std::deque<Import> imports_;  // addresses are given away
};

}  // namespace instbench::bench
