#include "harness/worker/itt.hpp"

#include <stdexcept>

#include "harness/worker/cell.hpp"

namespace instbench::bench {
namespace {

constexpr int kCollectorLoaded = 4;  // __itt_collection_init_successful

template <typename Function>
Function* find(const os::Library& library, const char* symbol) {
  return reinterpret_cast<Function*>(library.symbol(symbol));
}

}  // namespace

Itt::Itt(const std::string& library)
    : library_(os::Library::open(library)),
      begin_(find<void(const void*, void*)>(library_, "instbench_itt_begin")),
      end_(find<void(const void*)>(library_, "instbench_itt_end")) {
  // Asking for the state is what loads the collector; what is made after that is the collector's own.
  if (find<int()>(library_, "instbench_itt_state")() != kCollectorLoaded)
    throw std::runtime_error(std::string(kCollectorVariable) + " names no collector that can be loaded");
  domain_ = find<const void*(const char*)>(library_, "instbench_itt_domain")("instbench");
  auto* const handle = find<void*(const char*)>(library_, "instbench_itt_handle");
  for (size_t phase = 0; phase < kPhases; ++phase) tasks_[phase] = handle(name_of(static_cast<Phase>(phase)));
}

}  // namespace instbench::bench
