#include "harness/engines/core/program.hpp"

#include "runtime/instance/prepared.hpp"
#include "runtime/module/load.hpp"
#include "runtime/module/sha256.hpp"
#include "runtime/precompiled/precompiled.hpp"

namespace instbench::bench {
namespace {

std::vector<std::byte> read_requested(const Request& request) {
  std::vector<std::byte> bytes = read_module_file(request.module_path);
  if (!request.module_sha256.empty() && sha256_hex(bytes) != request.module_sha256)
    throw LoadError(request.cell.module, std::nullopt, "its bytes changed since the run began");
  return bytes;
}

// From the cache without reading the module, when the parent has said which bytes it has.
Precompiled with_code(const Request& request, const Strategy& strategy, Compiler compiler) {
  CodegenOptions options;
  options.compiler = compiler;
  options.bounds = bounds_of(strategy);
  std::string sha256 = request.module_sha256;
  if (sha256.empty()) sha256 = sha256_hex(read_requested(request));
  Cache cache = Cache::standard();
  return precompile({sha256, request.cell.module, [&] { return read_requested(request); }}, options, cache);
}

std::shared_ptr<const Module> without_code(const Request& request, const Strategy& strategy) {
  // The parent has validated the bytes; here they only have to be the same bytes. Bodies are read where it must be
  // known which tables code writes: a cell that runs no code qualifies no more tables than one that does.
  const bool proves = strategy.tables == TableInit::retained || strategy.tables == TableInit::proven;
  const Bodies bodies = request.module_sha256.empty() || proves ? Bodies::validate : Bodies::skip;
  return load(read_requested(request), request.cell.module, bodies);
}

void make_host(Program& program) {
  if (program.script) program.host = std::make_shared<CallHost>(*program.script);
}

void run_preinit(Program& program, const CallScript& script) {
  const CallHost host(script, wasi::Clock::fixed);
  try {
    Preinitialised made = preinit(program.module, program.code, script.preinit, &host);
    program.module = made.module;
    program.preinit = made.report;
  } catch (const PreinitError& error) {
    throw Unsupported(error.what());
  }
}

}  // namespace

Bounds bounds_of(const Strategy& strategy) {
  return strategy.reserve_bytes + strategy.guard_bytes >= kGuardedBytes ? Bounds::guard : Bounds::checked;
}

Program load_program(const Request& request, const Strategy& strategy) {
  if (strategy.memory == MemoryInit::overlay && strategy.backing == Backing::file) {
    const Cache cache = Cache::standard();
    if (!cache.usable()) throw Unsupported("backing=file: " + cache.why_unusable());
    set_image_folder(cache.folder());
  }
  Program program;
  const bool preinits = !request.cell.preinit.empty();
  const bool calls = request.cell.workload.kind == Workload::Kind::call || preinits;
  if (request.cell.workload.kind == Workload::Kind::call)
    program.script = parse_call_script(request.cell.workload.script, request.cell.module);
  make_host(program);
  const Compiler compiler = parse_compiler(request.codegen);
  if (!calls) {
    program.module = without_code(request, strategy);
    program.codegen = "none";
    if (!program.module->start || compiler == Compiler::none) return program;
  }
  if (compiler == Compiler::none) throw Unsupported("codegen=none: nothing can be called");
  Precompiled made = with_code(request, strategy, compiler);
  program.module = made.module;
  program.code = made.code;
  program.cache_note = std::string(name_of(made.use)) + (made.note.empty() ? "" : ": " + made.note);
  if (made.code == nullptr) {
    if (calls) throw Unsupported("it cannot be called: " + made.why_no_code);
    program.codegen = "none: " + made.why_no_code;
  } else {
    program.codegen = made.code->options();
  }
  if (preinits) run_preinit(program, parse_call_script(request.cell.preinit, request.cell.module));
  return program;
}

}  // namespace instbench::bench
