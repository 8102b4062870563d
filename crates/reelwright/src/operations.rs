use reelwright_media::{CancelToken, Result};
use reelwright_mux::Muxer;

use crate::sink::Sink;

/// Runs every operation the muxer has ready.
pub(crate) fn run_ready(muxer: &mut Muxer, sink: &mut dyn Sink, cancel: &CancelToken) -> Result<()> {
    while let Some(op) = muxer.poll() {
        muxer.outcome(sink.run(op, cancel))?;
    }
    Ok(())
}
