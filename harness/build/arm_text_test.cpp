#include "harness/build/arm_text.hpp"

#include <gtest/gtest.h>

namespace instbench::bench {
namespace {

std::string refusal(const std::string& text) {
  try {
    parse_side(text);
  } catch (const ArmError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ArmText, EngineBuildAndStrategy) {
  const auto arm = [](const std::string& text, const auto& build, std::optional<std::string> strategy) {
    EXPECT_EQ(parse_arm(text), (ArmText{text, "core", build, std::move(strategy)})) << text;
  };
  arm("core", ThisBuild{}, std::nullopt);
  arm("core:pool-lazy", ThisBuild{}, "pool-lazy");
  arm("core:pool,reset=remap", ThisBuild{}, "pool,reset=remap");
  arm("core@git+HEAD~3", GitBuild{"HEAD~3"}, std::nullopt);
  arm("core@git+HEAD@{1}:pool", GitBuild{"HEAD@{1}"}, "pool");
  arm("core@git+origin/main:pool", GitBuild{"origin/main"}, "pool");
  arm("core@build-old", PathBuild{"build-old"}, std::nullopt);
  arm("core@../x/instbench:pool-lazy", PathBuild{"../x/instbench"}, "pool-lazy");
  arm("core@/a:b/instbench", PathBuild{"/a:b/instbench"}, std::nullopt);
  arm("core@/a:b/instbench:pool", PathBuild{"/a:b/instbench"}, "pool");
  arm("core@/me@home/instbench", PathBuild{"/me@home/instbench"}, std::nullopt);
}

TEST(ArmText, AnErrorSaysWhatIsAccepted) {
  for (const auto& [text, why] : std::initializer_list<std::pair<const char*, const char*>>{
           {"", "no engine"},
           {":pool", "no engine"},
           {"@build:pool", "no engine"},
           {"core:", "no strategy after ':'"},
           {"core@:pool", "no build after '@'"},
           {"core@git+:pool", "no revision after 'git+'"},
           {"core:pool/x", "'core:pool/x' is no engine's name"},
           {"../build/instbench:pool", "'../build/instbench' is no engine's name"}}) {
    EXPECT_NE(refusal(text).find(why), std::string::npos) << text << ": " << refusal(text);
    EXPECT_NE(refusal(text).find("ENGINE[@BUILD][:STRATEGY]"), std::string::npos) << text;
  }
}

TEST(ArmText, ASavedResult) {
  const auto saved = [](const std::string& text, const std::string& file, std::optional<std::string> arm) {
    EXPECT_EQ(std::get<SavedResult>(parse_side(text)), (SavedResult{file, std::move(arm)})) << text;
  };
  saved("old.json", "old.json", std::nullopt);
  saved("results/a#b.json", "results/a#b.json", std::nullopt);
  saved("old.json#core:pool", "old.json", "core:pool");
  saved("a.json#B core@../x/instbench:pool", "a.json", "B core@../x/instbench:pool");
  EXPECT_TRUE(std::holds_alternative<ArmText>(parse_side("core@x.json/instbench:pool")));
  EXPECT_NE(refusal("old.json#").find("no arm after '#'"), std::string::npos);
}

}  // namespace
}  // namespace instbench::bench
