// For verbs that make instances in their own process: what a worker does before it loads a module.
#pragma once

#include <vector>

#include "runtime/instance/strategy.hpp"

namespace instbench::bench {

// Where one of them has backing=file, names the folder of its image files (runtime/image/image.hpp): that of precompiled
// modules. Throws std::runtime_error when there is none.
void provide_image_folder(const std::vector<Strategy>& strategies);

}  // namespace instbench::bench
