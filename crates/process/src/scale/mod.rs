//! Scaling: polyphase filters and the row kernels that apply them.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod filter;
mod rows;
#[cfg(test)]
mod tests;

pub use filter::Kernel;
pub(crate) use filter::{Filter, LANES, Mapping};
pub(crate) use rows::{Store, Strip, WORK_BITS, horizontal, horizontal_work, vertical};
