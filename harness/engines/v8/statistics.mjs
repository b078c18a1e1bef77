// Linear between order statistics (type 7 of Hyndman and Fan, 1996), as in harness/worker/statistics.cpp.
function quantile(sorted, q) {
  const at = q * (sorted.length - 1), low = Math.floor(at), high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

// Of a Float64Array. Percentiles that few samples do not carry are unknown.
export function distribution(values) {
  const sorted = values.slice().sort();
  return {
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    min: sorted[0],
    p50: quantile(sorted, 0.5),
    p90: sorted.length >= 100 ? quantile(sorted, 0.9) : null,
    p99: sorted.length >= 300 ? quantile(sorted, 0.99) : null,
  };
}
