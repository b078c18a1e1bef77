#include <algorithm>

#include "runtime/os/fitness.hpp"

namespace instbench::os {
namespace {

constexpr const char* kNotBuilt = "not in this kernel";

// Files below /sys/kernel/mm exist when the kernel was built with what they set; when that folder is there and the
// file is not, the answer is known.
Fact<std::string> choice(const std::string& mm, const std::string& file) {
  const std::string path = mm + "/transparent_hugepage";
  if (is_folder(mm) && !is_folder(path)) return std::string(kNotBuilt);
  return chosen_word(path + "/" + file);
}

// Sizes below the large one (hpage_pmd_size, 2 MiB), which `enabled` and `shmem_enabled` above speak of already.
Fact<std::vector<SmallHugePage>> small_huge_pages(const std::string& mm, const MemoryFacts& facts) {
  const std::string folder = mm + "/transparent_hugepage";
  if (!is_folder(mm)) return unknown<std::vector<SmallHugePage>>(mm + " is not there");
  const uint64_t large = number_in(folder + "/hpage_pmd_size").value.value_or(uint64_t{2} << 20);
  std::vector<SmallHugePage> used;
  for (const std::string& name : names_in(folder, "hugepages-")) {
    const std::string size = name.substr(name.find('-') + 1);
    if (number_of(size).value_or(0) * 1024 >= large) continue;
    for (const auto& [file, above] : {std::pair("enabled", &facts.thp), std::pair("shmem_enabled", &facts.thp_shmem)}) {
      const std::string path = folder + "/" + name + "/" + file;
      std::string mode = chosen_word(path).value.value_or("never");
      if (mode == "inherit") mode = above->value.value_or("inherit");
      if (mode != "never" && mode != "deny") used.push_back({size, mode, path});
    }
  }
  return used;
}

bool evicts(const std::string& action) { return action == "pageout" || action == "cold" || action == "migrate_cold"; }

// The numbered folders of a sysfs folder of DAMON, in order.
std::vector<std::string> numbered(const std::string& folder) {
  std::vector<std::string> paths;
  for (const std::string& name : names_in(folder, "")) {
    if (number_of(name)) paths.push_back(folder + "/" + name);
  }
  return paths;
}

DamonUse kdamond(const std::string& folder) {
  DamonUse use;
  use.off = "off";
  use.file = folder + "/state";
  std::string actions;
  for (const std::string& context : numbered(folder + "/contexts")) {
    for (const std::string& scheme : numbered(context + "/schemes")) {
      const std::string action = first_line(scheme + "/action").value.value_or("unknown action");
      use.evicts = use.evicts || evicts(action);
      actions += (actions.empty() ? "" : ", ") + action;
    }
  }
  use.what = "kdamond " + folder.substr(folder.rfind('/') + 1) + " (" + (actions.empty() ? "watches" : actions) + ")";
  return use;
}

// The states are for root alone. Without that right the kernel threads still tell, where this process sees those of
// the whole machine (the second of all is kthreadd).
Fact<std::vector<DamonUse>> damon_threads(const Roots& roots, const std::string& why_not) {
  std::vector<DamonUse> uses;
  if (first_line(roots.proc + "/2/comm").value != "kthreadd") return unknown<std::vector<DamonUse>>(why_not);
  for (const std::string& pid : numbered(roots.proc)) {
    const auto name = first_line(pid + "/comm");
    if (name && name->starts_with("kdamond"))
      return unknown<std::vector<DamonUse>>("a " + *name + " thread runs; what it does only root can read");
  }
  return uses;
}

// Linux 5.15 on; the modules are front ends that start kdamonds of their own.
Fact<std::vector<DamonUse>> damon(const Roots& roots) {
  const std::string mm = roots.sys + "/kernel/mm";
  if (!is_folder(mm)) return unknown<std::vector<DamonUse>>(mm + " is not there");
  std::vector<DamonUse> uses;
  for (const std::string name : {"damon_reclaim", "damon_lru_sort", "damon_stat"}) {
    const std::string file = roots.sys + "/module/" + name + "/parameters/enabled";
    if (first_line(file).value.value_or("N") == "Y") uses.push_back({name, name == "damon_reclaim", "N", file});
  }
  for (const std::string& folder : numbered(mm + "/damon/admin/kdamonds")) {
    const auto state = first_line(folder + "/state");
    if (!state && uses.empty()) return damon_threads(roots, state.why_not);
    if (state && *state == "on") uses.push_back(kdamond(folder));
  }
  return uses;
}

Fact<NumaFacts> numa(const Roots& roots) {
  const std::string folder = roots.sys + "/devices/system/node";
  return then(field_in(roots.proc + "/self/status", "Cpus_allowed_list"), [&](const std::string& list) {
    return then(cpu_set_of(list), [&](const CpuSet& allowed) -> Fact<NumaFacts> {
      NumaFacts facts;
      for (const std::string& node : names_in(folder, "node")) {
        const auto cpus = cpu_set_in(folder + "/" + node + "/cpulist");
        if (!cpus) continue;
        ++facts.nodes;
        facts.nodes_allowed +=
            std::find_first_of(cpus->begin(), cpus->end(), allowed.begin(), allowed.end()) != cpus->end();
      }
      if (facts.nodes == 0) return unknown<NumaFacts>(folder + " lists no node");
      return facts;
    });
  });
}

// A heading, then one line a device: name, type, size and used in KiB, priority (proc_swaps(5)).
Fact<std::vector<SwapDevice>> swap_devices(const std::string& path) {
  return then(whole_text(path), [](const std::string& text) -> Fact<std::vector<SwapDevice>> {
    std::vector<SwapDevice> devices;
    for (const std::string& line : lines_of(text)) {
      const auto words = words_of(line);
      if (words.size() < 4 || words[0] == "Filename") continue;
      devices.push_back({words[0], number_of(words[2]).value_or(0) * 1024, number_of(words[3]).value_or(0) * 1024});
    }
    return devices;
  });
}

Fact<uint64_t> kib(const std::string& path, const std::string& key) {
  return then(number_field_in(path, key), [](uint64_t number) -> Fact<uint64_t> { return number * 1024; });
}

}  // namespace

MemoryFacts read_memory_facts(const Roots& roots) {
  const std::string mm = roots.sys + "/kernel/mm", vm = roots.proc + "/sys/vm";
  MemoryFacts facts;
  facts.total_bytes = kib(roots.proc + "/meminfo", "MemTotal");
  facts.available_bytes = kib(roots.proc + "/meminfo", "MemAvailable");
  facts.thp = choice(mm, "enabled");
  facts.thp_shmem = choice(mm, "shmem_enabled");
  facts.small_huge_pages = small_huge_pages(mm, facts);
  facts.ksm_run = is_folder(mm) && !is_folder(mm + "/ksm") ? Fact<uint64_t>(0) : number_in(mm + "/ksm/run");
  facts.damon = damon(roots);
  facts.numa = numa(roots);
  facts.numa_balancing = number_in(roots.proc + "/sys/kernel/numa_balancing");
  facts.swap = swap_devices(roots.proc + "/swaps");
  facts.zswap = then(first_line(roots.sys + "/module/zswap/parameters/enabled"),
                     [](const std::string& word) -> Fact<bool> { return word == "Y"; });
  // debugfs is for root; the kernel's default is 64 KiB.
  facts.fault_around_bytes = number_in(roots.sys + "/kernel/debug/fault_around_bytes");
  facts.max_map_count = number_in(vm + "/max_map_count");
  facts.overcommit = number_in(vm + "/overcommit_memory");
  facts.limit = memory_limit(roots.proc, roots.sys);
  return facts;
}

}  // namespace instbench::os
