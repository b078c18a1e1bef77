#include "harness/cli/out_path.hpp"

#include <filesystem>
#include <map>

#include "harness/cli/cli.hpp"
#include "harness/cli/home.hpp"
#include "harness/run/journal.hpp"
#include "runtime/os/file.hpp"

namespace instbench::bench {
namespace {

namespace fs = std::filesystem;

std::string quoted(const std::string& argument) {
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./=:,+-@%#";
  if (!argument.empty() && argument.find_first_not_of(kPlain) == argument.npos) return argument;
  std::string out = "'";
  for (const char c : argument) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string file_safe(const std::string& label) {
  std::string out;
  for (const char c : label.substr(0, 40))
    out += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' ? c : '-';
  return out;
}

// One spelling of a path, whether the file is there or not.
std::string place_of(const std::string& path) {
  std::error_code unreachable;  // then the write will say so
  const fs::path place = fs::weakly_canonical(fs::absolute(path), unreachable);
  return (unreachable ? fs::absolute(path).lexically_normal() : place).string();
}

}  // namespace

std::string default_out(const std::string& label, const std::string& id) {
  // The id is "20261122-203000-1a2b": its date leads the name, its time and digits make it unique.
  const std::string name = id.substr(0, 8) + "-" + file_safe(label) + id.substr(8) + ".json";
  const fs::path folder = fs::path(find_home().value_or(".")) / "results" / "local";
  const std::string absolute = (folder / name).string(), relative = fs::proximate(folder / name).string();
  return relative.size() < absolute.size() && !relative.starts_with("..") ? relative : absolute;
}

void check_replaceable(const std::string& path) {
  std::error_code unknown;  // a folder that may not be searched: the write will say so
  const fs::file_type type = fs::symlink_status(path, unknown).type();
  if (type == fs::file_type::none || type == fs::file_type::not_found || type == fs::file_type::regular) return;
  throw UsageError(path + " is not a regular file" + (type == fs::file_type::symlink ? " but a symbolic link" : "") +
                   ", and is not replaced: name another");
}

void write_json(const std::string& path, const Json& json) {
  os::write_atomically(path, json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

void check_apart(const std::vector<NamedFile>& files) {
  std::map<std::string, std::string> taken;  // place -> who writes there
  for (const auto& [who, file] : files) {
    if (file.empty()) continue;
    const auto [at, is_new] = taken.emplace(place_of(file), who);
    if (!is_new)
      throw UsageError(at->second + " and " + who + " name the same file, '" + file + "': give each its own");
  }
}

void check_out(const std::string& out, Existing existing) {
  const std::string journal = journal_path(out);
  std::error_code absent;
  if (out.empty() || fs::is_directory(out, absent)) throw UsageError("--out '" + out + "' is a folder: name a file");
  check_replaceable(out);
  check_replaceable(journal);
  if (existing == Existing::resume) return;
  for (const std::string& path : {out, journal}) {
    if (existing == Existing::refuse && fs::exists(path, absent)) {
      throw UsageError(path + " is there already: --resume goes on with it, --force replaces it");
    }
  }
  os::check_writable(out);
}

std::string resume_command(const std::vector<std::string>& arguments, const std::string& out) {
  std::string text = "instbench";
  bool has_out = false, has_resume = false;
  for (const std::string& argument : arguments) {
    if (argument == "--force") continue;
    text += " " + quoted(argument);
    has_out = has_out || argument == "--out" || argument.starts_with("--out=");
    has_resume = has_resume || argument == "--resume";
  }
  if (!has_resume) text += " --resume";
  return has_out ? text : text + " --out " + quoted(out);
}

}  // namespace instbench::bench
