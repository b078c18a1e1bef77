#include "runtime/module/wabt_features.hpp"

#include <wabt/config.h>

namespace instbench {

wabt::Features wabt_features() {
  wabt::Features features;
  features.EnableAll();
  features.disable_gc();
  features.disable_function_references();
  features.disable_annotations();
  features.disable_code_metadata();
  return features;
}

std::string wabt_version() { return WABT_VERSION_STRING; }

}  // namespace instbench
