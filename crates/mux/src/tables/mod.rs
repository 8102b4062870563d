//! What a finished file must say of every sample, packed: at most 16 bytes a sample, none allocated one by one.

mod blocks;
mod counting;
mod samples;

pub(crate) use blocks::{Blocks, Runs};
pub(crate) use counting::{Counting, Units};
pub(crate) use samples::{Entry, SampleTable, Sizes};
