#include "harness/report/engine_notes.hpp"

#include <gtest/gtest.h>

namespace instbench::bench {
namespace {

Json arm(const char* id, const std::vector<std::string>& notes) { return {{"id", id}, {"facts", {{"notes", notes}}}}; }

TEST(EngineNotes, ANoteOfAllArmsIsTheEnginesOwn) {
  const Json result = {{"arms", {{{"id", "core:best"}}, arm("x:a", {"all", "some"}), arm("x:b", {"all"}), arm("x:c", {"all", "some"}), arm("y", {"all"})}}};
  EXPECT_EQ(engine_notes_text(result), "x, y: all\nx:a, x:c: some\n");
}

TEST(EngineNotes, AreNoneWhereNobodySaysAnything) { EXPECT_EQ(engine_notes_text({{"arms", {{{"id", "core:best"}}}}}), ""); }

}  // namespace
}  // namespace instbench::bench
