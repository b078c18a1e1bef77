#include "harness/report/settings_text.hpp"

#include <gtest/gtest.h>

#include "harness/protocol/text.hpp"
#include "harness/report/format.hpp"
#include "harness/report/terminal.hpp"

namespace instbench::bench {
namespace {

Json settings() {
  return {{"presets",
           Json::array({{{"name", "plain"}, {"stands_for", "as it comes"}, {"sets", ""}},
                        {{"name", "kept"}, {"stands_for", "pages stay"}, {"sets", "keep=16MiB"}}})},
          {"axes", Json::array({{{"name", "keep"}, {"takes", "a size"}, {"usual", "0B"}, {"meaning", "x what stays, " + std::string(200, 'y')}}})}};
}

TEST(SettingsText, NamesPresetsAndAxesWithTheirValuesInLinesThatFit) {
  const std::string text = settings_text("mine@./w.py", settings());
  for (const char* part : {"--arm mine@./w.py:PRESET", "as it comes: the usual values", "pages stay: keep=16MiB", "keep=0B", "a size: x"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  for (const std::string& line : split(text, '\n')) EXPECT_LE(columns_of(line), kTerminalColumns) << line;
}

TEST(SettingsText, OnlyWholeSettingsAreTaken) {
  EXPECT_TRUE(is_settings(settings()));
  EXPECT_FALSE(is_settings(nullptr));
  EXPECT_FALSE(is_settings({{"presets", Json::array()}}));
  Json broken = settings();
  broken["axes"][0].erase("usual");
  EXPECT_FALSE(is_settings(broken));
}

}  // namespace
}  // namespace instbench::bench
