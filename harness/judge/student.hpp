// Student's t, in the approximations of Abramowitz & Stegun, good to a few per cent of a level: for planning and for
// widths. A rank interval of few values is wider than the normal one and varies, much as Student's does: with the
// normal distribution alone a promised power of 90 % is 66 % for 18 blocks at level 0.01/30. Pure. REQUIRES: freedom >
// 0.
#pragma once

namespace instbench::bench {

double student_quantile(double level, double freedom);  // the t with P(T > t) = level, for level <= 1/2

// The chance that a one-sided test at `level` rejects a threshold from which the truth is `distance` standard errors
// away.
double student_power(double distance, double level, double freedom);
double student_distance(double power, double level, double freedom);  // the distance that gives this power

}  // namespace instbench::bench
