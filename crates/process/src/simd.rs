//! Which vector instructions the processor has.
#![allow(unsafe_code)]

/// The instructions the kernels use, found out when a pipeline is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Simd {
    /// What every processor of this architecture has.
    Scalar,
    /// AVX2.
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Simd {
    /// The best this processor has.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            return Self::Avx2;
        }
        Self::Scalar
    }

    /// Runs `work` compiled for these instructions. The same code, so the same results: only the compiler's choice of
    /// registers differs.
    pub(crate) fn run(self, work: impl Work) {
        match self {
            Self::Scalar => work.run(),
            // SAFETY: `detect` found AVX2.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { with_avx2(work) },
        }
    }
}

/// A loop that gains from wide registers. Its `run` is `#[inline(always)]`, and so is what that calls: only then is it
/// compiled anew for each kind of processor.
pub(crate) trait Work {
    /// Does it.
    fn run(self);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2(work: impl Work) {
    work.run();
}
