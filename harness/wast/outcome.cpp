#include "harness/wast/outcome.hpp"

namespace instbench::bench {

void Tally::add(const Outcome& outcome, const std::string& place) {
  switch (outcome.kind) {
    case Outcome::Kind::passed:
      ++passed;
      return;
    case Outcome::Kind::failed:
      ++failed;
      failures.push_back({place, outcome.text});
      return;
    case Outcome::Kind::skipped:
      ++skipped;
      Skips& skip = skips[outcome.text];
      if (skip.count++ == 0) skip.first = place;
      return;
  }
}

void Tally::add(const Tally& other) {
  files += other.files;
  modules += other.modules;
  reused += other.reused;
  passed += other.passed;
  failed += other.failed;
  skipped += other.skipped;
  failures.insert(failures.end(), other.failures.begin(), other.failures.end());
  for (const auto& [reason, theirs] : other.skips) {
    Skips& ours = skips[reason];
    if (ours.count == 0) ours.first = theirs.first;
    ours.count += theirs.count;
  }
}

Json to_json(const Tally& tally) {
  Json failures = Json::array(), skips = Json::array();
  for (const Failure& failure : tally.failures) failures.push_back({failure.place, failure.text});
  for (const auto& [reason, skip] : tally.skips) skips.push_back({reason, skip.count, skip.first});
  return {{"files", tally.files},   {"modules", tally.modules}, {"reused", tally.reused}, {"passed", tally.passed},
          {"failed", tally.failed}, {"skipped", tally.skipped}, {"failures", failures},   {"skips", skips}};
}

Tally tally_from(const Json& json) {
  Tally tally;
  json.at("files").get_to(tally.files);
  json.at("modules").get_to(tally.modules);
  json.at("reused").get_to(tally.reused);
  json.at("passed").get_to(tally.passed);
  json.at("failed").get_to(tally.failed);
  json.at("skipped").get_to(tally.skipped);
  for (const Json& failure : json.at("failures"))
    tally.failures.push_back({failure.at(0).get<std::string>(), failure.at(1).get<std::string>()});
  for (const Json& skip : json.at("skips"))
    tally.skips[skip.at(0).get<std::string>()] = {skip.at(1).get<uint64_t>(), skip.at(2).get<std::string>()};
  return tally;
}

}  // namespace instbench::bench
