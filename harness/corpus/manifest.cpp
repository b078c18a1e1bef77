#include "harness/corpus/manifest.hpp"

#include <algorithm>
#include <set>
#include <span>

#include "harness/protocol/text.hpp"
#include "runtime/module/sha256.hpp"
#include "runtime/os/file.hpp"

namespace instbench::bench {
namespace {

// Reads one object of the manifest; every error names the file and the object.
class Fields {
 public:
  Fields(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json_.is_object()) fail("must be an object");
  }

  [[noreturn]] void fail(const std::string& reason) const { throw CorpusError(where_ + ": " + reason); }

  bool has(const char* key) const { return json_.contains(key); }

  const Json& get(const char* key) const {
    const auto found = json_.find(key);
    if (found == json_.end()) fail("lacks \"" + std::string(key) + "\"");
    return *found;
  }
  std::string text(const char* key) const {
    const Json& value = get(key);
    if (!value.is_string() || value.get_ref<const std::string&>().empty())
      fail("\"" + std::string(key) + "\" must be text");
    return value.get<std::string>();
  }
  uint64_t number(const char* key) const {
    const Json& value = get(key);
    if (!value.is_number_unsigned()) fail("\"" + std::string(key) + "\" must be a whole number");
    return value.get<uint64_t>();
  }
  const Json& list(const char* key) const {
    const Json& value = get(key);
    if (!value.is_array() || value.empty()) fail("\"" + std::string(key) + "\" must be a list that is not empty");
    return value;
  }
  // A misspelt key would otherwise be a setting that silently does nothing.
  void only(const std::vector<std::string>& keys) const {
    for (const auto& item : json_.items()) {
      if (std::find(keys.begin(), keys.end(), item.key()) == keys.end()) fail(unknown_name("key", item.key(), keys));
    }
  }

 private:
  const Json& json_;
  std::string where_;
};

bool is_sha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

Tier tier_of(const std::string& text, const Fields& fields) {
  for (const Tier tier : {Tier::wat, Tier::shape, Tier::real}) {
    if (text == name_of(tier)) return tier;
  }
  fields.fail("tier must be wat, shape or real, not '" + text + "'");
}

NpmSource npm_of(const Json& json, const std::string& where) {
  const Fields fields(json, where + " npm");
  fields.only({"package", "version", "integrity", "member", "extract"});
  return {fields.text("package"), fields.text("version"), fields.text("integrity"), fields.text("member"),
          fields.text("extract")};
}

std::string sha256_of(const Fields& fields) {
  const std::string text = fields.text("sha256");
  if (!is_sha256(text)) fields.fail("\"sha256\" must be 64 lower-case hex digits");
  return text;
}

GeneratedSource generate_of(const Json& json, const std::string& where) {
  const Fields fields(json, where + " generate");
  fields.only({"recipe", "functions", "data_segments", "table_entries"});
  return {fields.text("recipe"), fields.number("functions"), fields.number("data_segments"),
          fields.number("table_entries")};
}

CallSource call_of(const Json& json, const std::string& where) {
  const Fields fields(json, where + " call");
  fields.only({"file", "sha256"});
  return {fields.text("file"), sha256_of(fields)};
}

ModuleEntry module_of(const Json& json, const std::string& where) {
  const Fields fields(json, where);
  fields.only({"name", "tier", "file", "npm", "generate", "sha256", "bytes", "origin", "licence", "why", "shape_of",
               "expect", "call"});
  ModuleEntry entry;
  entry.name = fields.text("name");
  entry.tier = tier_of(fields.text("tier"), fields);
  const int sources = fields.has("npm") + fields.has("generate");
  if (sources != (entry.tier == Tier::real)) fields.fail("tier real, and no other, has \"npm\" or \"generate\"");
  if (fields.has("npm")) entry.npm = npm_of(fields.get("npm"), where);
  if (fields.has("generate")) entry.generate = generate_of(fields.get("generate"), where);
  if (sources == 0) {
    entry.file = fields.text("file");
  }
  entry.sha256 = sha256_of(fields);
  entry.bytes = fields.number("bytes");
  entry.origin = fields.text("origin");
  entry.licence = fields.text("licence");
  entry.why = fields.text("why");
  if (fields.has("shape_of")) entry.shape_of = fields.text("shape_of");
  if (fields.has("expect")) entry.expect = fields.text("expect");
  if (fields.has("call")) entry.call = call_of(fields.get("call"), where);
  return entry;
}

std::vector<Case> workloads_of(const std::string& text, const Fields& fields) {
  if (text == "none") return {Case{}};
  try {
    return parse_touch(text).cases;
  } catch (const GrammarError& error) {
    fields.fail(error.what());
  }
}

// Modules outermost: a run goes through one module's workloads before the next module's.
Suite suite_of(const Json& json, const std::string& where, const Manifest& manifest) {
  const Fields fields(json, where);
  fields.only({"name", "why", "cases"});
  Suite suite{fields.text("name"), fields.text("why"), {}};
  std::set<std::string> seen;
  for (const Json& group : fields.list("cases")) {
    const Fields cells(group, where + " '" + suite.name + "'");
    cells.only({"modules", "workload"});
    const std::vector<Case> workloads = workloads_of(cells.text("workload"), cells);
    for (const Json& module : cells.list("modules")) {
      if (!module.is_string()) cells.fail("\"modules\" must be a list of names");
      if (!manifest.find_module(module.get<std::string>())) {
        cells.fail(unknown_name("module", module.get<std::string>(), manifest.module_names()));
      }
      for (Case c : workloads) {
        c.module = module.get<std::string>();
        if (c.workload.kind == Workload::Kind::call && !manifest.find_module(c.module)->call)
          cells.fail("module '" + c.module + "' has no \"call\" script");
        if (!seen.insert(id_of(c)).second) cells.fail("case '" + id_of(c) + "' is there twice");
        suite.cases.push_back(std::move(c));
      }
    }
  }
  return suite;
}

Json read_json(const std::string& path) {
  try {
    return Json::parse(os::read_text(path));
  } catch (const Json::parse_error& error) {
    throw CorpusError(path + ": " + error.what());
  } catch (const std::system_error& error) {
    throw CorpusError(std::string("no corpus: ") + error.what() +
                      "; set INSTBENCH_CORPUS to the folder of manifest.json");
  }
}

template <typename Item>
const Item* find_named(const std::vector<Item>& items, std::string_view name) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.name == name; });
  return found == items.end() ? nullptr : &*found;
}

template <typename Item>
std::vector<std::string> names_of(const std::vector<Item>& items) {
  std::vector<std::string> names;
  for (const Item& item : items) names.push_back(item.name);
  return names;
}

}  // namespace

std::string_view name_of(Tier tier) {
  switch (tier) {
    case Tier::wat:
      return "wat";
    case Tier::shape:
      return "shape";
    case Tier::real:
      return "real";
  }
  return "";
}

Manifest Manifest::load(const std::string& corpus_dir) {
  const std::string path = corpus_dir + "/manifest.json";
  const Json json = read_json(path);
  const Fields fields(json, path);
  fields.only({"manifest", "modules", "suites"});
  if (fields.number("manifest") != 1) fields.fail("\"manifest\" must be 1: this version of instbench reads no other");
  Manifest manifest;
  manifest.corpus_dir_ = corpus_dir;
  for (const Json& item : fields.list("modules")) {
    ModuleEntry entry = module_of(item, path + ": module " + std::to_string(manifest.modules_.size()) + " (" +
                                            item.value("name", "no name") + ")");
    if (manifest.find_module(entry.name)) fields.fail("module '" + entry.name + "' is there twice");
    manifest.modules_.push_back(std::move(entry));
  }
  for (const Json& item : fields.list("suites")) {
    Suite suite = suite_of(item, path + ": suite", manifest);
    if (manifest.find_suite(suite.name)) fields.fail("suite '" + suite.name + "' is there twice");
    if (manifest.find_module(suite.name)) fields.fail("'" + suite.name + "' names a suite and a module");
    manifest.suites_.push_back(std::move(suite));
  }
  return manifest;
}

const ModuleEntry* Manifest::find_module(std::string_view name) const { return find_named(modules_, name); }
const Suite* Manifest::find_suite(std::string_view name) const { return find_named(suites_, name); }
std::vector<std::string> Manifest::module_names() const { return names_of(modules_); }
std::vector<std::string> Manifest::suite_names() const { return names_of(suites_); }

CallScript Manifest::call_script(const ModuleEntry& entry) const {
  const std::string path = corpus_dir_ + "/" + entry.call->file;
  try {
    const std::string text = os::read_text(path);
    if (sha256_hex(std::as_bytes(std::span(text))) != entry.call->sha256) {
      throw CorpusError(path + ": not the file that the manifest's entry '" + entry.name +
                        "' means; after an edit run `python3 corpus/rehash.py`");
    }
    return parse_call_script(text, path);
  } catch (const std::system_error& error) {
    throw CorpusError(error.what());
  } catch (const GrammarError& error) {
    throw CorpusError(error.what());
  }
}

}  // namespace instbench::bench
