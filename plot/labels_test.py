#!/usr/bin/python3
"""Tests of names and titles that are longer than the room for them. Run: /usr/bin/python3 -B plot/labels_test.py
Exit code 77 when matplotlib is not installed: the charts are then not tested."""

import unittest

from testing import Scratch, fixture, foreign, several_engines, words

from testing import ENGINES
import before_after
import cost_vs_pages
import engines
import style

KEEPS = [f"wasmtime-rs:pooling,keep={keep},table-keep=64KiB" for keep in ("64KiB", "2MiB")]
LONG = [f"wasmtime-rs:pooling,memory-keep={keep},table-keep=64KiB,slots=1024,huge-pages=never,stacks=none,x=1" for keep in ("64KiB", "2MiB")]


def with_arms(arms):
    document = several_engines()
    model = [cell for cell in document["cells"] if cell["arm"] == "core:pool-lazy"]
    for arm in arms:
        document["arms"].append({"id": arm, "facts": ENGINES["wasmtime:pooling"]})
        document["cells"] += [foreign(cell, arm, ENGINES["wasmtime:pooling"], 5) for cell in model]
    return document


class Apart(unittest.TestCase):
    def check(self, names, width):
        labels = style.shorten_apart(names, 8, width)
        self.assertEqual(list(labels), names)
        self.assertEqual(len(set(labels.values())), len(names), labels)
        for label in labels.values():
            self.assertLessEqual(style.text_width(label, 8), width)
        return list(labels.values())

    def test_names_that_fit_are_left_alone(self):
        self.assertEqual(self.check(["pool", "pool-lazy"], 2), ["pool", "pool-lazy"])

    def test_of_names_that_would_be_alike_what_they_share_is_left_out(self):
        self.assertEqual(len({style.shorten_middle(name, 8, 1.5) for name in KEEPS}), 1)
        one, other = self.check(KEEPS, 1.5)
        self.assertIn("keep=64KiB", one)
        self.assertIn("keep=2MiB", other)

    def test_where_nothing_else_tells_them_apart_a_number_does(self):
        middle = ["a" * 60 + letter + "b" * 60 for letter in "xyz"]
        for names in (KEEPS, LONG, middle, ["a" * 50, "a" * 51, "a" * 52], ["x" + "a" * 80 + "1" + "b" * 80, "y" + "a" * 80 + "2" + "b" * 80]):
            for width in (0.4, 0.8, 1.5, 2.5):
                self.check(names, width)


class Pictures(Scratch):
    def test_no_two_arms_have_the_same_label(self):
        for arms in (KEEPS, LONG):
            document = with_arms(arms)
            for stem, (page, _, result) in self.figures(before_after, document).items():
                self.check_layout(stem, page)
                order, apart = style.story_order(result.arms)
                labels = before_after.names_of(order + apart).labels
                self.assertEqual(len(set(labels.values())), len(result.arms))
                for part in (part for label in labels.values() for part in label if part):
                    self.assertIn(part, words(page))
            for page, _, result in self.figures(cost_vs_pages, document).values():
                self.check_layout("pages", page)
            labels = engines.labels_of(arms)
            self.assertEqual(len(set(labels.values())), len(arms))

    def test_a_name_with_room_is_whole(self):
        page, _, _ = next(iter(self.figures(before_after, with_arms(KEEPS)).values()))
        for arm in KEEPS:
            self.assertIn(arm.partition(":")[2], words(page))

    def test_a_title_is_wrapped_and_not_cut(self):
        name = "mix(spidermonkey+rollup+sqlite+quickjs)"
        document = fixture()
        for entry in document["cases"] + document["cells"]:
            for key in ("id", "module", "case"):
                if str(entry.get(key, "")).startswith("spidermonkey"):
                    entry[key] = entry[key].replace("spidermonkey", name)
        document["cases"] = [c for c in document["cases"] if c["slots"] == 1]
        document["cells"] = [c for c in document["cells"] if c["case"].endswith(" s1")]
        document["modules"] = []
        page, _, _ = next(found for stem, found in self.figures(cost_vs_pages, document).items() if "mix" in stem)
        self.check_layout("wrapped", page)
        text = " ".join(words(page))
        self.assertIn(f"{name}: cost of a cycle against pages written", text.replace("…", "CUT"))

    def test_a_title_a_little_too_wide_is_made_smaller(self):
        rest, width = ": what it costs", 5.0
        sizes = {}
        for n in range(10, 60):
            size, lines = style.title_lines("m" * n, rest, width)
            self.assertTrue(all(style.text_width(line, size, "bold") <= width + 1e-9 for line in lines), n)
            self.assertTrue(" ".join(lines).endswith("what it costs"), lines)
            sizes[n] = (size, len(lines))
        self.assertEqual({size for size, count in sizes.values() if count == 1}, set(style.TITLES))


if __name__ == "__main__":
    unittest.main()
