#include "harness/run/provenance.hpp"

#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <random>

#include "runtime/os/build_info.hpp"
#include "runtime/os/environment.hpp"
#include "runtime/os/features.hpp"

namespace instbench::bench {
namespace {

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::string time_text(const char* format) {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc = {};
  ::gmtime_r(&now, &utc);
  char buffer[64];
  return {buffer, std::strftime(buffer, sizeof buffer, format, &utc)};
}

Json features_json() {
  Json features = Json::object();
  for (const os::Feature& feature : os::features()) {
    features[std::string(feature.name)] = feature.support.ok ? Json(nullptr) : Json(feature.support.why_not);
  }
  return features;
}

}  // namespace

Json tool_json() {
  const os::BuildInfo& build = os::build_info();
  return {{"name", "instbench"},  {"version", build.version},       {"git", build.commit},
          {"dirty", build.dirty}, {"build_type", build.build_type}, {"compiler", build.compiler},
          {"flags", build.flags}, {"sanitizers", build.sanitizers}, {"assertions", build.assertions}};
}

Json machine_json() {
  const os::Environment e = os::environment();
  return {{"kernel", e.kernel},
          {"architecture", e.architecture},
          {"cpu", e.cpu},
          {"cpus", e.cpus},
          {"memory_bytes", e.memory_bytes},
          {"page_bytes", e.page_bytes},
          {"thp", or_null(e.thp)},
          {"thp_shmem", or_null(e.thp_shmem)},
          {"hypervisor", or_null(e.hypervisor)},
          {"aslr", or_null(e.aslr)},
          {"clock_source", or_null(e.clock_source)},
          {"governor", or_null(e.governor)},
          {"fault_around_bytes", or_null(e.fault_around_bytes)},
          {"swap_bytes", or_null(e.swap_bytes)},
          {"cgroup_cpu_max", or_null(e.cgroup_cpu_max)},
          {"features", features_json()}};
}

std::string utc_now() { return time_text("%Y-%m-%dT%H:%M:%SZ"); }

std::string run_id() {
  char digits[8];
  std::snprintf(digits, sizeof digits, "-%04x", std::random_device{}() & 0xffffU);
  return time_text("%Y%m%d-%H%M%S") + digits;
}

std::string without_folders(const std::string& argument) {
  const size_t equals = argument.starts_with("--") ? argument.find('=') : std::string::npos;
  const std::string flag = equals == std::string::npos ? "" : argument.substr(0, equals + 1);
  const std::string value = argument.substr(flag.size());
  // "--arm=wasmtime@/home/x/lib.so:pooling": the folders behind '@' go, what follows stays.
  if (const size_t at = value.find("@/"); at != std::string::npos)
    return flag + value.substr(0, at + 1) + value.substr(value.rfind('/') + 1);
  const bool has_folders = value.starts_with('/') || value.starts_with('~') || value.starts_with("../");
  return has_folders ? flag + std::filesystem::path(value).filename().string() : argument;
}

}  // namespace instbench::bench
