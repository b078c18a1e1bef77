// The --touch grammar: settings, each with a list of values, and their product.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "harness/protocol/cell.hpp"
#include "harness/protocol/text.hpp"

namespace instbench::bench {
namespace {

constexpr size_t kMaxCases = 4096;

struct Setting {
  std::string name;
  std::vector<std::string> values;
};

std::vector<std::string> names_of(std::initializer_list<TouchSetting::Kind> kinds) {
  std::vector<std::string> names;
  for (const TouchSetting& setting : touch_settings()) {
    if (std::find(kinds.begin(), kinds.end(), setting.kind) != kinds.end()) names.push_back(setting.name);
  }
  return names;
}

const std::vector<std::string>& setting_names() {
  static const std::vector<std::string> kNames = names_of({TouchSetting::Kind::work, TouchSetting::Kind::condition});
  return kNames;
}

// Of a mix only.
const std::vector<std::string>& mix_setting_names() {
  static const std::vector<std::string> kNames = names_of({TouchSetting::Kind::mix});
  return kNames;
}

bool is_in(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

[[noreturn]] void fail(const std::string& what) {
  throw GrammarError("--touch: " + what + "; write it as in 'write=0,1,4,16,read=2,slots=1,64' (settings: " +
                     join(setting_names(), " ") + "; with --mix also " + join(mix_setting_names(), " ") + ")");
}

constexpr std::string_view kCall = "call";

// "call,slots=1,64": what is called is the module's own script; only conditions can follow.
void refuse_touching(const Setting& setting) {
  static const std::vector<std::string> kConditions{"slots", "bystanders", "threads"};
  if (!is_in(kConditions, setting.name))
    fail("setting '" + setting.name + "' means nothing for the workload 'call'");
}

// Commas separate both settings and values: a part with '=' opens a setting, one without continues it.
std::vector<Setting> settings_of(const std::string& text, SweepOf what) {
  std::vector<Setting> settings;
  std::set<std::string> seen;
  for (const std::string& part : split(text, ',')) {
    const size_t equals = part.find('=');
    if (equals == part.npos) {
      if (settings.empty()) fail("'" + part + "' comes before any setting");
      settings.back().values.push_back(part);
      continue;
    }
    const std::string name = part.substr(0, equals);
    const bool of_mix = is_in(mix_setting_names(), name);
    if (of_mix && what != SweepOf::mix) fail("setting '" + name + "' is for --mix");
    if (!of_mix && !is_in(setting_names(), name)) {
      throw GrammarError("--touch: " + unknown_name("setting", name, setting_names()));
    }
    if (!seen.insert(name).second) fail("setting '" + name + "' is given twice");
    settings.push_back({name, {part.substr(equals + 1)}});
  }
  return settings;
}

bool is_given(const std::vector<Setting>& settings, const std::string& name) {
  return std::any_of(settings.begin(), settings.end(), [&](const Setting& setting) { return setting.name == name; });
}

// A sweep may have write=0 among its values; without any `write` the setting was forgotten.
void refuse_without_pages(const std::vector<Setting>& settings) {
  for (const std::string name : {"runs", "reread"}) {
    if (is_given(settings, name) && !is_given(settings, "write")) fail(name + "= is about written pages and needs write=");
  }
}

uint64_t count_value(const Setting& setting, const std::string& text, uint64_t least) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    fail(setting.name + "=" + text + " is not a whole number");
  }
  if (value < least) fail(setting.name + "=" + text + " must be at least " + std::to_string(least));
  const uint64_t most = setting.name == "bystanders" || setting.name == "threads" ? kMostThreads
                        : setting.name == "slots" || setting.name == "pool"       ? kMostSlots
                                                                                  : kMostCount;
  if (value > most) fail(setting.name + "=" + text + " must be at most " + std::to_string(most));
  return value;
}

double share_value(const std::string& text) {
  const bool percent = text.ends_with('%');
  const std::string digits = percent ? text.substr(0, text.size() - 1) : text;
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(value)) {
    fail("vary=" + text + " is not a share such as 0.05 or 5%");
  }
  if (percent) value /= 100;
  if (value < 0 || value > 1) fail("vary=" + text + " must lie between 0 and 1 (or 0% and 100%)");
  return value;
}

bool switch_value(const Setting& setting, const std::string& text) {
  if (text == "1" || text == "on" || text == "true") return true;
  if (text == "0" || text == "off" || text == "false") return false;
  fail(setting.name + "=" + text + " must be on or off");
}

Mix::Order order_value(const std::string& text) {
  for (const Mix::Order order : {Mix::Order::uniform, Mix::Order::rotate}) {
    if (text == name_of(order)) return order;
  }
  fail("order=" + text + " must be uniform or rotate");
}

void apply(const Setting& setting, const std::string& text, Case& c) {
  Workload& w = c.workload;
  if (setting.name == "read") w.read = count_value(setting, text, 0);
  if (setting.name == "write") w.write = count_value(setting, text, 0);
  if (setting.name == "calls") w.calls = count_value(setting, text, 0);
  if (setting.name == "grow") w.grow = count_value(setting, text, 0);
  if (setting.name == "runs") w.runs = count_value(setting, text, 1);
  if (setting.name == "reread") w.reread = switch_value(setting, text);
  if (setting.name == "slots") c.slots = count_value(setting, text, 1);
  if (setting.name == "vary") c.vary = share_value(text);
  if (setting.name == "bystanders") c.bystanders = count_value(setting, text, 0);
  if (setting.name == "threads") c.threads = count_value(setting, text, 1);
  if (setting.name == "pool") c.mix.pool = count_value(setting, text, 1);
  if (setting.name == "order") c.mix.order = order_value(text);
}

// Settings that say how pages are written mean nothing where none is written: they are dropped, so that
// the write=0 end of a sweep is one case and not several that differ in name only.
void normalise(Case& c) {
  Workload& w = c.workload;
  if (w.write == 0) {
    w.runs.reset();
    w.reread = false;
  }
  if (w.read == 0) w.reread = false;
  const bool touches = w.read != 0 || w.write != 0 || w.calls != 0 || w.grow != 0;
  w.kind = touches ? Workload::Kind::touch : Workload::Kind::none;
  if (!touches) c.vary = 0;
}

void check(const Workload& w) {
  if (w.runs && *w.runs > w.write) {
    fail("runs=" + std::to_string(*w.runs) + " needs at least as many written pages (write=" + std::to_string(w.write) +
         ")");
  }
  if (w.reread && w.read > w.write) {
    fail("reread reads pages that are written after: read=" + std::to_string(w.read) +
         " is more than write=" + std::to_string(w.write));
  }
}

}  // namespace

const std::vector<TouchSetting>& touch_settings() {
  using Kind = TouchSetting::Kind;
  static const std::vector<TouchSetting> kSettings{
      {"read", "pages of 4 KiB that are read, other ones than those written", Kind::work},
      {"write", "pages of 4 KiB that are written", Kind::work},
      {"calls", "table entries that are looked up", Kind::work},
      {"grow", "pages of 64 KiB that memory grows by, a byte of each written", Kind::work},
      {"runs", "the written pages lie in so many runs of neighbours (else each on its own)", Kind::work},
      {"reread", "on: the pages read are among those written, and are read first", Kind::work},
      {"slots", "instances alive at once; a cycle drops the oldest and makes a new one (1)", Kind::condition},
      {"vary", "share of the touched addresses drawn anew for each cycle, 0.05 or 5% (0)", Kind::condition},
      {"bystanders", "threads that spin beside the measured one (0)", Kind::condition},
      {"threads", "threads that make cycles at once, each with its slots (1)", Kind::condition},
      {"pool", "with --mix: slots of the pool that the modules share (one fewer than modules)", Kind::mix},
      {"order", "with --mix: uniform (drawn, each module equally often) or rotate (in turn)", Kind::mix}};
  return kSettings;
}

bool names_only_conditions(const std::string& text) {
  const std::vector<std::string> conditions = names_of({TouchSetting::Kind::condition});
  bool any = false;
  for (const std::string& part : split(text, ',')) {
    const size_t equals = part.find('=');
    if (equals == part.npos) continue;
    if (!is_in(conditions, part.substr(0, equals))) return false;
    any = true;
  }
  return any;
}

Sweep parse_touch(const std::string& given, SweepOf what) {
  if (given.empty()) fail("it is empty");
  const bool calls = given == kCall || given.starts_with(std::string(kCall) + ",");
  if (calls && what == SweepOf::mix) fail("--mix takes no calls");
  const std::string text = calls ? given.substr(std::min(given.size(), kCall.size() + 1)) : given;
  const std::vector<Setting> settings = text.empty() ? std::vector<Setting>{} : settings_of(text, what);
  if (!calls) refuse_without_pages(settings);
  std::vector<Case> product{Case{}};
  for (const Setting& setting : settings) {
    if (calls) refuse_touching(setting);
    std::vector<Case> next;
    for (const Case& base : product) {
      for (const std::string& value : setting.values) {
        next.push_back(base);
        apply(setting, value, next.back());
      }
    }
    if (next.size() > kMaxCases) fail("the product of the lists has more than " + std::to_string(kMaxCases) + " cases");
    product = std::move(next);
  }
  Sweep sweep;
  for (Case& c : product) {
    if (calls) {
      c.workload.kind = Workload::Kind::call;
      c.workload.label = kCall;
    } else {
      normalise(c);
      check(c.workload);
    }
    if (std::find(sweep.cases.begin(), sweep.cases.end(), c) == sweep.cases.end()) sweep.cases.push_back(c);
  }
  return sweep;
}

}  // namespace instbench::bench
