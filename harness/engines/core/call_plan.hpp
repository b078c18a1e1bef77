// CallPlan: a call script made ready for one module, so that running it allocates nothing.
//
// Names are resolved to indices, literals to the bits of the parameter they are for, bytes laid out. run() is part of
// the timed work: it stops at the first answer that is wrong.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/engines/core/call_host.hpp"
#include "harness/protocol/call_script.hpp"
#include "runtime/instance/instance.hpp"

namespace instbench::bench {

// An answer that was not the expected one, or a trap: the cell fails.
struct WrongAnswer : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class CallPlan {
 public:
  // Throws DoesNotFit: an export that is not there, arguments that do not fit its type. `host` must outlive the plan.
  CallPlan(const CallScript& script, const Module& module, const CallHost& host);
  ~CallPlan();

  // Does all steps. Throws WrongAnswer naming the step, what was expected and what came.
  void run(const Instance& instance);
  // Of the last call of the last run: "6765 (i32)".
  std::vector<std::string> last_results() const;

 private:
  struct Step;
  class Compiler;
  void fail(const Step& step, const std::string& why) const;
  void call(const Step& step, const Instance& instance);
  void step(const Step& step, const Instance& instance);

  const CallHost& host_;
  std::vector<Step> steps_;
  std::vector<uint64_t> variables_;  // bits
  std::vector<Value> values_;        // of the call in progress
};

}  // namespace instbench::bench
