#include "harness/report/advice.hpp"

#include <gtest/gtest.h>

namespace instbench::bench {
namespace {

Json arm(const std::string& id, const std::string& engine, const std::string& strategy) {
  return {{"id", id}, {"engine", engine}, {"strategy", strategy}};
}

Json cell(const std::string& id, const std::string& in, double ns, double faults = 0) {
  return {{"arm", id},
          {"case", in},
          {"status", "ok"},
          {"reason", nullptr},
          {"batch", {{"median_real_ns", ns}}},
          {"memory", {{"private_dirty_bytes", 65536}}},
          {"counters", {{"cycle", {{"faults.minor", {{"exact", true}, {"value", faults}}}}}}}};
}

Json skipped(const std::string& id, const std::string& in, const std::string& reason) {
  return {{"arm", id}, {"case", in}, {"status", "skipped"}, {"reason", reason}, {"batch", nullptr}, {"memory", nullptr}};
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Advice, NamesTheFastestOverAllConditionsAndWhereItGainsLeast) {
  const Json result{{"arms", {arm("core:pool-lazy", "core", "reset=madvise"), arm("core:best", "core", "reset=restore")}},
                    {"cells",
                     {cell("core:pool-lazy", "a", 8000, 16), cell("core:pool-lazy", "b", 900, 0), cell("core:best", "a", 1000),
                      cell("core:best", "b", 450)}}};
  const std::string text = advice_text(result);
  EXPECT_TRUE(says(text, "core: core:best: 4.00× against core:pool-lazy over 2 conditions; least 2.00× (b)")) << text;
  EXPECT_TRUE(says(text, "core:pool-lazy takes 0 page faults to 16 page faults a cycle: what is written here, which is chosen")) << text;
  EXPECT_TRUE(says(text, "64.0 KiB")) << text;
}

TEST(Advice, PrefersTheSimplerWhereTheGainIsSmall) {
  const Json result{{"arms", {arm("core:pool-lazy", "core", ""), arm("core:best", "core", "")}},
                    {"cells", {cell("core:pool-lazy", "a", 1000), cell("core:best", "a", 970)}}};
  EXPECT_TRUE(says(advice_text(result), "core: core:pool-lazy: no other arm")) << advice_text(result);
}

TEST(Advice, SaysInWasmtimesWordsWhatToSet) {
  const Json result{
      {"arms",
       {arm("wasmtime:pooling", "wasmtime", "allocator=pooling,cow=on,keep=0B,table-keep=0B"),
        arm("wasmtime-rs:pooling-scan", "wasmtime-rs", "allocator=pooling,cow=on,keep=1MiB,table-keep=1MiB,pagemap-scan=on")}},
      {"cells", {cell("wasmtime:pooling", "a", 9000), cell("wasmtime-rs:pooling-scan", "a", 3000)}}};
  const std::string text = advice_text(result);
  EXPECT_TRUE(says(text, "PoolingAllocationConfig::linear_memory_keep_resident: 1MiB")) << text;
  EXPECT_TRUE(says(text, "PoolingAllocationConfig::pagemap_scan: on")) << text;
  EXPECT_TRUE(says(text, "Config::allocation_strategy: pooling")) << text;
  EXPECT_FALSE(says(text, "memory_init_cow")) << text;
}

// A case that one arm lacks is compared by none; an arm without any is named with its reason.
TEST(Advice, ComparesOnlyWhatAllHave) {
  const Json result{{"arms", {arm("core:pool-lazy", "core", ""), arm("core:best", "core", ""), arm("wasmtime:pooling", "wasmtime", "")}},
                    {"cells",
                     {cell("core:pool-lazy", "a", 1000), cell("core:pool-lazy", "b", 1000), cell("core:best", "a", 500),
                      skipped("core:best", "b", "no"), skipped("wasmtime:pooling", "a", "not fetched")}}};
  const std::string text = advice_text(result);
  EXPECT_TRUE(says(text, "over 1 condition;")) << text;
  EXPECT_TRUE(says(text, "wasmtime:pooling not measured: not fetched")) << text;
}

TEST(Advice, EndsWithTheSettingsOfTheFirstArmToo) {
  const Json result{{"arms", {arm("wasmtime:on-demand", "wasmtime", "allocator=on-demand,keep=0B"), arm("wasmtime:pooling", "wasmtime", "allocator=pooling")}},
                    {"cases", {{{"workload", {{"kind", "call"}}}}}},
                    {"cells", {cell("wasmtime:on-demand", "a", 1000), cell("wasmtime:pooling", "a", 1000)}}};
  EXPECT_TRUE(advice_text(result).ends_with("faster over these conditions\n    Wasmtime's defaults\n")) << advice_text(result);
}

TEST(Advice, SaysWhenNothingWasMeasured) {
  const Json result{{"arms", {arm("core:best", "core", "")}}, {"cells", {skipped("core:best", "a", "no memory")}}};
  EXPECT_TRUE(says(advice_text(result), "nothing was measured"));
}

}  // namespace
}  // namespace instbench::bench
