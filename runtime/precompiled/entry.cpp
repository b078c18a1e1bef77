#include "runtime/precompiled/entry.hpp"

#include <algorithm>

#include "runtime/precompiled/content_hash.hpp"
#include "runtime/precompiled/module_bytes.hpp"

namespace instbench {
namespace {

constexpr std::string_view kMagic = "instbpre";
constexpr size_t kHashDigits = 32;
constexpr size_t kHeaderBytes = kMagic.size() + sizeof(uint32_t) + sizeof(uint64_t) + kHashDigits;

void write_code(ByteWriter& w, const CodeFacts& code) {
  w.text(code.hash);
  w.number(code.bytes);
  for (const double seconds : {code.times.translate_s, code.times.compile_s, code.times.link_s}) w.number(seconds);
  w.number(code.times.c_bytes);
  w.number(code.times.object_bytes);
}

CodeFacts read_code(ByteReader& r) {
  CodeFacts code;
  code.hash = r.text();
  // It becomes part of a file name.
  const bool hex = code.hash.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (code.hash.size() != kHashDigits || !hex) r.fail("a content hash that is none");
  code.bytes = r.number<uint64_t>();
  code.times.translate_s = r.number<double>();
  code.times.compile_s = r.number<double>();
  code.times.link_s = r.number<double>();
  code.times.c_bytes = r.number<uint64_t>();
  code.times.object_bytes = r.number<uint64_t>();
  return code;
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::vector<std::byte> entry_bytes(const Entry& entry) {
  const Module& module = *entry.module;
  ByteWriter body;
  body.reserve(module.data_bytes.size() + module.data_segments.size() * 64 + (1 << 16));
  body.number<uint8_t>(entry.code.has_value());
  if (entry.code) write_code(body, *entry.code);
  body.number<uint8_t>(entry.refusal.has_value());
  if (entry.refusal) {
    body.text(entry.refusal->why);
    body.number(entry.refusal->when);
  }
  write_module(body, module);
  const std::vector<std::byte> content = body.take();

  ByteWriter file;
  file.reserve(kHeaderBytes + content.size());
  file.raw(std::as_bytes(std::span(kMagic)));
  file.number(kEntryFormat);
  file.number<uint64_t>(content.size());
  const std::string hash = content_hash(content);
  file.raw(std::as_bytes(std::span(hash)));
  file.raw(content);
  return file.take();
}

Entry parse_entry(std::span<const std::byte> bytes) {
  ByteReader header(bytes);
  if (as_text(header.raw(kMagic.size())) != kMagic) header.fail("not a precompiled module");
  if (header.number<uint32_t>() != kEntryFormat) header.fail("another version of the format");
  if (header.number<uint64_t>() != bytes.size() - std::min(bytes.size(), kHeaderBytes))
    header.fail("its length is not the one written in it");
  const std::string_view hash = as_text(header.raw(kHashDigits));
  const auto content = bytes.subspan(kHeaderBytes);
  if (content_hash(content) != hash) header.fail("its content hash does not match");

  ByteReader body(content);
  Entry entry;
  if (body.flag()) entry.code = read_code(body);
  if (body.flag()) {
    entry.refusal.emplace();
    entry.refusal->why = body.text();
    entry.refusal->when = body.number<int64_t>();
  }
  entry.module = read_module(body);
  if (!body.at_end()) body.fail("bytes are left over");
  return entry;
}

}  // namespace instbench
