#include "harness/engines/library/axes.hpp"

#include <gtest/gtest.h>

#include "harness/worker/cell.hpp"

namespace instbench::bench {
namespace {

AxisGrammar grammar() {
  return {"engine",
          {{"cow", Axis::Kind::word, {"on", "off"}, "on"},
           {"keep", Axis::Kind::size, {}, "0B"},
           {"batch", Axis::Kind::count, {}, "1"}},
          {{"plain", {}}, {"keeping", {{"keep", "16MiB"}}}}};
}

std::string refusal(const std::string& text) {
  try {
    grammar().parse(text);
  } catch (const Refused& error) {
    return error.what();
  }
  return "";
}

TEST(Axes, CanonicalTextSpellsOutEveryAxisAndParsesToItself) {
  const AxisGrammar g = grammar();
  EXPECT_EQ(g.canonical(g.parse("")), "cow=on,keep=0B,batch=1");
  EXPECT_EQ(g.canonical(g.parse("keeping,cow=off")), "cow=off,keep=16MiB,batch=1");
  EXPECT_EQ(g.canonical(g.parse("keep=1048576")), "cow=on,keep=1MiB,batch=1");
  for (const char* text : {"", "keeping", "batch=7,keep=3KiB"}) {
    const std::string canonical = g.canonical(g.parse(text));
    EXPECT_EQ(g.canonical(g.parse(canonical)), canonical);
  }
}

TEST(Axes, ValuesAreReadAsTheirKind) {
  const AxisValues values = grammar().parse("keeping,batch=12");
  EXPECT_EQ(values.number("keep"), uint64_t{16} << 20);
  EXPECT_EQ(values.number("batch"), 12U);
  EXPECT_TRUE(values.is_on("cow"));
  EXPECT_TRUE(values.was_given("batch"));
  EXPECT_FALSE(values.was_given("cow"));
}

TEST(Axes, WhatIsWrongIsSaidWithWhatIsAccepted) {
  EXPECT_EQ(refusal("plan"),
            "engine: unknown preset 'plan' (did you mean 'plain'?); available: plain, keeping; axes: cow keep batch");
  EXPECT_EQ(refusal("cow=maybe"), "engine: axis 'cow' takes on or off, not 'maybe'");
  EXPECT_EQ(refusal("keep=lots"), "engine: axis 'keep' takes a size such as 64KiB, 2MiB or 4GiB, not 'lots'");
  EXPECT_EQ(refusal("batch=-1"), "engine: axis 'batch' takes a whole number, not '-1'");
  EXPECT_EQ(refusal("cow=on,keeping"), "engine: a preset stands first, as in 'keeping,axis=value'");
  EXPECT_TRUE(refusal("cows=on").starts_with("engine: unknown axis 'cows' (did you mean 'cow'?)"));
  EXPECT_EQ(refusal("keep=99999999999GiB"),
            "engine: axis 'keep' takes a size such as 64KiB, 2MiB or 4GiB, not '99999999999GiB'");
}

TEST(Axes, SettingsNameEveryPresetAndAxisWithItsUsualValue) {
  const Json settings = grammar().settings();
  EXPECT_EQ(settings.at("presets").size(), 2U);
  EXPECT_EQ(settings.at("presets").at(1).at("sets"), "keep=16MiB");
  EXPECT_EQ(settings.at("axes").size(), 3U);
  EXPECT_EQ(settings.at("axes").at(0).at("takes"), "on|off");
  EXPECT_EQ(settings.at("axes").at(1).at("usual"), "0B");
}

}  // namespace
}  // namespace instbench::bench
