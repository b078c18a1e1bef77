#include "runtime/wasi/world.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "runtime/wasi/bound.hpp"
#include "runtime/wasi/calls.hpp"

namespace instbench::wasi {
namespace {

Trap proc_exit(void*, const Instance&, Value* values) noexcept {
  set_exit_code(values[0].i32);
  return Trap::exit;
}
FuncType proc_exit_type() { return {{ValType::i32}, {}}; }

struct Function {
  std::string_view name;
  HostCode code;
  FuncType (*type)();
};

template <auto F>
constexpr Function bound(std::string_view name) {
  return {name, &Bound<F>::code, &Bound<F>::type};
}

constexpr std::array kFunctions{
    bound<args_get>("args_get"),
    bound<args_sizes_get>("args_sizes_get"),
    bound<environ_get>("environ_get"),
    bound<environ_sizes_get>("environ_sizes_get"),
    bound<clock_res_get>("clock_res_get"),
    bound<clock_time_get>("clock_time_get"),
    bound<fd_advise>("fd_advise"),
    bound<fd_allocate>("fd_allocate"),
    bound<fd_close>("fd_close"),
    bound<fd_datasync>("fd_datasync"),
    bound<fd_fdstat_get>("fd_fdstat_get"),
    bound<fd_fdstat_set_flags>("fd_fdstat_set_flags"),
    bound<fd_fdstat_set_rights>("fd_fdstat_set_rights"),
    bound<fd_filestat_get>("fd_filestat_get"),
    bound<fd_filestat_set_size>("fd_filestat_set_size"),
    bound<fd_filestat_set_times>("fd_filestat_set_times"),
    bound<fd_pread>("fd_pread"),
    bound<fd_prestat_get>("fd_prestat_get"),
    bound<fd_prestat_dir_name>("fd_prestat_dir_name"),
    bound<fd_pwrite>("fd_pwrite"),
    bound<fd_read>("fd_read"),
    bound<fd_readdir>("fd_readdir"),
    bound<fd_renumber>("fd_renumber"),
    bound<fd_seek>("fd_seek"),
    bound<fd_sync>("fd_sync"),
    bound<fd_tell>("fd_tell"),
    bound<fd_write>("fd_write"),
    bound<path_create_directory>("path_create_directory"),
    bound<path_filestat_get>("path_filestat_get"),
    bound<path_filestat_set_times>("path_filestat_set_times"),
    bound<path_link>("path_link"),
    bound<path_open>("path_open"),
    bound<path_readlink>("path_readlink"),
    bound<path_remove_directory>("path_remove_directory"),
    bound<path_rename>("path_rename"),
    bound<path_symlink>("path_symlink"),
    bound<path_unlink_file>("path_unlink_file"),
    bound<poll_oneoff>("poll_oneoff"),
    Function{"proc_exit", &proc_exit, &proc_exit_type},
    bound<proc_raise>("proc_raise"),
    bound<sched_yield>("sched_yield"),
    bound<random_get>("random_get"),
    bound<sock_accept>("sock_accept"),
    bound<sock_recv>("sock_recv"),
    bound<sock_send>("sock_send"),
    bound<sock_shutdown>("sock_shutdown"),
};

}  // namespace

World::World(Options options) : state_(std::make_unique<State>(std::move(options))) {}
World::~World() = default;

std::optional<HostDefinition> World::find(const std::string& module, const std::string& name,
                                          const FuncType& type) const {
  if (module != "wasi_snapshot_preview1") return std::nullopt;
  const auto found =
      std::find_if(kFunctions.begin(), kFunctions.end(), [&](const Function& f) { return f.name == name; });
  if (found == kFunctions.end() || found->type() != type) return std::nullopt;
  return HostDefinition{found->code, state_.get()};
}

void World::reset() noexcept { state_->reset(); }
const std::string& World::stdout_text() const { return state_->out.text; }
const std::string& World::stderr_text() const { return state_->err.text; }
uint64_t World::dropped_bytes() const { return state_->out.dropped + state_->err.dropped; }
const std::optional<std::string>& World::path_refusal() const { return state_->path_refusal; }

}  // namespace instbench::wasi
