//! Sums of many products, in as many lanes as processors have: each addition needn't wait for the one before.

/// Floats that are added side by side.
const LANES: usize = 8;

/// The sum of the products of `a` and `b`, up to the shorter one's end.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let length = a.len().min(b.len());
    let ((a, a_rest), (b, b_rest)) = (a[..length].as_chunks::<LANES>(), b[..length].as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_sum_of_products_whatever_the_length() {
        let numbers: Vec<f32> = (0..40).map(|n| n as f32).collect();
        for length in 0..38 {
            let wanted: f32 = (0..length).map(|n| (n * (n + 2)) as f32).sum();
            assert_eq!(dot(&numbers[..length], &numbers[2..]), wanted);
            assert_eq!(dot(&numbers[2..], &numbers[..length]), wanted);
        }
    }
}
