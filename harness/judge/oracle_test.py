#!/usr/bin/env python3
"""The judge against witnesses of its own kind: SciPy's exact tests, brute force, and a paired bootstrap. Seeded."""

import itertools
import math
import os
import subprocess
import sys
import unittest

SKIPPED = 77
try:
    import numpy as np
    from scipy import stats
except ImportError as missing:
    print(f"skipped: {missing} (Debian: apt install python3-scipy)")
    sys.exit(SKIPPED)

SEED = 20261126


def ask(questions):
    """One run of the probe: a list of (word, numbers) in, a list of arrays out."""
    lines = "".join(f"{word} {' '.join(repr(float(n)) for n in numbers)}\n" for word, numbers in questions)
    done = subprocess.run([os.environ["JUDGE_PROBE"]], input=lines, capture_output=True, text=True, check=True)
    answers = [np.array([float(n) for n in line.split()]) for line in done.stdout.splitlines()]
    assert len(answers) == len(questions), f"{len(questions)} questions, {len(answers)} answers"
    return answers


def samples(rng, sizes):
    """ln(B/A) as blocks have it: clean, with disturbed blocks, skewed, in two states of the machine, and shifted."""
    for n in sizes:
        noise = 0.02 * rng.standard_normal(n)
        yield noise
        yield noise + np.where(rng.random(n) < 0.1, 0.12 * np.abs(rng.standard_normal(n)), 0)
        yield 0.02 * (rng.exponential(size=n) - 1)
        yield noise / 4 + np.where(rng.random(n) < 0.5, 0.03, -0.03)
        yield noise + rng.choice([-2.0, 0.05, 0.03])


def walsh(d):
    return np.sort([(x + y) / 2 for x, y in itertools.combinations_with_replacement(d, 2)])


class SignedRank(unittest.TestCase):
    def test_p_is_scipys_exact_p(self):
        rng = np.random.default_rng(SEED)
        cases = [(d, threshold) for d in samples(rng, [1, 2, 5, 6, 11, 18, 24, 50]) for threshold in (0.0, 0.0296, -0.0296)]
        for (d, threshold), seen in zip(cases, ask([("paired", [t, 0.95, *d]) for d, t in cases])):
            for p, alternative in ((seen[1], "greater"), (seen[2], "less")):
                expected = stats.wilcoxon(d - threshold, alternative=alternative, mode="exact").pvalue
                self.assertLess(abs(p - expected), 1e-12 + 1e-9 * expected, f"n={len(d)} {alternative} {threshold}")

    def test_estimate_and_bounds_are_order_statistics_of_the_walsh_averages(self):
        rng = np.random.default_rng(SEED + 1)
        cases = [(d, c) for d in samples(rng, [1, 4, 5, 6, 9, 18, 37, 60]) for c in (0.9, 0.95, 0.99)]
        for (d, confidence), seen in zip(cases, ask([("paired", [0, c, *d]) for d, c in cases])):
            averages = walsh(d)
            self.assertAlmostEqual(seen[0], np.median(averages), delta=1e-15)
            for error, low, high in (((1 - confidence) / 2, seen[3], seen[4]), (1 - confidence, seen[5], seen[6])):
                self.check_bounds(d, averages, error, low, high)

    def check_bounds(self, d, averages, error, low, high):
        """By brute force over the thresholds: a bound is the last average at which the one-sided test does not reject."""
        cdf = self.cdf(len(d))
        allowed = int(np.sum(cdf <= error * (1 + 1e-9)))  # so many averages may lie outside on one side
        if allowed == 0:
            self.assertTrue(math.isnan(low) and math.isnan(high))
            return
        self.assertEqual(low, averages[allowed - 1])
        self.assertEqual(high, averages[-allowed])

    def cdf(self, n):
        """P(W <= w) from whole numbers of subsets."""
        ways = [1]
        for rank in range(1, n + 1):
            ways = [(ways[w] if w < len(ways) else 0) + (ways[w - rank] if 0 <= w - rank < len(ways) else 0)
                    for w in range(len(ways) + rank)]
        return np.array([total / 2**n for total in itertools.accumulate(ways)])

    def test_the_null_is_exact_for_many_blocks(self):
        for n in (3, 10, 60, 120):
            cdf = self.cdf(n)
            most = len(cdf) - 1
            tails = [t[0] for t in ask([("signed_rank_tail", [n, w]) for w in range(most + 1)])]
            np.testing.assert_allclose(tails, cdf[::-1], rtol=1e-12)

    def test_beyond_the_exact_range_the_normal_tail_continues_it(self):
        for share in (0.5, 0.52, 0.55):
            exact, normal = (t[0] for t in ask([("signed_rank_tail", [n, int(share * n * (n + 1) / 2)]) for n in (512, 513)]))
            self.assertAlmostEqual(normal / exact, 1, delta=0.05)

    def test_scatter_is_sigma_of_normal_data_and_shrugs_at_a_few_bad_blocks(self):
        rng = np.random.default_rng(SEED + 2)
        for n in (8, 18, 60):
            clean = 0.02 * rng.standard_normal((800, n))
            bad = clean + np.where(rng.random(clean.shape) < 0.05, 0.2, 0)
            of_clean, of_bad = (np.mean([a[7] for a in ask([("paired", [0, 0.95, *d]) for d in data])]) for data in (clean, bad))
            self.assertAlmostEqual(of_clean / 0.02, 1, delta=0.06, msg=n)
            self.assertLess(of_bad, 0.9 * bad.std(), n)

    def test_the_interval_agrees_with_a_paired_bootstrap_of_the_ratio(self):
        """Another method on the same data: where blocks are many and not wild, both intervals say nearly the same."""
        rng = np.random.default_rng(SEED + 3)
        for d in [0.02 * rng.standard_normal(60) + shift for shift in (0, 0.03, -1.9)]:
            (seen,) = ask([("paired", [0, 0.95, *d])])
            blocks = rng.integers(0, len(d), (2000, len(d)))  # whole blocks are redrawn, so what A and B share stays shared
            width = seen[4] - seen[3]
            for statistic, share in ((np.mean, 0.25), (np.median, 0.6)):  # the median of 60 is itself noisier
                drawn = np.quantile(statistic(d[blocks], axis=1), [0.025, 0.975])
                np.testing.assert_allclose(seen[3:5], drawn, atol=share * width)
            self.assertAlmostEqual(seen[0], d.mean(), delta=width / 4)

    def test_the_interval_covers_the_truth_where_a_bootstrap_of_few_blocks_does_not(self):
        rng = np.random.default_rng(SEED + 4)
        data = 0.02 * rng.standard_normal((1500, 8))
        seen = np.array(ask([("paired", [0, 0.95, *d]) for d in data]))
        self.assertGreaterEqual(np.mean((seen[:, 3] <= 0) & (seen[:, 4] >= 0)), 0.94)


class RankSum(unittest.TestCase):
    def test_p_is_scipys_exact_p(self):
        rng = np.random.default_rng(SEED + 5)
        cases = [(rng.standard_normal(m), rng.standard_normal(n) + 0.8, t)
                 for m, n in ((1, 1), (3, 3), (3, 8), (8, 3), (12, 15), (30, 25)) for t in (0.0, 0.5, -0.5)]
        answers = ask([("unpaired", [t, 0.95, len(a), *a, *b]) for a, b, t in cases])
        for (a, b, threshold), seen in zip(cases, answers):
            for p, alternative in ((seen[1], "greater"), (seen[2], "less")):
                expected = stats.mannwhitneyu(b - threshold, a, alternative=alternative, method="exact").pvalue
                self.assertLess(abs(p - expected), 1e-12 + 1e-9 * expected, f"{len(a)},{len(b)} {alternative}")

    def test_the_shift_and_its_interval_by_brute_force(self):
        rng = np.random.default_rng(SEED + 6)
        cases = [(rng.standard_normal(m), rng.standard_normal(n), c)
                 for m, n in ((1, 4), (3, 3), (4, 4), (5, 9), (20, 18)) for c in (0.9, 0.95)]
        for (a, b, confidence), seen in zip(cases, ask([("unpaired", [0, c, len(a), *a, *b]) for a, b, c in cases])):
            all_shifts = np.sort((b[:, None] - a[None, :]).ravel())
            self.assertAlmostEqual(seen[0], np.median(all_shifts), delta=1e-15)
            tails = [t[0] for t in ask([("rank_sum_tail", [len(a), len(b), u]) for u in range(len(all_shifts) + 1)])]
            allowed = int(np.sum(np.array(tails) <= (1 - confidence) / 2 * (1 + 1e-9)))
            if allowed == 0:
                self.assertTrue(np.isnan(seen[3:]).all())
            else:
                self.assertEqual((seen[3], seen[4]), (all_shifts[allowed - 1], all_shifts[-allowed]))

    def test_the_null_is_exact_for_large_samples(self):
        for m, n in ((2, 2), (7, 4), (40, 40), (60, 90)):
            ways = [[1] + [0] * (m * n) for _ in range(n + 1)]  # ways[j][u]: with the first i of a and j of b
            for _ in range(m):
                for j in range(1, n + 1):
                    ways[j] = [x + y for x, y in zip([0] * j + ways[j][:m * n + 1 - j], ways[j - 1])]
            below = list(itertools.accumulate(ways[n]))
            tails = [t[0] for t in ask([("rank_sum_tail", [m, n, u]) for u in range(m * n + 1)])]
            np.testing.assert_allclose(tails, [below[m * n - u] / math.comb(m + n, n) for u in range(m * n + 1)], rtol=1e-9)


class Distributions(unittest.TestCase):
    def test_normal(self):
        points = [-9, -5, -3.3, -1.96, -0.2, 0, 1e-9, 0.7, 2.5, 6]
        np.testing.assert_allclose(np.concatenate(ask([("normal_cdf", [x]) for x in points])), stats.norm.cdf(points), rtol=1e-12)
        chances = [1e-300, 1e-50, 1e-12, 1e-5, 0.02425, 0.3, 0.5, 0.51, 0.9, 0.999, 1 - 1e-9]
        np.testing.assert_allclose(np.concatenate(ask([("normal_quantile", [p]) for p in chances])), stats.norm.ppf(chances),
                                   rtol=1e-9, atol=1e-12)

    def test_student_is_good_enough_to_plan_with(self):
        for level in (0.05, 0.025, 0.01, 0.01 / 30):
            for freedom in (16, 40, 60):
                expected = stats.t.isf(level, freedom)
                distance = expected + 1.2
                (t,), (power,) = ask([("student_quantile", [level, freedom]), ("student_power", [distance, level, freedom])])
                self.assertAlmostEqual(t / expected, 1, delta=0.05)
                self.assertAlmostEqual(power, stats.nct.sf(expected, freedom, distance), delta=0.06)

    def test_binomial(self):
        cases = [(k, n, share) for n in (1, 7, 90, 1200) for k in (0, 1, n // 2, n) for share in (0.5, 1 / 3)]
        np.testing.assert_allclose(np.concatenate(ask([("binomial", case) for case in cases])),
                                   [stats.binom.sf(k - 1, n, share) for k, n, share in cases], rtol=1e-9)


if __name__ == "__main__":
    unittest.main()
