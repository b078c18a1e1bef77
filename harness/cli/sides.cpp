#include "harness/cli/sides.hpp"

#include <algorithm>
#include <iostream>

#include "harness/build/binary.hpp"
#include "harness/build/git_build.hpp"
#include "harness/build/git_tree.hpp"
#include "harness/cli/cli.hpp"
#include "harness/cli/engine_arms.hpp"
#include "harness/cli/home.hpp"
#include "harness/corpus/resolve.hpp"
#include "harness/protocol/text.hpp"
#include "harness/run/provenance.hpp"
#include "harness/run/sample.hpp"

namespace instbench::bench {
namespace {

// What a side without a strategy measures: a pool, overlays, lazy tables.
constexpr const char* kUsualStrategy = "pool-lazy";

// The worker of a build, and how the arm names it.
struct Build {
  std::vector<std::string> worker;
  std::string name;  // "git+abc1234", "old/instbench"; empty: this binary
};

Build build_of_revision(const std::string& rev, Builds builds) {
  if (builds == Builds::named) {
    const auto revision = find_revision(home(), rev);
    if (!revision) throw Interrupted();
    return {{}, "git+" + short_sha(*revision)};
  }
  const auto built = git_worker(home(), rev, default_cache_dir(), std::cerr);
  const auto binary = built ? check_binary(*built) : std::nullopt;
  if (!binary) throw Interrupted();
  return {{binary->path, "worker", "--json"}, "git+" + binary->facts.commit};
}

Build build_of(const ArmText& arm, Builds builds) {
  if (const auto* git = std::get_if<GitBuild>(&arm.build)) return build_of_revision(git->rev, builds);
  if (const auto* path = std::get_if<PathBuild>(&arm.build)) {
    const auto binary = check_binary(path->path);
    if (!binary) throw Interrupted();
    // An older one does not say so in its samples.
    const BinaryFacts& facts = binary->facts;
    if (facts.build_type == "Debug" || facts.assertions || !facts.sanitizers.empty())
      throw UsageError(path->path + " is a build with " +
                       (facts.build_type == "Debug" ? "debugging" : facts.assertions ? "assertions" : "sanitizers") +
                       ", which measures something else: name a release");
    return {{binary->path, "worker", "--json"}, without_folders(path->path)};
  }
  return {worker_command(), ""};
}

Arm live_arm(const ArmText& text, Builds builds) {
  if (text.engine != "core") return engine_arm(text);
  const std::string strategy = text.strategy.value_or(kUsualStrategy);
  Arm arm = arm_of(text.engine + ":" + strategy);
  const Build build = build_of(text, builds);
  arm.worker = build.worker;
  arm.build = build.name;
  arm.id = text.engine + (build.name.empty() ? "" : "@" + build.name) + ":" + strategy;
  return arm;
}

Arm named(const char* letter, Arm arm) {
  arm.id = std::string(letter) + " " + arm.id;
  return arm;
}

void set_arms(Selection& selection, const Arm& a, const Arm& b) {
  selection.arms = {named("A", a), named("B", b), named("A′", a)};
}

// `compare old.wasm new.wasm`: the same cases of both, each arm with its own module.
Sides two_modules(const Manifest& manifest, const SidesWanted& wanted, Builds builds) {
  if (wanted.wanted.names.size() != 2)
    throw UsageError("name the two sides: --a ARM --b ARM, or two modules, as in `compare old.wasm new.wasm`");
  if (wanted.wanted.call)
    throw UsageError("--call makes each module's own calls, which differ; use --invoke to make the same in both");
  if (wanted.wanted.arms.size() > 1) throw UsageError("two modules are compared under one --arm");
  Sides sides;
  Wanted all = wanted.wanted;
  all.filter.clear();  // it is about the cases as they are called here
  sides.selection = select_cases(manifest, all);
  Selection& selection = sides.selection;
  if (selection.named.size() != 2)
    throw UsageError("without --a and --b the two names must be modules, not suites: " + selection.label);
  const std::string old_name = selection.named[0], new_name = selection.named[1];
  std::erase_if(selection.cases, [&](const Case& c) { return c.module != old_name; });
  for (Case& c : selection.cases) c.module = old_name + "→" + new_name;
  keep_matching(selection.cases, wanted.wanted.filter);
  Arm a = live_arm(parse_arm(wanted.wanted.arms.empty() ? "core" : wanted.wanted.arms.front()), builds), b = a;
  a.module = old_name;
  b.module = new_name;
  a.id += " " + old_name;
  b.id += " " + new_name;
  set_arms(selection, a, b);
  return sides;
}

}  // namespace

Sides select_sides(const Manifest& manifest, const SidesWanted& wanted, Builds builds) {
  if (wanted.a.empty() && wanted.b.empty()) return two_modules(manifest, wanted, builds);
  if (wanted.a.empty() || wanted.b.empty()) throw UsageError("a comparison has two sides: give --a and --b");
  if (!wanted.wanted.arms.empty()) throw UsageError("--arm is for two modules; --a and --b name their strategies");
  const auto a = parse_side(wanted.a), b = parse_side(wanted.b);
  Sides sides;
  if (const auto* saved = std::get_if<SavedResult>(&a)) sides.saved_a = *saved;
  if (const auto* saved = std::get_if<SavedResult>(&b)) sides.saved_b = *saved;
  if (sides.saved_a && sides.saved_b) return sides;
  sides.selection = select_cases(manifest, wanted.wanted);
  if (sides.saved_a) {
    sides.selection.arms = {named("B", live_arm(std::get<ArmText>(b), builds))};
  } else if (sides.saved_b) {
    sides.selection.arms = {named("A", live_arm(std::get<ArmText>(a), builds))};
  } else {
    set_arms(sides.selection, live_arm(std::get<ArmText>(a), builds), live_arm(std::get<ArmText>(b), builds));
  }
  return sides;
}

}  // namespace instbench::bench
