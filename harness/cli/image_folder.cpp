#include "harness/cli/image_folder.hpp"

#include <algorithm>
#include <stdexcept>

#include "runtime/image/image.hpp"
#include "runtime/precompiled/cache.hpp"

namespace instbench::bench {

void provide_image_folder(const std::vector<Strategy>& strategies) {
  const auto is_in_files = [](const Strategy& s) { return s.memory == MemoryInit::overlay && s.backing == Backing::file; };
  if (std::none_of(strategies.begin(), strategies.end(), is_in_files)) return;
  const Cache cache = Cache::standard();
  if (!cache.usable()) throw std::runtime_error("backing=file: " + cache.why_unusable());
  set_image_folder(cache.folder());
}

}  // namespace instbench::bench
