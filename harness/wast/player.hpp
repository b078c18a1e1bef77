// Player: plays the commands of a script once, in order, on a stage.
//
// Instances live as the script needs them: until the last command that names them, longer when registered or linked.
// Before an instance goes, everything of it that a guest could have written is written, so that the next tenant of
// its slot finds a mess. Imports are always other instances' exports, those of `spectest` included.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/wast/outcome.hpp"
#include "harness/wast/stage.hpp"
#include "runtime/instance/link.hpp"

namespace instbench::bench {

// What a play demands of the slots that instances get.
enum class Slots : uint8_t { any, used_before };

class Player {
 public:
  Player(const Script& script, Stage& stage, Slots slots);
  ~Player();
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  // Never throws: what goes wrong is a failed command. REQUIRES: commands are played in order, each once.
  Outcome play(size_t command);

  uint64_t instances() const { return instances_; }
  uint64_t reused() const { return reused_; }

 private:
  // What a module command left behind: an instance, or why there is none.
  struct Made {
    std::shared_ptr<Lease> lease;
    const Part* part = nullptr;
    Outcome outcome;
  };
  struct Result;

  Outcome play_checked(size_t command);
  Outcome make(size_t command);
  Outcome register_as(const ScriptCommand& command);
  Outcome refused(const ScriptCommand& command) const;
  Outcome unlinkable(size_t command);
  Outcome uninstantiable(size_t command);
  Outcome act(const ScriptCommand& command);

  // Nothing: the part cannot be instantiated here, `why` says so.
  bool playable(const Part& part, Outcome& why);
  Links links_for(const Module& module);
  const Made* provider(const std::string& name);
  std::shared_ptr<Lease> instantiate(const Part& part);
  void note_slot(const Path& path);
  Result perform(const ScriptAction& action);
  void drop_unneeded(size_t command);
  // Whether its outcome can follow from what other commands did.
  bool depends_on_others(size_t command) const;

  const Script& script_;
  Stage& stage_;
  Slots slots_;
  std::vector<size_t> last_use_;  // by module command: the last command that names its instance
  std::map<size_t, Made> made_;   // by module command
  std::map<std::string, Made> registered_;
  uint64_t instances_ = 0, reused_ = 0;
  std::string wrong_slot_;  // of the command being played
  std::string missed_;      // why the last command that was skipped was; from then on state may not be what it should
};

// Writes what a guest could write: own memory, tables, globals, drop flags. Objects of other instances are left alone.
void make_mess(Instance instance);

}  // namespace instbench::bench
