#include "harness/report/policy.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <regex>

#include "harness/protocol/text.hpp"
#include "harness/report/format.hpp"

namespace instbench::bench {
namespace {

constexpr const char* kSchema = "instbench-policy/1";

// The number in front and what follows it; nothing when there is no number.
std::optional<std::pair<double, std::string>> number_and_unit(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  std::string unit(end, text.data() + text.size());
  unit.erase(0, unit.find_first_not_of(' ') == unit.npos ? unit.size() : unit.find_first_not_of(' '));
  return std::pair(value, unit);
}

bool is_day(const std::string& text) {
  if (!std::regex_match(text, std::regex("[0-9]{4}-[0-9]{2}-[0-9]{2}"))) return false;
  const auto number = [&](size_t at, size_t digits) { return std::stoi(text.substr(at, digits)); };
  return (std::chrono::year(number(0, 4)) / number(5, 2) / number(8, 2)).ok();
}

// One object of the file: what may be in it, and errors that say where.
class Reader {
 public:
  Reader(const Json& json, std::string where, const std::vector<std::string>& keys) : json_(json), where_(where) {
    if (!json.is_object()) throw PolicyError(where_ + " is not an object");
    for (const auto& [key, value] : json.items()) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end())
        throw PolicyError(where_ + ": " + unknown_name("key", key, keys));
    }
  }
  bool has(const char* key) const { return json_.contains(key); }
  std::string text(const char* key) const {
    const Json value = json_.value(key, Json());
    if (!value.is_string() || value.get<std::string>().empty())
      throw PolicyError(where_ + ": \"" + key + "\" is not a text");
    return value.get<std::string>();
  }
  std::optional<double> number(const char* key) const {
    if (!has(key)) return std::nullopt;
    if (!json_.at(key).is_number()) throw PolicyError(where_ + ": \"" + key + "\" is not a number");
    return json_.at(key).get<double>();
  }
  const Json& list(const char* key) const {
    static const Json none = Json::array();
    if (!has(key)) return none;
    if (!json_.at(key).is_array()) throw PolicyError(where_ + ": \"" + key + "\" is not a list");
    return json_.at(key);
  }
  // "2027-01-31", a day that there is; empty where there is none.
  std::string day(const char* key) const {
    if (!has(key)) return "";
    const std::string given = text(key);
    if (!is_day(given)) throw PolicyError(where_ + ": \"" + key + "\" takes a day, YYYY-MM-DD, not '" + given + "'");
    return given;
  }

 private:
  const Json& json_;
  std::string where_;
};

Policy::Tolerance tolerance_in(const Json& json, const std::string& where) {
  const Reader reader(json, where, {"cases", "metric", "tolerance"});
  Policy::Tolerance tolerance{reader.text("cases"), reader.has("metric") ? reader.text("metric") : "",
                              parse_share(reader.text("tolerance"), where + ": \"tolerance\"")};
  if (!tolerance.metric.empty() && tolerance.metric != "cycle" && tolerance.metric != "instantiate")
    throw PolicyError(where + ": " + unknown_name("metric", tolerance.metric, {"cycle", "instantiate"}));
  try {
    std::regex test(tolerance.cases);
  } catch (const std::regex_error& error) {
    throw PolicyError(where + ": \"" + tolerance.cases + "\" is no regular expression: " + error.what());
  }
  return tolerance;
}

Policy::Expected expected_in(const Json& json, const std::string& where) {
  const Reader reader(json, where, {"case", "metric", "change", "at_most", "a", "b", "until", "why"});
  Policy::Expected expected{reader.text("case"),      reader.text("metric"), "",
                            reader.text("why"),       reader.number("a"),    reader.number("b"),
                            reader.number("at_most"), reader.day("until")};
  const bool by_clock = expected.metric == "cycle" || expected.metric == "instantiate";
  if (by_clock) {
    expected.change = reader.text("change");
    if (expected.change != "slower" && expected.change != "faster")
      throw PolicyError(where + ": " + unknown_name("change", expected.change, {"slower", "faster"}));
    if (expected.a || expected.b) throw PolicyError(where + ": \"a\" and \"b\" are for counters, not for times");
    if (expected.at_most && !(*expected.at_most > 0))
      throw PolicyError(where + ": \"at_most\" takes a share above 0, such as 0.2 for 20 %");
  } else if (expected.at_most) {
    throw PolicyError(where + ": \"at_most\" is for cycle and instantiate; a counter has \"a\" and \"b\"");
  } else if (reader.has("change")) {
    throw PolicyError(where + ": \"change\" is for cycle and instantiate; a counter has \"a\" and \"b\"");
  } else if (!expected.a || !expected.b) {
    throw PolicyError(where + ": a counter's change needs its values, \"a\" and \"b\"");
  }
  return expected;
}

// How a line falls short of covering a change; empty: it covers it.
std::string shortfall(const Policy::Expected& line, double change, const std::string& day) {
  if (line.is_stale_on(day)) return "the policy expected it until " + line.until + " (" + line.why + ")";
  if (line.at_most && std::abs(change) > *line.at_most)
    return "the policy expects " + percent_text(*line.at_most) + " at most (" + line.why + ")";
  return "";
}

// The first line that names the change and covers it, else the first that names it.
template <typename Names>
Policy::Intent first_intent(const std::vector<Policy::Expected>& lines, const Names& names, double change,
                            const std::string& day) {
  Policy::Intent intent;
  for (const Policy::Expected& line : lines) {
    if (!names(line)) continue;
    const std::string but = shortfall(line, change, day);
    if (but.empty()) return {line.why, ""};
    if (intent.but.empty()) intent.but = but;
  }
  return intent;
}

}  // namespace

double parse_share(const std::string& text, const std::string& what) {
  const auto found = number_and_unit(text);
  const bool percent = found && found->second == "%";
  const double share = found ? found->first / (percent ? 100 : 1) : 0;
  if (!found || !(percent || found->second.empty()) || !(share >= 0.001 && share <= 1))
    throw PolicyError(what + " takes a share from 0.1% to 100%, such as 3% or 0.03, not '" + text + "'");
  return share;
}

double parse_nanoseconds(const std::string& text, const std::string& what) {
  const auto found = number_and_unit(text);
  double ns = found ? found->first : -1;
  if (found && (found->second == "us" || found->second == "µs"))
    ns *= 1000;
  else if (found && !found->second.empty() && found->second != "ns")
    ns = -1;
  if (!(ns >= 0 && ns <= 1e9)) throw PolicyError(what + " takes a time such as 20ns or 1us, not '" + text + "'");
  return ns;
}

double Policy::tolerance_of(const std::string& case_id, const std::string& metric, double otherwise) const {
  double share = otherwise;
  for (const Tolerance& line : tolerances) {
    if ((line.metric.empty() || line.metric == metric) && std::regex_search(case_id, std::regex(line.cases)))
      share = line.share;
  }
  return share;
}

Policy::Intent Policy::intent_of(const std::string& case_id, const std::string& metric, double change,
                                 const std::string& day) const {
  const std::string direction = change > 0 ? "slower" : "faster";
  const auto names = [&](const Expected& line) {
    return line.case_id == case_id && line.metric == metric && line.change == direction;
  };
  return first_intent(expected, names, change, day);
}

Policy::Intent Policy::intent_of(const std::string& case_id, const std::string& counter, const Json& a, const Json& b,
                                 const std::string& day) const {
  const auto same = [](const Json& value, double wanted) { return value.is_number() && value.get<double>() == wanted; };
  const auto names = [&](const Expected& line) {
    return line.case_id == case_id && line.metric == counter && line.a && line.b && same(a, *line.a) &&
           same(b, *line.b);
  };
  return first_intent(expected, names, 0, day);
}

Policy parse_policy(const Json& json, const std::string& file) {
  const Reader reader(
      json, file, {"policy", "tolerance", "floor", "on_inconclusive", "tolerances", "expected", "cases"});
  if (json.value("policy", Json()) != kSchema)
    throw PolicyError(file + ": not a policy: its \"policy\" is not \"" + kSchema + "\"");
  Policy policy;
  if (reader.has("tolerance")) policy.tolerance = parse_share(reader.text("tolerance"), file + ": \"tolerance\"");
  if (reader.has("floor")) policy.floor_ns = parse_nanoseconds(reader.text("floor"), file + ": \"floor\"");
  if (reader.has("on_inconclusive")) {
    const std::string word = reader.text("on_inconclusive");
    if (word != "fail" && word != "pass")
      throw PolicyError(file + ": " + unknown_name("on_inconclusive", word, {"fail", "pass"}));
    policy.inconclusive_passes = word == "pass";
  }
  size_t i = 0;
  for (const Json& line : reader.list("tolerances"))
    policy.tolerances.push_back(tolerance_in(line, file + ": tolerances[" + std::to_string(i++) + "]"));
  i = 0;
  for (const Json& line : reader.list("expected"))
    policy.expected.push_back(expected_in(line, file + ": expected[" + std::to_string(i++) + "]"));
  if (reader.has("cases")) {
    policy.cases.emplace();
    for (const Json& id : reader.list("cases")) {
      if (!id.is_string()) throw PolicyError(file + ": \"cases\" holds something else than case ids");
      policy.cases->push_back(id);
    }
  }
  return policy;
}

Policy parse_policy_text(const std::string& text, const std::string& file) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) throw PolicyError(file + ": not JSON");
  return parse_policy(json, file);
}

}  // namespace instbench::bench
