use reelwright_media::{CancelToken, Result, SampleBuffer, VideoFrame};

use crate::VideoDecoder;

/// A decoder that stops between samples and between pictures once its token is raised, whatever it is inside.
pub(crate) struct Cancellable {
    pub(crate) decoder: Box<dyn VideoDecoder>,
    pub(crate) cancel: CancelToken,
}

type Out<'a> = dyn FnMut(VideoFrame) -> Result<()> + 'a;

impl Cancellable {
    fn run<T>(
        &mut self,
        out: &mut Out<'_>,
        work: impl FnOnce(&mut dyn VideoDecoder, &mut Out<'_>) -> Result<T>,
    ) -> Result<T> {
        self.cancel.check()?;
        let cancel = &self.cancel;
        work(self.decoder.as_mut(), &mut |frame| {
            cancel.check()?;
            out(frame)
        })
    }
}

impl VideoDecoder for Cancellable {
    fn decode(&mut self, sample: &SampleBuffer, out: &mut Out<'_>) -> Result<()> {
        self.run(out, |decoder, out| decoder.decode(sample, out))
    }

    fn finish(&mut self, out: &mut Out<'_>) -> Result<()> {
        self.run(out, |decoder, out| decoder.finish(out))
    }

    fn catch_up(&mut self, out: &mut Out<'_>) -> Result<bool> {
        self.run(out, |decoder, out| decoder.catch_up(out))
    }

    fn drain(&mut self, out: &mut Out<'_>) -> Result<bool> {
        self.run(out, |decoder, out| decoder.drain(out))
    }
}
