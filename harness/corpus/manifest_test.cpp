#include "harness/corpus/manifest.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "harness/corpus/corpus_fixture.hpp"
#include "harness/corpus/resolve.hpp"
#include "runtime/module/eligibility.hpp"
#include "runtime/module/load.hpp"

namespace instbench::bench {
namespace {

std::shared_ptr<const Module> loaded(const std::string& name, const Scratch& cache) {
  const auto found = resolve(corpus(), name, cache.path().string());
  return load_file(std::get<Resolved>(found).path, Bodies::validate);
}

// ---- the repository's own manifest ----

TEST(Corpus, EveryFileIsInTheManifest) {
  std::set<std::string> listed;
  for (const ModuleEntry& entry : corpus().modules()) {
    if (entry.tier == Tier::real) continue;
    EXPECT_TRUE(listed.insert(entry.file).second) << entry.file;
  }
  for (const std::string folder : {"wat", "shapes"}) {
    for (const auto& file : fs::directory_iterator(kCorpus + "/" + folder)) {
      EXPECT_TRUE(listed.contains(folder + "/" + file.path().filename().string())) << file.path();
    }
  }
}

// resolve() checks the hash; loading validates; `bytes` is checked here.
TEST(Corpus, EveryModuleOfTheRepositoryResolvesAndLoads) {
  const Scratch cache;
  for (const ModuleEntry& entry : corpus().modules()) {
    if (entry.tier == Tier::real) continue;
    SCOPED_TRACE(entry.name);
    EXPECT_EQ(fs::file_size(kCorpus + "/" + entry.file), entry.bytes);
    const auto found = resolve(corpus(), entry.name, cache.path().string());
    const auto& resolved = std::get<Resolved>(found);
    const auto module = load_file(resolved.path, Bodies::validate);
    EXPECT_EQ(module->sha256, resolved.sha256);
    EXPECT_EQ(module->byte_size, resolved.bytes);
    EXPECT_EQ(examine(*module).always_traps.has_value(), entry.expect.has_value());
  }
}

TEST(Corpus, EveryCallScriptIsOfOneModuleAndReads) {
  std::set<std::string> listed;
  size_t real = 0;
  for (const ModuleEntry& entry : corpus().modules()) {
    if (!entry.call) continue;
    SCOPED_TRACE(entry.name);
    EXPECT_EQ(entry.call->file, "calls/" + entry.name + ".json");
    listed.insert(entry.call->file);
    const CallScript script = corpus().call_script(entry);
    const auto checks = [](const ScriptStep& step) { return !std::holds_alternative<WriteStep>(step); };
    EXPECT_TRUE(std::any_of(script.steps.begin(), script.steps.end(), checks));
    EXPECT_EQ(call_script_from_json(to_json(script), "again"), script);
    real += entry.tier == Tier::real;
  }
  for (const auto& file : fs::directory_iterator(kCorpus + "/calls")) {
    EXPECT_TRUE(listed.contains("calls/" + file.path().filename().string())) << file.path();
  }
  EXPECT_GE(real, 12u);
}

// Of the modules written as text, those that export a function, or a table that holds one.
TEST(Corpus, EveryTextModuleThatCanBeCalledIsCalled) {
  const Scratch cache;
  for (const ModuleEntry& entry : corpus().modules()) {
    if (entry.tier != Tier::wat) continue;
    const auto module = loaded(entry.name, cache);
    const bool callable = std::any_of(module->exports.begin(), module->exports.end(), [&](const Export& e) {
      return e.kind == ExternKind::function || (e.kind == ExternKind::table && !module->functions.empty());
    });
    EXPECT_TRUE(!callable || entry.call) << entry.name;
  }
}

TEST(Corpus, RealModulesOfOnePackageArePinnedAlike) {
  std::map<std::string, std::string> integrity;
  for (const ModuleEntry& entry : corpus().modules()) {
    if (!entry.npm) continue;
    EXPECT_TRUE(entry.npm->integrity.starts_with("sha512-")) << entry.name;
    const auto [pin, added] =
        integrity.try_emplace(entry.npm->package + "@" + entry.npm->version, entry.npm->integrity);
    EXPECT_EQ(pin->second, entry.npm->integrity) << entry.name;
  }
  EXPECT_GE(integrity.size(), 12u);
}

TEST(Corpus, ShapesNameTheirOriginals) {
  for (const ModuleEntry& entry : corpus().modules()) {
    if (!entry.shape_of) continue;
    const ModuleEntry* original = corpus().find_module(*entry.shape_of);
    ASSERT_NE(original, nullptr) << entry.name;
    EXPECT_EQ(original->tier, Tier::real) << entry.name;
  }
}

TEST(Corpus, SuitesHoldWhatTheyPromise) {
  const Suite* embedded = corpus().find_suite("embedded");
  ASSERT_NE(embedded, nullptr);
  std::set<std::string> seen;
  for (const Case& c : embedded->cases) {
    seen.insert(c.module);
    EXPECT_NE(corpus().find_module(c.module)->tier, Tier::real) << c.module;
  }
  const std::set<std::string> everywhere = seen;
  // Families: too many of a kind for `embedded`.
  for (const std::string suite : {"density", "table-size", "memory-size"}) {
    for (const Case& c : corpus().find_suite(suite)->cases) {
      EXPECT_FALSE(everywhere.contains(c.module)) << c.module;
      seen.insert(c.module);
    }
  }
  for (const ModuleEntry& entry : corpus().modules()) {
    EXPECT_EQ(seen.contains(entry.name), entry.tier != Tier::real && !entry.expect) << entry.name;
  }
  for (const Case& c : corpus().find_suite("real")->cases) EXPECT_EQ(corpus().find_module(c.module)->tier, Tier::real);
  for (const Case& c : corpus().find_suite("story")->cases) EXPECT_EQ(c.module, "spidermonkey");
  EXPECT_EQ(corpus().find_suite("story")->cases.size(), 12u);
  EXPECT_EQ(corpus().find_suite("smoke")->cases.size(), 3u);
}

TEST(Corpus, SpiderMonkeysShapeHasItsCounts) {
  const Scratch cache;
  const auto module = loaded("spidermonkey", cache);
  EXPECT_EQ(module->imports.size(), 181u);
  EXPECT_EQ(module->functions.size(), 181u + 13851u);
  EXPECT_EQ(module->tables.at(0).limits, (Limits{7777, 7777}));
  EXPECT_EQ(module->elem_segments.at(0).entries.size(), 7776u);
  EXPECT_EQ(module->data_segments.size(), 5656u);
  EXPECT_EQ(module->data_bytes.size(), 1105478u);
  EXPECT_EQ(module->memories.at(0).limits, (Limits{36, std::nullopt}));
  EXPECT_EQ(examine(*module).memories.at(0).touched_pages, 302u);
}

TEST(Corpus, OtherShapesHaveTheirCounts) {
  const Scratch cache;
  const auto go = loaded("esbuild-shape", cache);
  EXPECT_EQ(go->data_segments.size(), 98450u);
  EXPECT_EQ(go->tables.at(0).limits.min, 9403u);
  EXPECT_EQ(go->elem_segments.at(0).entries.size(), 5307u);
  EXPECT_EQ(examine(*go).memories.at(0).touched_pages, 1204u);
  const auto wizer = loaded("ruby-shape", cache);
  const Eligibility wizer_verdict = examine(*wizer);
  EXPECT_EQ(wizer_verdict.memories.at(0).segments_passive, 7866u);
  EXPECT_EQ(wizer_verdict.memories.at(0).segments_in_image, 10000u);
  EXPECT_TRUE(wizer_verdict.memories.at(0).static_image);
  const auto python = loaded("pyodide-shape", cache);
  EXPECT_EQ(python->globals.size(), 1424u);
  EXPECT_EQ(python->exports.size(), 8560u);
  EXPECT_EQ(python->imports.size(), 548u);
  EXPECT_TRUE(loaded("oxc-parser-shape", cache)->memories.at(0).shared);
}

// The modules of a suite that sweeps over a size, in its order.
std::vector<std::shared_ptr<const Module>> family(const std::string& suite, const Scratch& cache) {
  std::vector<std::shared_ptr<const Module>> modules;
  std::set<std::string> seen;
  for (const Case& c : corpus().find_suite(suite)->cases) {
    if (seen.insert(c.module).second) modules.push_back(loaded(c.module, cache));
  }
  return modules;
}

TEST(Corpus, DensitiesAreTheSameDataInEverWiderSpans) {
  const Scratch cache;
  std::vector<uint64_t> percent;
  for (const auto& module : family("density", cache)) {
    const MemoryEligibility memory = examine(*module).memories.at(0);
    EXPECT_EQ(memory.image_bytes, 1u << 20);
    EXPECT_EQ(memory.touched_pages, 256u);
    EXPECT_EQ(module->memories.at(0).limits.min, 2048u);
    percent.push_back(100 * memory.image_bytes / (memory.span_end - memory.span_begin));
  }
  EXPECT_EQ(percent, (std::vector<uint64_t>{100, 50, 25, 10, 5, 2, 1}));
}

TEST(Corpus, TablesDifferInTheirEntriesOnly) {
  const Scratch cache;
  std::vector<uint64_t> entries;
  for (const auto& module : family("table-size", cache)) {
    EXPECT_EQ(module->functions.size(), 16u);
    EXPECT_EQ(module->elem_segments.size(), 1u);
    entries.push_back(module->tables.at(0).limits.min);
    EXPECT_EQ(module->elem_segments.at(0).entries.size(), entries.back());
  }
  EXPECT_EQ(entries, (std::vector<uint64_t>{16, 128, 1024, 8192, 65536}));
}

TEST(Corpus, MemoriesDifferInTheirSizeOnly) {
  const Scratch cache;
  std::vector<uint64_t> pages;
  for (const auto& module : family("memory-size", cache)) {
    EXPECT_EQ(module->data_bytes.size(), 16384u);
    EXPECT_EQ(examine(*module).memories.at(0).touched_pages, 4u);
    pages.push_back(module->memories.at(0).limits.min);
  }
  EXPECT_EQ(pages, (std::vector<uint64_t>{1, 8, 64, 512, 4096}));
}

struct Trait {
  const char* module;
  bool (*shows)(const Module&, const Eligibility&);
};

class CorpusTrait : public testing::TestWithParam<Trait> {};

TEST_P(CorpusTrait, IsThere) {
  const Scratch cache;
  const auto module = loaded(GetParam().module, cache);
  EXPECT_TRUE(GetParam().shows(*module, examine(*module)));
}

bool stopped_by(const std::vector<SegmentVerdict>& verdicts, Obstacle obstacle) {
  return std::any_of(verdicts.begin(), verdicts.end(), [&](const SegmentVerdict& v) { return v.obstacle == obstacle; });
}

bool imports_twice(const Module& m) {
  std::set<std::pair<std::string, std::string>> seen;
  return std::any_of(m.imports.begin(), m.imports.end(), [&](const Import& i) {
    return !seen.insert({i.module, i.name}).second;
  });
}

size_t mutable_globals(const Module& m) {
  return static_cast<size_t>(
      std::count_if(m.globals.begin(), m.globals.end(), [](const Global& g) { return g.is_mutable; }));
}

const Trait kTraits[] = {
    {"empty", [](const Module& m, const Eligibility&) { return m.byte_size == 8; }},
    {"one-page",
     [](const Module& m, const Eligibility&) { return m.memories.at(0).limits.min == 1 && m.data_segments.empty(); }},
    {"one-segment",
     [](const Module&, const Eligibility& e) {
       return e.memories.at(0).segments_in_image == 1 && e.memories[0].static_image;
     }},
    {"sparse-memory",
     [](const Module& m, const Eligibility& e) {
       return m.data_bytes.size() == 80 && e.memories.at(0).touched_pages == 5 && e.memories[0].span_end == 64u << 20;
     }},
    {"overlapping-segments",
     [](const Module& m, const Eligibility& e) {
       return e.memories.at(0).static_image && m.data_segments[1].offset.bits > m.data_segments[2].offset.bits;
     }},
    {"out-of-bounds-segment", [](const Module&, const Eligibility& e) { return e.always_traps.has_value(); }},
    {"dynamic-offset",
     [](const Module&, const Eligibility& e) {
       return stopped_by(e.memories.at(0).obstacles, Obstacle::dynamic_offset) &&
              stopped_by(e.tables.at(0).obstacles, Obstacle::dynamic_offset) && e.memories[0].segments_in_image == 1;
     }},
    {"imported-memory",
     [](const Module& m, const Eligibility& e) { return m.memories.at(0).imported && e.memories.at(0).made_by_host; }},
    {"start-writes-memory", [](const Module& m, const Eligibility&) { return m.start.has_value(); }},
    {"passive-and-declared",
     [](const Module& m, const Eligibility& e) {
       return e.memories.at(0).segments_passive == 1 && e.memories[0].static_image &&
              m.elem_segments.at(1).mode == SegmentMode::passive &&
              m.elem_segments.at(2).mode == SegmentMode::declared && e.tables.at(0).static_image;
     }},
    {"expression-elements",
     [](const Module& m, const Eligibility& e) {
       return m.elem_segments.at(0).entries.at(1).kind == ElemEntry::Kind::null && e.tables.at(0).static_image;
     }},
    {"global-elements",
     [](const Module& m, const Eligibility& e) {
       return m.elem_segments.at(0).entries.at(1).kind == ElemEntry::Kind::global_get &&
              stopped_by(e.tables.at(0).obstacles, Obstacle::expression_entry);
     }},
    {"two-tables",
     [](const Module&, const Eligibility& e) {
       return e.tables.size() == 2 && e.tables[0].static_image && !e.tables[1].static_image;
     }},
    {"externref-table",
     [](const Module& m, const Eligibility&) { return m.tables.at(1).element == ValType::externref; }},
    {"table-min-above-entries",
     [](const Module& m, const Eligibility& e) {
       return m.tables.at(0).limits.min == 9403 && e.tables.at(0).entries_initialised == 4;
     }},
    {"max-equals-min",
     [](const Module& m, const Eligibility&) {
       return m.memories.at(0).limits.max == m.memories[0].limits.min &&
              m.tables.at(0).limits.max == m.tables[0].limits.min;
     }},
    {"imported-functions-in-table",
     [](const Module&, const Eligibility& e) { return e.tables.at(0).entries_imported_functions == 3; }},
    {"imported-table",
     [](const Module& m, const Eligibility& e) {
       return m.tables.at(0).imported && e.tables.at(0).entries_imported_functions == 4;
     }},
    {"odd-import-names",
     [](const Module& m, const Eligibility&) {
       return imports_twice(m) && m.imports.at(3).name.empty() && m.imports.at(4).module.empty();
     }},
    {"mutable-globals",
     [](const Module& m, const Eligibility&) { return mutable_globals(m) == 5 && m.globals[0].init.bits == 1; }},
    {"gigabyte-memory",
     [](const Module& m, const Eligibility& e) {
       return m.memories.at(0).limits.min == 16384 && e.memories.at(0).touched_pages == 2;
     }},
    {"dense-memory", [](const Module&, const Eligibility& e) { return e.memories.at(0).touched_pages == 1024; }},
    {"many-segments", [](const Module&, const Eligibility& e) { return e.memories.at(0).segments_in_image == 10000; }},
    {"zero-length-segments",
     [](const Module&, const Eligibility& e) {
       return e.memories.at(0).segments_passive == 8000 && e.memories[0].segments_in_image == 2000 &&
              e.memories[0].static_image;
     }},
    {"big-table", [](const Module&, const Eligibility& e) { return e.tables.at(0).entries_initialised == 25000; }},
    {"many-imports", [](const Module& m, const Eligibility&) { return m.imports.size() == 1100; }},
    {"many-exports", [](const Module& m, const Eligibility&) { return m.exports.size() == 75001; }},
    {"many-globals",
     [](const Module& m, const Eligibility&) { return m.globals.size() == 15900 && mutable_globals(m) == 14000; }},
};

INSTANTIATE_TEST_SUITE_P(All, CorpusTrait, testing::ValuesIn(kTraits), [](const auto& test) {
  std::string name = test.param.module;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

// ---- manifests that are wrong ----

std::string error_of(const std::string& manifest) {
  const Scratch corpus_dir;
  write(corpus_dir / "manifest.json", manifest);
  try {
    Manifest::load(corpus_dir.path().string());
  } catch (const CorpusError& error) {
    const std::string text = error.what();
    EXPECT_TRUE(text.starts_with(corpus_dir / "manifest.json")) << text;
    EXPECT_EQ(text.find('\n'), text.npos);
    return text.substr((corpus_dir / "manifest.json").size());
  }
  return "";
}

std::string edited(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const size_t at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(ManifestErrors, TheUneditedOneIsGood) { EXPECT_EQ(error_of(kGood), ""); }

TEST(ManifestErrors, NameFileEntryAndReason) {
  EXPECT_EQ(error_of(edited("\"manifest\": 1", "\"manifest\": 2")),
            ": \"manifest\" must be 1: this version of instbench reads no other");
  EXPECT_EQ(error_of(edited("\"tier\": \"wat\"", "\"tier\": \"wot\"")),
            ": module 0 (a): tier must be wat, shape or real, not 'wot'");
  EXPECT_EQ(error_of(edited("\"tier\": \"wat\"", "\"tier\": \"real\"")),
            ": module 0 (a): tier real, and no other, has \"npm\" or \"generate\"");
  EXPECT_EQ(error_of(edited("\"licence\": \"none\", ", "")), ": module 0 (a): lacks \"licence\"");
  EXPECT_EQ(error_of(edited("e27f", "E27F")), ": module 0 (a): \"sha256\" must be 64 lower-case hex digits");
  EXPECT_EQ(error_of(edited(kEntry, kEntry + "," + kEntry)), ": module 'a' is there twice");
  EXPECT_EQ(error_of(edited("write=1,2", "write=1,1,2")), "");
  EXPECT_NE(error_of(edited("write=1,2", "wrote=1")).find(": suite 's': --touch: "), std::string::npos);
  EXPECT_NE(error_of(edited("[\"a\"]", "[\"b\"]")).find(": suite 's': unknown module 'b'"), std::string::npos);
  EXPECT_NE(error_of(edited("\"why\": \"test\"}", "\"why\": \"test\", \"wyh\": 1}")).find("unknown key 'wyh'"),
            std::string::npos);
  EXPECT_EQ(error_of(edited("[\"a\"]", "[\"a\", \"a\"]")), ": suite 's': case 'a touch(w1) s1' is there twice");
  EXPECT_NE(error_of("{"), "");
  EXPECT_NE(error_of("[]"), "");
}

TEST(ManifestErrors, GeneratedModules) {
  const auto generated = [](const std::string& source) {
    return edited("\"tier\": \"wat\", \"file\": \"a.wat\"", "\"tier\": \"real\", \"generate\": " + source);
  };
  const std::string good = R"({"recipe": "r", "functions": 1, "data_segments": 2, "table_entries": 3})";
  EXPECT_EQ(error_of(generated(good)), "");
  EXPECT_EQ(error_of(generated(good + ", \"npm\": {}")),
            ": module 0 (a): tier real, and no other, has \"npm\" or \"generate\"");
  EXPECT_EQ(error_of(generated(R"({"recipe": "r", "functions": 1, "data_segments": 2})")),
            ": module 0 (a) generate: lacks \"table_entries\"");
  EXPECT_EQ(error_of(edited("\"bytes\": 8", "\"bytes\": 8, \"generate\": " + good)),
            ": module 0 (a): tier real, and no other, has \"npm\" or \"generate\"");
}

TEST(ManifestErrors, CallScripts) {
  const auto with_call = [](const std::string& call) {
    return edited("\"why\": \"test\"}", "\"why\": \"test\", \"call\": " + call + "}");
  };
  EXPECT_EQ(error_of(with_call("1")), ": module 0 (a) call: must be an object");
  EXPECT_EQ(error_of(with_call(R"({"file": "calls/a.json"})")), ": module 0 (a) call: lacks \"sha256\"");
  EXPECT_EQ(error_of(with_call(R"({"file": "calls/a.json", "sha256": "abc"})")),
            ": module 0 (a) call: \"sha256\" must be 64 lower-case hex digits");
  const std::string empty_list = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945";  // of "[]"
  const Scratch folder;
  write(folder / "manifest.json", with_call("{\"file\": \"calls/a.json\", \"sha256\": \"" + empty_list + "\"}"));
  const Manifest manifest = Manifest::load(folder.path().string());
  const auto script_error = [&] {
    try {
      manifest.call_script(*manifest.find_module("a"));
    } catch (const CorpusError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(script_error().find("No such file"), std::string::npos) << script_error();
  write(folder / "calls/a.json", "{}");
  EXPECT_NE(script_error().find("a.json: not the file that the manifest's entry 'a' means"), std::string::npos);
  write(folder / "calls/a.json", "[]");
  EXPECT_EQ(script_error(), folder / "calls/a.json" + ": must be an object");
}

TEST(ManifestErrors, NoManifestSaysWhatToSet) {
  const Scratch nowhere;
  try {
    Manifest::load(nowhere.path().string());
    FAIL();
  } catch (const CorpusError& error) {
    EXPECT_NE(std::string(error.what()).find("INSTBENCH_CORPUS"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace instbench::bench
