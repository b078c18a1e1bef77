#include "harness/judge/student.hpp"

#include <cmath>

#include "harness/judge/normal.hpp"

namespace instbench::bench {
namespace {

// The noncentral t at t: P(T < t) is about normal_cdf((middle - distance) / width), section 26.7.10.
struct Noncentral {
  double middle, width;
};

Noncentral noncentral(double level, double freedom) {
  const double t = student_quantile(level, freedom);
  return {t * (1 - 1 / (4 * freedom)), std::sqrt(1 + t * t / (2 * freedom))};
}

}  // namespace

double student_quantile(double level, double freedom) {
  const double z = -normal_quantile(level);
  return z + (z * z * z + z) / (4 * freedom);  // the first term of section 26.7.5
}

double student_power(double distance, double level, double freedom) {
  const auto [middle, width] = noncentral(level, freedom);
  return normal_cdf((distance - middle) / width);
}

double student_distance(double power, double level, double freedom) {
  const auto [middle, width] = noncentral(level, freedom);
  return middle + normal_quantile(power) * width;
}

}  // namespace instbench::bench
