// Library: the modules of one script, each read and compiled once for all arms and plays.
//
// An entry lives as long as the library. Arms that check bounds explicitly and arms that use guard pages need
// different code, which is made when first asked for.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/codegen/code.hpp"
#include "runtime/module/wast.hpp"

namespace instbench::bench {

class Library {
 public:
  explicit Library(Compiler compiler) : compiler_(compiler) {}

  struct Entry {
    std::vector<std::byte> bytes;
    std::shared_ptr<const Module> module;  // null: `unreadable` says why
    std::string unreadable;
  };
  // What these bytes are. Bytes seen before give the same entry.
  const Entry& entry(const std::vector<std::byte>& bytes, const std::string& place);

  struct Made {
    std::shared_ptr<const Code> code;  // null: `why_not` says why
    std::string why_not;
  };
  // REQUIRES: entry.module is there.
  const Made& code(const Entry& entry, Bounds bounds);

  Compiler compiler() const { return compiler_; }

 private:
  Compiler compiler_;
  std::map<std::string, std::unique_ptr<Entry>> entries_;
  std::map<std::pair<const Entry*, Bounds>, Made> codes_;
};

}  // namespace instbench::bench
