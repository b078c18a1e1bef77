#include "harness/fuzz/generate.hpp"

namespace instbench::bench {
namespace {

std::string number(uint64_t value) { return std::to_string(value); }

class Generator {
 public:
  Generator(Decisions& decisions, GeneratedBodies bodies) : d_(decisions), bodies_(bodies) {
    // What always traps shows little: memories and tables are mostly there, and mostly met within their bounds.
    pages_ = d_.below(8) == 7 ? 0 : 1 + d_.below(3);
    most_pages_ = pages_ + d_.below(4);
    tables_ = 1 + d_.below(2);
    entries_ = d_.below(8) == 7 ? 0 : 8 + d_.below(16);
    functions_ = 1 + d_.below(6);
    passive_data_ = d_.below(3);
    passive_elements_ = d_.below(3);
  }

  std::string text() {
    out_ = "(module (type $t (func (param i32) (result i32)))\n (memory " + number(pages_) + " " + number(most_pages_) +
           ")\n";
    for (uint32_t i = 0; i < tables_; ++i)
      out_ += " (table $t" + number(i) + " " + number(entries_) + " " + number(entries_ + 8) + " funcref)\n";
    out_ += " (global $fuel (mut i32) (i32.const 300))\n (global $i (mut i32) (i32.const " + number(d_.word() >> 1) +
            "))\n";
    out_ += " (global $l (mut i64) (i64.const " + number(d_.word()) + "))\n (global $f (mut f64) (f64.const " +
            number(d_.below(99)) + "))\n";
    out_ += " (global $r (mut funcref) (ref." + std::string(d_.yes() ? "null func" : "func $f0") + "))\n";
    segments();
    for (uint32_t i = 0; i < functions_; ++i) function(i);
    if (d_.yes()) out_ += " (func $start (drop (call $f0 (i32.const 3)))) (start $start)\n";
    out_ += " (elem declare func";
    for (uint32_t i = 0; i < functions_; ++i) out_ += " $f" + number(i);
    return out_ + "))\n";
  }

 private:
  void segments() {
    const uint64_t bytes = uint64_t{pages_} * 65536;
    for (uint32_t i = d_.below(5); i > 0; --i) {
      // Mostly in bounds, at times over the edge, overlapping at will.
      const uint64_t offset = bytes == 0 ? d_.below(2) : (d_.word() % (bytes + (d_.below(16) == 0 ? 8 : 0)));
      const uint64_t room = bytes > offset ? bytes - offset : d_.below(8) == 0;
      std::string content;
      for (uint64_t k = std::min<uint64_t>(room, 1 + d_.below(20)); k > 0; --k) content += "\\" + hex(d_.below(256));
      out_ += " (data (i32.const " + number(offset) + ") \"" + content + "\")\n";
    }
    for (uint32_t i = 0; i < passive_data_; ++i) out_ += " (data $d" + number(i) + " \"passive " + number(i) + "\")\n";
    for (uint32_t i = d_.below(4); i > 0 && entries_ != 0; --i) {
      const uint32_t offset = d_.below(entries_ + (d_.below(16) == 0 ? 2 : 0));
      out_ += " (elem (table $t" + number(d_.below(tables_)) + ") (i32.const " + number(offset) + ") func";
      for (uint32_t k = entries_ > offset ? 1 + d_.below(entries_ - offset) : d_.below(2); k > 0; --k)
        out_ += " $f" + number(d_.below(functions_));
      out_ += ")\n";
    }
    for (uint32_t i = 0; i < passive_elements_; ++i)
      out_ += " (elem $e" + number(i) + " func $f" + number(d_.below(functions_)) + " $f" +
              number(d_.below(functions_)) + ")\n";
  }

  static std::string hex(uint32_t byte) {
    constexpr char kDigits[] = "0123456789abcdef";
    return {kDigits[byte / 16], kDigits[byte % 16]};
  }

  void function(uint32_t index) {
    out_ += " (func $f" + number(index) + " (export \"f" + number(index) +
            "\") (param $p i32) (result i32) (local $a i32) (local $b i64)\n";
    // Every call costs fuel, so every program ends.
    out_ +=
        "  (if (i32.eqz (global.get $fuel)) (then unreachable))\n  (global.set $fuel (i32.sub (global.get $fuel) "
        "(i32.const 1)))\n";
    if (bodies_ == GeneratedBodies::full) {
      for (uint32_t i = 2 + d_.below(8); i > 0; --i) out_ += "  " + statement(3) + "\n";
    }
    out_ += "  " + (bodies_ == GeneratedBodies::full ? i32(3) : "(local.get $p)") + ")\n";
  }

  std::string table() { return "$t" + number(d_.below(tables_)); }
  std::string entry() {
    return d_.yes() ? "(i32.const " + number(d_.below(d_.below(8) == 7 ? entries_ + 2 : entries_ / 2 + 1)) + ")"
                    : "(i32.and " + i32(0) + " (i32.const 7))";
  }
  std::string address() { return d_.below(8) == 0 ? i32(0) : "(i32.and " + i32(0) + " (i32.const 65535))"; }
  std::string offset() {
    return d_.below(12) == 0 ? " offset=" + number(d_.word()) : " offset=" + number(d_.below(64));
  }

  std::string reference(int depth) {
    switch (d_.below(4)) {
      case 0:
        return "(ref.null func)";
      case 1:
        return "(global.get $r)";
      case 2:
        return depth > 0 ? "(table.get " + table() + " " + entry() + ")" : "(ref.null func)";
      default:
        return "(ref.func $f" + number(d_.below(functions_)) + ")";
    }
  }

  std::string statement(int depth) {
    if (depth == 0) return "nop";
    switch (d_.below(19)) {
      case 0:
        return "(i32.store" + offset() + " " + address() + " " + i32(depth - 1) + ")";
      case 1:
        return "(i64.store8" + offset() + " " + address() + " " + i64(depth - 1) + ")";
      case 2:
        return "(f64.store" + offset() + " " + address() + " " + f64(depth - 1) + ")";
      case 3:
        return "(global.set $i " + i32(depth - 1) + ")";
      case 4:
        return "(global.set $l " + i64(depth - 1) + ")";
      case 5:
        return "(global.set $f " + f64(depth - 1) + ")";
      case 6:
        return "(global.set $r " + reference(1) + ")";
      case 7:
        return "(table.set " + table() + " " + entry() + " " + reference(1) + ")";
      case 8:
        return "(table.copy " + table() + " " + table() + " " + entry() + " " + entry() + " (i32.const " +
               number(d_.below(5)) + "))";
      case 9:
        return "(drop (table.grow " + table() + " " + reference(1) + " (i32.const " + number(d_.below(4)) + ")))";
      case 10:
        return "(table.fill " + table() + " " + entry() + " " + reference(1) + " (i32.const " + number(d_.below(4)) +
               "))";
      case 11:
        return "(drop (memory.grow (i32.const " + number(d_.below(3)) + ")))";
      case 12:
        return "(memory.fill " + address() + " " + i32(1) + " (i32.const " + number(d_.below(9000)) + "))";
      case 13:
        return "(memory.copy " + address() + " " + address() + " (i32.const " + number(d_.below(5000)) + "))";
      case 14:
        if (passive_data_ == 0) return "nop";
        return d_.below(3) == 0
                   ? "(data.drop $d" + number(d_.below(passive_data_)) + ")"
                   : "(memory.init $d" + number(d_.below(passive_data_)) + " " + address() + " (i32.const " +
                         number(d_.below(3)) + ") (i32.const " + number(d_.below(7)) + "))";
      case 15:
        if (passive_elements_ == 0) return "nop";
        return d_.below(3) == 0 ? "(elem.drop $e" + number(d_.below(passive_elements_)) + ")"
                                : "(table.init " + table() + " $e" + number(d_.below(passive_elements_)) + " " +
                                      entry() + " (i32.const 0) (i32.const " + number(d_.below(3)) + "))";
      case 16:
        return "(if " + i32(depth - 1) + " (then " + statement(depth - 1) + ") (else " + statement(depth - 1) + "))";
      case 17:
        return "(local.set $a (i32.const " + number(d_.below(9)) + ")) (loop " + statement(depth - 1) +
               " (local.set $a (i32.sub (local.get $a) (i32.const 1))) (br_if 0 (i32.gt_s (local.get $a) (i32.const "
               "0))))";
      default:
        return "(block (br_table 0 0 " + i32(depth - 1) + "))";
    }
  }

  std::string i32(int depth) {
    if (depth == 0) return d_.yes() ? "(local.get $p)" : "(i32.const " + number(d_.word()) + ")";
    switch (d_.below(13)) {
      case 0:
        return "(i32.load" + offset() + " " + address() + ")";
      case 1:
        return "(i32.load16_s" + offset() + " " + address() + ")";
      case 2:
        return "(call $f" + number(d_.below(functions_)) + " " + i32(depth - 1) + ")";
      case 3:
        return "(call_indirect " + table() + " (type $t) " + i32(depth - 1) + " " + entry() + ")";
      case 4:
        return "(memory.size)";
      case 5:
        return "(table.size " + table() + ")";
      case 6:
        return "(ref.is_null " + reference(1) + ")";
      case 7:
        return "(i32." + std::string(d_.yes() ? "div_s" : "rem_u") + " " + i32(depth - 1) + " " + i32(depth - 1) + ")";
      case 8:
        return "(i32.trunc" + std::string(d_.yes() ? "_sat_f64_s " : "_f64_u ") + f64(depth - 1) + ")";
      case 9:
        return "(i32.wrap_i64 " + i64(depth - 1) + ")";
      case 10:
        return "(global.get $i)";
      case 11:
        return "(i32." + std::string(d_.yes() ? "rotl" : "sub") + " " + i32(depth - 1) + " " + i32(depth - 1) + ")";
      default:
        return "(select " + i32(depth - 1) + " (i32.const " + number(d_.below(9)) + ") " + i32(depth - 1) + ")";
    }
  }

  std::string i64(int depth) {
    if (depth == 0) return "(i64.const " + number(d_.word()) + ")";
    switch (d_.below(4)) {
      case 0:
        return "(i64.load" + offset() + " " + address() + ")";
      case 1:
        return "(i64.mul " + i64(depth - 1) + " (global.get $l))";
      case 2:
        return "(i64.extend_i32_s " + i32(depth - 1) + ")";
      default:
        return "(i64.reinterpret_f64 " + f64(depth - 1) + ")";
    }
  }

  std::string f64(int depth) {
    if (depth == 0) return "(f64.const " + number(d_.below(1000)) + ".5)";
    switch (d_.below(5)) {
      case 0:
        return "(f64.load" + offset() + " " + address() + ")";
      case 1:
        return "(f64.convert_i32_s " + i32(depth - 1) + ")";
      case 2:
        return "(f64.neg (global.get $f))";
      case 3:
        return "(f64.floor " + f64(depth - 1) + ")";
      default:
        return "(f64.copysign " + f64(depth - 1) + " (global.get $f))";
    }
  }

  Decisions& d_;
  GeneratedBodies bodies_;
  uint32_t pages_, most_pages_, tables_, entries_, functions_, passive_data_, passive_elements_;
  std::string out_;
};

}  // namespace

std::string generate_module(Decisions& decisions, GeneratedBodies bodies) {
  return Generator(decisions, bodies).text();
}

}  // namespace instbench::bench
