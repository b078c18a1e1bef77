#include "harness/engines/sightglass/c_api.hpp"

namespace instbench::bench::sightglass {

Api::Api(const std::string& path) : library_("sightglass", path) {
  library_.find("wasm_bench_create", create);
  library_.find("wasm_bench_compile", compile);
  library_.find("wasm_bench_instantiate", instantiate);
  library_.find("wasm_bench_execute", execute);
  library_.find("wasm_bench_free", free);
}

}  // namespace instbench::bench::sightglass
