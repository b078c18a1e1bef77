// Stage: one strategy made ready for one script: every module prepared, and one pool whose slots fit them all.
//
// There are as many slots as the script makes instances, so that no play is ever out of slots, and the second play
// finds every module on the slot that its affinity points to.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/wast/library.hpp"
#include "runtime/instance/strategy.hpp"
#include "runtime/pool/pool.hpp"

namespace instbench::bench {

// A module as the player meets it. `tenant` is null when it can never be instantiated here.
struct Part {
  const Module* module = nullptr;
  const Tenant* tenant = nullptr;
  std::string skip;     // why there is no tenant, though that is nobody's failure
  std::string failure;  // why there is no tenant, and that is wrong
  std::string no_code;  // why its functions cannot be called; empty: they can
};

class Stage {
 public:
  // Throws std::system_error when an image cannot be made, Unsupported when the kernel lacks what the strategy needs.
  Stage(const Script& script, Library& library, const Strategy& strategy);

  const Part& part(size_t command) const { return *parts_[command]; }  // REQUIRES: the command has a module to make
  const Part& spectest() const { return *spectest_; }
  Pool& pool() { return *pool_; }
  const Strategy& strategy() const { return strategy_; }
  Compiler compiler() const { return compiler_; }

 private:
  struct Kept {
    Part part;
    std::shared_ptr<const Prepared> prepared;
  };
  Kept prepare(const Library::Entry& entry, Library& library) const;
  const Part* add(const Library::Entry& entry, Library& library);

  Strategy strategy_;
  Compiler compiler_;
  std::map<const Library::Entry*, Kept> kept_;
  std::vector<const Part*> parts_;  // by command; null where it makes no instance
  const Part* spectest_ = nullptr;
  std::unique_ptr<Pool> pool_;
};

// Whether the command makes an instance, or tries to.
bool makes_instance(const ScriptCommand& command);

}  // namespace instbench::bench
