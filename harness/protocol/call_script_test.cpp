#include "harness/protocol/call_script.hpp"

#include <gtest/gtest.h>

#include <bit>

namespace instbench::bench {
namespace {

CallScript parsed(const std::string& text) { return parse_call_script(text, "x.json"); }

std::string error_of(const std::string& text) {
  try {
    parsed(text);
  } catch (const GrammarError& error) {
    return error.what();
  }
  return "";
}

std::string step_error(const std::string& step) {
  const std::string error = error_of(R"({"steps": [{"global": "g", "as": "p"}, )" + step + "]}");
  const std::string place = "x.json: step 1: ";
  EXPECT_TRUE(error.starts_with(place)) << step << ": " << error;
  return error.substr(std::min(place.size(), error.size()));
}

const std::string kAll = R"({
  "imports": {"env": {"f": "memcpy", "g": 7, "*": "trap"}, "other": 1.5, "*": 0},
  "wasi": {"args": ["a", "b"], "env": {"K": "v"}, "stdin": "in", "seed": 9},
  "before": [{"call": "_initialize"}],
  "steps": [
    {"call": "malloc", "args": [64, {"i64": "-9223372036854775808"}, {"f32": "nan"}, "0xff", -1], "as": "p", "expect": "nonzero"},
    {"write": {"utf8": "ab"}, "at": "$p"},
    {"write": {"i32": "$p-4"}, "at": "$p+8"},
    {"check": {"hex": "61 62", "times": 1}, "at": "$p"},
    {"load": "u8", "at": 16, "as": "q", "expect": 3},
    {"global": "g", "expect": [0][0]},
    {"call": {"table": "t", "entry": 3}, "args": ["$q"], "expect": [1, 2.5]},
    {"call": "_start", "exit": 3},
    {"output": {"utf8": "x", "times": 3}, "fd": 2}]})";
const std::string kGood = std::string(kAll).replace(kAll.find("[0][0]"), 6, "0");

TEST(CallScript, ReadsEveryKindOfStep) {
  const CallScript script = parsed(kGood);
  EXPECT_EQ(script.variables, (std::vector<std::string>{"p", "q"}));
  EXPECT_EQ(script.before.size(), 1u);
  ASSERT_EQ(script.steps.size(), 9u);
  const auto& call = std::get<CallStep>(script.steps[0]);
  EXPECT_EQ(std::get<std::string>(call.callee), "malloc");
  EXPECT_EQ(call.as, 0u);
  EXPECT_EQ(call.expect, (std::vector<Expected>{Nonzero{}}));
  EXPECT_EQ(bits_of(std::get<Literal>(call.args[1]), NumberType::i64), uint64_t{1} << 63);
  EXPECT_EQ(bits_of(std::get<Literal>(call.args[3]), NumberType::i32), 255u);
  EXPECT_EQ(bits_of(std::get<Literal>(call.args[4]), NumberType::i32), 0xffffffffu);
  const auto& word = std::get<Word>(std::get<WriteStep>(script.steps[2]).bytes.content);
  EXPECT_EQ(std::get<Variable>(word.value), (Variable{0, -4}));
  EXPECT_EQ(std::get<Variable>(std::get<WriteStep>(script.steps[2]).at), (Variable{0, 8}));
  EXPECT_EQ(std::get<std::string>(std::get<CheckStep>(script.steps[3]).bytes.content), "ab");
  EXPECT_EQ(std::get<LoadStep>(script.steps[4]).access, Access::u8);
  EXPECT_EQ(std::get<TableEntry>(std::get<CallStep>(script.steps[6]).callee), (TableEntry{"t", 3}));
  EXPECT_EQ(std::get<CallStep>(script.steps[7]).exit, 3u);
  EXPECT_EQ(std::get<OutputStep>(script.steps[8]), (OutputStep{"xxx", 2}));
  EXPECT_EQ(script.wasi.input, "in");
  EXPECT_EQ(script.wasi.seed, 9u);
}

TEST(CallScript, JsonReadsBackAsTheSameScript) {
  const CallScript script = parsed(kGood);
  const CallScript again = call_script_from_json(Json::parse(to_json(script).dump()), "again");
  // A NaN is not equal to itself, so the texts are compared too.
  EXPECT_EQ(to_json(again), to_json(script));
  EXPECT_EQ(again.imports, script.imports);
  EXPECT_EQ(again.wasi, script.wasi);
  EXPECT_EQ(again.before, script.before);
  EXPECT_EQ(std::vector(again.steps.begin() + 1, again.steps.end()),
            std::vector(script.steps.begin() + 1, script.steps.end()));
}

TEST(CallScript, Utf16IsLittleEndianWithSurrogates) {
  const CallScript script = parsed("{\"steps\": [{\"write\": {\"utf16\": \"a\u00e9\u20ac\U0001f600\"}, \"at\": 0}]}");
  const auto& bytes = std::get<std::string>(std::get<WriteStep>(script.steps[0]).bytes.content);
  EXPECT_EQ(bytes, std::string("a\0\xe9\0\xac\x20\x3d\xd8\x00\xde", 10));
}

TEST(CallScript, TheMostSpecificAnswerWins) {
  const ImportAnswers answers = parsed(kGood).imports;
  EXPECT_EQ(answer_for(answers, "env", "f"), Answer(Builtin::memcpy));
  EXPECT_EQ(answer_for(answers, "env", "g"), Answer(Literal{uint64_t{7}, {}}));
  EXPECT_EQ(answer_for(answers, "env", "h"), Answer(Builtin::trap));
  EXPECT_EQ(answer_for(answers, "other", "f"), Answer(Literal{1.5, {}}));
  EXPECT_EQ(answer_for(answers, "third", "f"), Answer(Literal{uint64_t{0}, {}}));
  EXPECT_EQ(answer_for(answers, "wasi_snapshot_preview1", "fd_write"), Answer(Builtin::wasi));
  EXPECT_EQ(answer_for({}, "env", "f"), Answer(Builtin::trap));
}

TEST(CallScript, NumbersFitTheirTypes) {
  const auto fits = [](const Literal& literal, NumberType type) {
    try {
      bits_of(literal, type);
      return true;
    } catch (const GrammarError&) {
      return false;
    }
  };
  EXPECT_TRUE(fits({uint64_t{0xffffffff}, {}}, NumberType::i32));
  EXPECT_FALSE(fits({uint64_t{0x100000000}, {}}, NumberType::i32));
  EXPECT_TRUE(fits({int64_t{-0x80000000ll}, {}}, NumberType::i32));
  EXPECT_FALSE(fits({int64_t{-0x80000001ll}, {}}, NumberType::i32));
  EXPECT_FALSE(fits({2.0, {}}, NumberType::i32));
  EXPECT_FALSE(fits({uint64_t{1}, NumberType::i64}, NumberType::i32));
  EXPECT_EQ(bits_of({int64_t{-2}, {}}, NumberType::f32), std::bit_cast<uint32_t>(-2.0f));
  EXPECT_EQ(bits_of({2.5, {}}, NumberType::f64), std::bit_cast<uint64_t>(2.5));
  EXPECT_TRUE(is_nan(bits_of({std::numeric_limits<double>::quiet_NaN(), {}}, NumberType::f32), NumberType::f32));
  EXPECT_FALSE(is_nan(~uint64_t{0}, NumberType::i64));
}

TEST(CallScriptErrors, NameFileStepAndReason) {
  EXPECT_EQ(error_of("[]"), "x.json: must be an object");
  EXPECT_TRUE(error_of("{").starts_with("x.json: "));
  EXPECT_EQ(error_of("{}"), "x.json: lacks \"steps\"");
  EXPECT_EQ(error_of(R"({"steps": []})"), "x.json: \"steps\" must be a list that is not empty");
  EXPECT_NE(error_of(R"({"stesp": []})").find("unknown key 'stesp' (did you mean 'steps'?)"), std::string::npos);
  EXPECT_NE(error_of(R"({"imports": {"e": "memcopy"}, "steps": [{"call": "f"}]})").find("did you mean 'memcpy'"),
            std::string::npos);
  EXPECT_EQ(error_of(R"({"before": [{}], "steps": [{"call": "f"}]})"),
            "x.json: before step 0: it must have one of call, write, check, load, global, output");
  EXPECT_EQ(error_of(R"({"wasi": {"args": "a"}, "steps": [{"call": "f"}]})"), "x.json: \"args\" must be a list");
}

TEST(CallScriptErrors, Steps) {
  EXPECT_EQ(step_error(R"({"call": "f", "write": {"utf8": "a"}})"), "it is both \"call\" and \"write\"");
  EXPECT_NE(step_error(R"({"call": "f", "arg": []})").find("did you mean 'args'"), std::string::npos);
  EXPECT_EQ(step_error(R"({"call": {"table": "t"}})"),
            "\"call\" must be an export's name or {\"table\": …, \"entry\": …}");
  EXPECT_EQ(step_error(R"({"call": "f", "exit": 0, "expect": 1})"), "a call that exits has no results");
  EXPECT_EQ(step_error(R"({"call": "f", "as": "p"})"), "$p has a value already");
  EXPECT_EQ(step_error(R"({"call": "f", "as": "a b"})"), "\"as\": 'a b' is not a name of letters, digits and _");
  EXPECT_EQ(step_error(R"({"call": "f", "args": ["$r"], "as": "r"})"),
            "$r has no value here: no step before it says \"as\": \"r\"");
  EXPECT_EQ(step_error(R"({"call": "f", "args": ["$p+x"]})"), "'$p+x' is not $name, $name+1 or $name-1");
  EXPECT_EQ(step_error(R"({"call": "f", "args": ["five"]})"), "'five' is not a number");
  EXPECT_EQ(step_error(R"({"call": "f", "args": [{"i32": 4294967296}]})"), "4294967296 does not fit i32");
  EXPECT_EQ(step_error(R"({"call": "f", "args": [9007199254740993]})"),
            "9007199254740993 is too big for a JSON number: write it as text, {\"i64\": \"9007199254740993\"}");
  EXPECT_EQ(step_error(R"({"write": {"u8": 256}, "at": 0})"), "256 does not fit u8");
  EXPECT_EQ(step_error(R"({"write": {"utf8": "a"}})"), "lacks \"at\", the address");
  EXPECT_EQ(step_error(R"({"write": {"utf8": "a"}, "at": -1})"), "\"at\" must be an address, not -1");
  EXPECT_EQ(step_error(R"({"write": {"hex": "abc"}, "at": 0})"),
            "\"hex\" must be pairs of the digits 0-9 and a-f, spaces between them at will");
  EXPECT_EQ(step_error(R"({"write": {"utf8": ""}, "at": 0})"), "\"utf8\" is empty");
  EXPECT_EQ(step_error(R"({"write": {"utf8": "ab", "times": 40000000}, "at": 0})"),
            "80000000 bytes are more than the 67108864 of a step");
  EXPECT_EQ(step_error(R"({"load": "i31", "at": 0, "as": "r"})").substr(0, 18), "unknown type 'i31'");
  EXPECT_EQ(step_error(R"({"load": "i32", "at": 0})"), "needs \"expect\" or \"as\"");
  EXPECT_EQ(step_error(R"({"output": {"i32": 1}})"), "\"output\" must be utf8, utf16 or hex");
  EXPECT_EQ(step_error(R"({"output": {"utf8": "a"}, "fd": 3})"), "\"fd\" must be 1 or 2");
}

// ---- the short form ----

std::string short_error(const std::string& call) {
  try {
    parse_calls({call});
  } catch (const GrammarError& error) {
    return error.what();
  }
  return "";
}

TEST(ShortCall, ReadsAndWritesTheSameText) {
  const std::vector<std::string> texts{"f()",
                                       "add(1,2)=3",
                                       "g(-1,1i64,2.5f32,-2.5)=nonzero",
                                       "h(18446744073709551615i64,inff32,nan)=1,2",
                                       "wasi:cli/run@0.2.10#run()=0",
                                       "\"say \\\"hi\\\": func() -> ()\"(1)=-0.5",
                                       "\"\"()"};
  const CallScript script = parse_calls(texts);
  ASSERT_EQ(script.steps.size(), texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(text_of(std::get<CallStep>(script.steps[i]), script), texts[i]);
  }
  EXPECT_EQ(to_json(call_script_from_json(to_json(script), "again")), to_json(script));
}

TEST(ShortCall, HexadecimalHasIntegerTypesOnly) {
  const CallScript script = parse_calls({"f(0x1f32,0x10i64)"});
  const auto& call = std::get<CallStep>(script.steps[0]);
  EXPECT_EQ(std::get<Literal>(call.args[0]), (Literal{uint64_t{0x1f32}, {}}));
  EXPECT_EQ(std::get<Literal>(call.args[1]), (Literal{uint64_t{16}, NumberType::i64}));
}

TEST(ShortCall, Errors) {
  EXPECT_NE(short_error("f").find("--invoke 'f': the arguments in parentheses are missing; write it as in"),
            std::string::npos);
  EXPECT_NE(short_error("(1)").find("the export's name is missing"), std::string::npos);
  EXPECT_NE(short_error("\"f(1)").find("closing quote"), std::string::npos);
  EXPECT_NE(short_error("f(1").find("parentheses"), std::string::npos);
  EXPECT_NE(short_error("f(1)3").find("only =RESULT may follow"), std::string::npos);
  EXPECT_NE(short_error("f(1,)").find("'' is not a number"), std::string::npos);
  EXPECT_NE(short_error("f(x)").find("'x' is not a number such as 1"), std::string::npos);
  EXPECT_NE(short_error("f(4294967296i32)").find("4294967296 does not fit i32"), std::string::npos);
  EXPECT_NE(short_error("f(99999999999999999999)").find("is not a number"), std::string::npos);
  EXPECT_THROW(parse_calls({}), GrammarError);
}

}  // namespace
}  // namespace instbench::bench
