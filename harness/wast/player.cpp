#include "harness/wast/player.hpp"

#include <algorithm>

#include "harness/wast/compare.hpp"
#include "harness/wast/spectest.hpp"

namespace instbench::bench {
namespace {

using Kind = ScriptCommand::Kind;

bool names_instance(const ScriptCommand& command) {
  return command.kind == Kind::action || command.kind == Kind::assert_return || command.kind == Kind::assert_trap ||
         command.kind == Kind::assert_exhaustion || command.kind == Kind::assert_exception;
}

std::vector<size_t> last_uses(const Script& script) {
  std::vector<size_t> last(script.commands.size());
  for (size_t i = 0; i < script.commands.size(); ++i) {
    const ScriptCommand& command = script.commands[i];
    last[i] = i;
    if (command.kind == Kind::register_as) last[command.registered] = i;
    if (names_instance(command)) last[command.action.target] = i;
  }
  return last;
}

std::string wrong_slot(const Path& path, const Strategy& strategy) {
  const bool affine = strategy.affinity == Switch::on;
  const bool right = path.slot == SlotPath::hit || (!affine && path.slot == SlotPath::evicted);
  return right ? std::string() : std::string("not on ") + (affine ? "its old" : "a used") + " slot: " + to_string(path);
}

}  // namespace

Player::Player(const Script& script, Stage& stage, Slots slots)
    : script_(script), stage_(stage), slots_(slots), last_use_(last_uses(script)) {}

Player::~Player() {
  for (auto& [command, made] : made_) {
    if (made.lease) make_mess(made.lease->instance());
  }
  for (auto& [name, made] : registered_) {
    if (made.lease) make_mess(made.lease->instance());
  }
}

Outcome Player::play(size_t command) {
  wrong_slot_.clear();
  Outcome outcome;
  try {
    outcome = play_checked(command);
  } catch (const std::exception& error) {
    outcome = Outcome::failure(error.what());
  }
  drop_unneeded(command);
  if (outcome.kind == Outcome::Kind::skipped) missed_ = outcome.text;
  if (outcome.kind == Outcome::Kind::failed && !missed_.empty() && depends_on_others(command))
    return Outcome::skip("depends on what was skipped: " + missed_);
  if (outcome.kind == Outcome::Kind::passed && !wrong_slot_.empty()) return Outcome::failure(wrong_slot_);
  return outcome;
}

bool Player::depends_on_others(size_t index) const {
  const ScriptCommand& command = script_.commands[index];
  if (command.kind == Kind::assert_malformed || command.kind == Kind::assert_invalid) return false;
  return !makes_instance(command) ||
         (stage_.part(index).module != nullptr && !stage_.part(index).module->imports.empty());
}

Outcome Player::play_checked(size_t index) {
  const ScriptCommand& command = script_.commands[index];
  switch (command.kind) {
    case Kind::module:
      return make(index);
    case Kind::register_as:
      return register_as(command);
    case Kind::assert_malformed:
    case Kind::assert_invalid:
      return refused(command);
    case Kind::assert_unlinkable:
      return unlinkable(index);
    case Kind::assert_uninstantiable:
      return uninstantiable(index);
    case Kind::action:
    case Kind::assert_return:
    case Kind::assert_trap:
    case Kind::assert_exhaustion:
      return act(command);
    case Kind::assert_exception:
      return Outcome::skip("exceptions are newer than WebAssembly 2.0");
  }
  return Outcome::failure("an unknown kind of command");
}

Outcome Player::make(size_t index) {
  Made& made = made_[index];
  made.part = &stage_.part(index);
  try {
    if (playable(*made.part, made.outcome)) made.lease = instantiate(*made.part);
  } catch (const std::exception& error) {
    made.outcome = Outcome::failure(error.what());
  }
  return made.outcome;
}

Outcome Player::register_as(const ScriptCommand& command) {
  const Made& made = made_.at(command.registered);
  registered_[command.as] = made;
  if (made.outcome.kind == Outcome::Kind::failed)
    return Outcome::failure("the module to register could not be made: " + made.outcome.text);
  return made.outcome;
}

Outcome Player::refused(const ScriptCommand& command) const {
  if (command.text_error || refusal(command.module)) return {};
  const char* what = command.kind == Kind::assert_malformed ? "malformed" : "invalid";
  return Outcome::failure(std::string("expected to be refused as ") + what + " (" + command.message +
                          "), but it was accepted");
}

Outcome Player::unlinkable(size_t index) {
  const ScriptCommand& command = script_.commands[index];
  const std::string expected = "expected no link (" + command.message + "), but ";
  Outcome why;
  try {
    if (!playable(stage_.part(index), why)) return why;
    instantiate(stage_.part(index));
  } catch (const LinkError& error) {
    return same_message(error.what(), command.message) ? Outcome() : Outcome::failure(expected + "got " + error.what());
  } catch (const InstantiationError& error) {
    return Outcome::failure(expected + "it linked, and then " + error.what());
  }
  return Outcome::failure(expected + "it was instantiated");
}

Outcome Player::uninstantiable(size_t index) {
  const ScriptCommand& command = script_.commands[index];
  const std::string expected = "expected instantiation to trap (" + command.message + "), but ";
  Outcome why;
  try {
    if (!playable(stage_.part(index), why)) return why;
    instantiate(stage_.part(index));
  } catch (const InstantiationError& error) {
    return same_message(message_of(error.trap), command.message) ? Outcome()
                                                                 : Outcome::failure(expected + "got " + error.what());
  } catch (const LinkError& error) {
    return Outcome::failure(expected + "it did not link: " + error.what());
  }
  return Outcome::failure(expected + "it was instantiated");
}

bool Player::playable(const Part& part, Outcome& why) {
  if (!part.failure.empty()) why = Outcome::failure(part.failure);
  if (!part.skip.empty()) why = Outcome::skip(part.skip);
  if (part.tenant == nullptr) return false;
  for (const Import& import : part.module->imports) {
    const Made* from = provider(import.module);
    if (from == nullptr || from->outcome.kind == Outcome::Kind::failed) continue;  // links_for() says what is missing
    // What has no code is linked to nothing that could call it.
    const bool no_code = !from->part->no_code.empty() && (part.no_code.empty() || import.kind == ExternKind::function);
    if (from->outcome.kind == Outcome::Kind::skipped || no_code) {
      why = Outcome::skip(no_code ? from->part->no_code : from->outcome.text);
      return false;
    }
  }
  return true;
}

const Player::Made* Player::provider(const std::string& name) {
  const auto found = registered_.find(name);
  if (found != registered_.end()) return &found->second;
  if (name != kSpectestName) return nullptr;
  Made& made = registered_[name];
  made.part = &stage_.spectest();
  if (playable(*made.part, made.outcome)) made.lease = instantiate(*made.part);
  return &made;
}

Links Player::links_for(const Module& module) {
  Links links;
  for (const Import& import : module.imports) {
    const Made* from = provider(import.module);
    std::optional<Extern> found;
    if (from != nullptr && from->lease) found = find_export(from->lease->instance(), import.name);
    if (!found) throw LinkError("unknown import \"" + import.module + "\" \"" + import.name + "\"");
    links.push_back(std::move(found));
  }
  return links;
}

std::shared_ptr<Lease> Player::instantiate(const Part& part) {
  const Links links = links_for(*part.module);
  auto lease = std::make_shared<Lease>(stage_.pool(), *part.tenant, links);
  ++instances_;
  note_slot(lease->path());
  return lease;
}

void Player::note_slot(const Path& path) {
  if (path.slot == SlotPath::hit || path.slot == SlotPath::evicted) ++reused_;
  if (slots_ == Slots::used_before && wrong_slot_.empty()) wrong_slot_ = wrong_slot(path, stage_.strategy());
}

void Player::drop_unneeded(size_t command) {
  for (auto made = made_.begin(); made != made_.end();) {
    if (last_use_[made->first] > command) {
      ++made;
      continue;
    }
    Made& done = made->second;
    const bool registered = std::any_of(registered_.begin(), registered_.end(),
                                        [&](const auto& other) { return other.second.lease == done.lease; });
    if (done.lease && !registered && done.part->module->imports.empty()) make_mess(done.lease->instance());
    made = made_.erase(made);
  }
}

}  // namespace instbench::bench
