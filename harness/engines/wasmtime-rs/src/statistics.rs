//! What is said of many times: as in harness/worker/statistics.cpp.

use serde_json::{Value, json};

/// Percentiles only where there are samples enough for them.
pub fn distribution(mut values: Vec<u64>) -> Value {
    if values.is_empty() {
        return Value::Null;
    }
    values.sort_unstable();
    let count = values.len();
    let mean = values.iter().map(|value| *value as f64).sum::<f64>() / count as f64;
    json!({
        "mean": mean,
        "min": values[0],
        "p50": quantile(&values, 0.5),
        "p90": (count >= 100).then(|| quantile(&values, 0.9)),
        "p99": (count >= 300).then(|| quantile(&values, 0.99)),
    })
}

/// Of one value at least.
pub fn median(mut values: Vec<u64>) -> f64 {
    values.sort_unstable();
    quantile(&values, 0.5)
}

/// Linear between order statistics (type 7 of Hyndman and Fan, 1996).
fn quantile(sorted: &[u64], q: f64) -> f64 {
    let at = q * (sorted.len() - 1) as f64;
    let low = at as usize;
    let high = (low + 1).min(sorted.len() - 1);
    let (below, above) = (sorted[low] as f64, sorted[high] as f64);
    below + (above - below) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_between_order_statistics() {
        let ten = distribution((1..=10).rev().collect());
        assert_eq!(ten, json!({"mean": 5.5, "min": 1, "p50": 5.5, "p90": null, "p99": null}));
        let many = distribution((0..=300).collect());
        assert_eq!(many, json!({"mean": 150.0, "min": 0, "p50": 150.0, "p90": 270.0, "p99": 297.0}));
        assert_eq!(distribution(Vec::new()), Value::Null);
        assert_eq!(median(vec![5, 1, 2, 4]), 3.0);
    }
}
