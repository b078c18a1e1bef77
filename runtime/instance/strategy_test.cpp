#include "runtime/instance/strategy.hpp"

#include <gtest/gtest.h>

namespace instbench {
namespace {

std::string refusal(const std::string& text) {
  try {
    parse_strategy(text);
  } catch (const StrategyError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Strategy, EveryPresetIsItsCanonicalAxes) {
  for (const Preset& preset : presets()) {
    EXPECT_EQ(parse_strategy(preset.name), preset.strategy) << preset.name;
    EXPECT_EQ(parse_strategy(canonical(preset.strategy)), preset.strategy) << preset.name;
  }
}

TEST(Strategy, PoolLazyIsFebruary2022) {
  EXPECT_EQ(canonical(parse_strategy("pool-lazy")),
            "alloc=pool,affinity=on,memory=overlay,backing=memfd,tables=lazy,reset=madvise,table-reset=discard,thp=off,"
            "reserve=4GiB,"
            "guard=4194368KiB");
}

TEST(Strategy, BackingSaysWhereAnOverlaysImageLies) {
  EXPECT_EQ(parse_strategy("pool-lazy").backing, Backing::memfd);
  const Strategy file = parse_strategy("pool-lazy,backing=file");
  EXPECT_EQ(file.backing, Backing::file);
  EXPECT_NE(canonical(file).find(",backing=file,"), std::string::npos);
  EXPECT_EQ(parse_strategy(canonical(file)), file);
  EXPECT_NE(refusal("pool,backing=none").find("memfd|file"), std::string::npos);
  EXPECT_NE(refusal("eager,backing=file").find("memory=overlay"), std::string::npos);
}

TEST(Strategy, WhatIsKeptResidentHasABudget) {
  EXPECT_EQ(parse_strategy("pool-lazy,reset=restore"), parse_strategy("pool-restore"));
  EXPECT_EQ(parse_strategy("pool-restore,find=faults,prefault=on,tables=proven"), parse_strategy("best"));
  EXPECT_EQ(parse_strategy("best,resident=64KiB").resident_bytes, uint64_t{64} << 10);
  EXPECT_NE(canonical(parse_strategy("best")).find(",reset=restore,find=faults,resident=16MiB,pool-resident=4GiB,prefault=on,"),
            std::string::npos);
  EXPECT_EQ(parse_strategy("pool-keep,pool-resident=1MiB").pool_resident_bytes, uint64_t{1} << 20);
  EXPECT_EQ(canonical(parse_strategy("pool-scan")).find("find="), std::string::npos);
  EXPECT_NE(refusal("pool-lazy,resident=1MiB").find("resident= and pool-resident= go with"), std::string::npos);
  EXPECT_NE(refusal("pool-scan,find=faults").find("reset=restore"), std::string::npos);
  EXPECT_NE(refusal("best,thp=on").find("khugepaged"), std::string::npos);
  EXPECT_NE(refusal("pool-copy,reset=restore").find("memory=overlay"), std::string::npos);
  EXPECT_NE(refusal("best,resident=100").find("multiples of 4KiB"), std::string::npos);
  EXPECT_NE(refusal("best,pool-resident=100").find("multiples of 4KiB"), std::string::npos);
  EXPECT_NE(refusal("pool-lazy,pool-resident=1MiB").find("go with"), std::string::npos);
  EXPECT_NE(refusal("pool-keep,prefault=on").find("reset=restore"), std::string::npos);
  EXPECT_NE(refusal("pool-track,backing=file").find("backing=memfd"), std::string::npos);
}

TEST(Strategy, ABatchHasANumberOfSlots) {
  EXPECT_EQ(parse_strategy("pool-lazy,reset=batch").batch_slots, 32u);
  EXPECT_EQ(parse_strategy("pool-lazy,reset=batch,batch=2").batch_slots, 2u);
  EXPECT_NE(canonical(parse_strategy("pool-lazy,reset=batch")).find(",reset=batch,batch=32,"), std::string::npos);
  EXPECT_NE(refusal("pool-lazy,batch=2").find("goes with reset=batch"), std::string::npos);
  for (const char* number : {"0", "1025", "x", "", "-1", "2.5"})
    EXPECT_NE(refusal(std::string("pool-lazy,reset=batch,batch=") + number).find("from 1 to 1024"), std::string::npos);
}

TEST(Strategy, OverridesFollowAPreset) {
  EXPECT_EQ(parse_strategy("pool-lazy,reset=remap").reset, Reset::remap);
  EXPECT_EQ(parse_strategy("alloc=fresh"), parse_strategy("overlay-lazy"));
  EXPECT_EQ(parse_strategy("overlay-lazy,alloc=pool"), parse_strategy("pool-lazy"));
  EXPECT_EQ(parse_strategy("pool-lazy,reserve=2MiB,guard=64KiB").reserve_bytes, uint64_t{2} << 20);
}

TEST(Strategy, RefusalsSayWhatIsAccepted) {
  EXPECT_NE(refusal("pool-lzy").find("pool-lazy"), std::string::npos);
  EXPECT_NE(refusal("").find("presets are"), std::string::npos);
  EXPECT_NE(refusal("colour=red").find("alloc, affinity, memory"), std::string::npos);
  EXPECT_NE(refusal("reset=wipe").find("unmap|remap|madvise|copy"), std::string::npos);
  EXPECT_NE(refusal("reserve=3").find("64KiB"), std::string::npos);
  EXPECT_NE(refusal("reserve=lots").find("takes a size"), std::string::npos);
  EXPECT_NE(refusal("reset=copy,pool").find("a preset comes first"), std::string::npos);
}

TEST(Strategy, ContradictionsAreRefused) {
  for (const char* text : {"alloc=fresh,reset=madvise", "pool,reset=unmap", "eager,affinity=on",
                           "pool-lazy,table-reset=refill", "pool,table-reset=refill,reset=remap",
                           "pool-lazy,tables=retained,table-reset=refill", "best,table-reset=refill"}) {
    EXPECT_NE(refusal(text), "accepted") << text;
  }
}

TEST(Strategy, TablesAreRetainedOnlyWhereASlotComesBack) {
  EXPECT_EQ(parse_strategy("pool-lazy,tables=retained").tables, TableInit::retained);
  EXPECT_EQ(parse_strategy("pool,tables=precomputed").tables, TableInit::precomputed);
  EXPECT_EQ(parse_strategy("pool,tables=precomputed,table-reset=refill").table_reset, TableReset::refill);
  EXPECT_EQ(parse_strategy("best").tables, TableInit::proven);
  EXPECT_EQ(parse_strategy("best,affinity=off").tables, TableInit::proven) << "retained where it can be";
  for (const char* text : {"overlay-lazy,tables=retained", "pool-lazy,affinity=off,tables=retained"})
    EXPECT_NE(refusal(text).find("alloc=pool,affinity=on"), std::string::npos) << text;
  EXPECT_NE(refusal("tables=kept").find("eager|precomputed|lazy|retained|proven"), std::string::npos);
  for (const char* text : {"pool,tables=precomputed", "pool-lazy,tables=retained", "pool-lazy,tables=proven"})
    EXPECT_EQ(parse_strategy(canonical(parse_strategy(text))), parse_strategy(text)) << text;
}

TEST(StrategyText, EveryAxisIsDescribedAndTakesItsUsualValue) {
  for (const AxisText& axis : axes()) {
    const bool for_restore = axis.name == "find" || axis.name == "prefault" || axis.name.ends_with("resident");
    const std::string base = for_restore ? "pool-restore," : axis.name == "batch" ? "pool,reset=batch," : "pool-lazy,";
    EXPECT_NO_THROW(parse_strategy(base + axis.name + "=" + axis.usual)) << axis.name;
    EXPECT_FALSE(axis.meaning.empty()) << axis.name;
    EXPECT_FALSE(axis.takes.empty()) << axis.name;
  }
  try {
    parse_strategy("colour=red");
    ADD_FAILURE() << "an axis that is not there";
  } catch (const StrategyError& error) {
    EXPECT_STREQ(error.what(),
                 "unknown axis 'colour': there are alloc, affinity, memory, backing, tables, reset, find, resident, "
                 "pool-resident, prefault, batch, table-reset, thp, reserve, guard");
  }
}

TEST(StrategyText, OverridesAreWhatAPresetSaysBeyondTheUsual) {
  for (const Preset& preset : presets()) {
    const std::string text = overrides(preset.strategy);
    EXPECT_EQ(parse_strategy(text.empty() ? "alloc=pool" : text), preset.strategy) << preset.name;
  }
  EXPECT_EQ(overrides(parse_strategy("pool-lazy")), "");
  EXPECT_EQ(overrides(parse_strategy("pool")), "tables=eager");
}

}  // namespace
}  // namespace instbench
