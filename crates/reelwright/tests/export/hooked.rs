//! The codecs of this build, with something done before each picture is encoded.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reelwright::codec::{
    AudioDecoder, AudioEncoder, AudioEncoderSettings, DecoderInfo, EncoderInfo, FrameOptions, PictureWork,
    Provider, Registry, VideoDecoder, VideoDecoderSettings, VideoEncoder, VideoEncoderSettings,
};
use reelwright::media::{FormatDescription, PixelFormat, Result, SampleBuffer, VideoFrame};

/// Called with the number of each picture, from 0; a failure is the encoder's.
pub(crate) type Hook = Arc<dyn Fn(u64) -> Result<()> + Send + Sync>;

/// Native codecs and nothing else.
pub(crate) fn native() -> Registry {
    Registry::new().with(reelwright_codec_native::provider())
}

/// Native codecs whose video encoders call `hook`.
pub(crate) fn registry(hook: Hook) -> Registry {
    let inner = reelwright_codec_native::provider();
    let encoders = inner.encoders().to_vec();
    Registry::new().with(Arc::new(Hooked { inner, hook, decoded: None, encoders }))
}

/// Native codecs and one more encoder, which is only listed.
pub(crate) fn native_and(encoder: EncoderInfo) -> Registry {
    let (inner, hook) = (reelwright_codec_native::provider(), Arc::new(|_| Ok(())));
    native().with(Arc::new(Hooked { inner, hook, decoded: None, encoders: vec![encoder] }))
}

/// Native codecs whose video decoders call `hook` for every picture they decode ahead of its turn, before it waits.
pub(crate) fn decoding(hook: Hook) -> Registry {
    let inner = reelwright_codec_native::provider();
    let encoders = inner.encoders().to_vec();
    Registry::new().with(Arc::new(Hooked {
        inner,
        hook: Arc::new(|_| Ok(())),
        decoded: Some(hook),
        encoders,
    }))
}

struct Hooked {
    inner: Arc<dyn Provider>,
    hook: Hook,
    /// Of decoders.
    decoded: Option<Hook>,
    encoders: Vec<EncoderInfo>,
}

struct HookedEncoder {
    inner: Box<dyn VideoEncoder>,
    hook: Hook,
    frames: u64,
}

impl Provider for Hooked {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn encoders(&self) -> &[EncoderInfo] {
        &self.encoders
    }

    fn decoders(&self) -> &[DecoderInfo] {
        self.inner.decoders()
    }

    fn video_encoder(&self, id: &str, settings: &VideoEncoderSettings) -> Result<Box<dyn VideoEncoder>> {
        let (inner, hook) = (self.inner.video_encoder(id, settings)?, self.hook.clone());
        Ok(Box::new(HookedEncoder { inner, hook, frames: 0 }))
    }

    fn audio_encoder(&self, id: &str, settings: &AudioEncoderSettings) -> Result<Box<dyn AudioEncoder>> {
        self.inner.audio_encoder(id, settings)
    }

    fn video_decoder(&self, id: &str, settings: &VideoDecoderSettings) -> Result<Box<dyn VideoDecoder>> {
        let (Some(hook), Some(early)) = (self.decoded.clone(), settings.early.clone()) else {
            return self.inner.video_decoder(id, settings);
        };
        let count = AtomicU64::new(0);
        let early: PictureWork = Arc::new(move |pixels| {
            hook(count.fetch_add(1, Ordering::Relaxed))?;
            early(pixels)
        });
        self.inner.video_decoder(id, &VideoDecoderSettings { early: Some(early), ..settings.clone() })
    }

    fn audio_decoder(&self, id: &str, format: &Arc<FormatDescription>) -> Result<Box<dyn AudioDecoder>> {
        self.inner.audio_decoder(id, format)
    }
}

impl VideoEncoder for HookedEncoder {
    fn input_format(&self) -> PixelFormat {
        self.inner.input_format()
    }

    fn format(&self) -> &Arc<FormatDescription> {
        self.inner.format()
    }

    fn encode(
        &mut self,
        frame: VideoFrame,
        options: FrameOptions,
        out: &mut dyn FnMut(SampleBuffer) -> Result<()>,
    ) -> Result<()> {
        (self.hook)(self.frames)?;
        self.frames += 1;
        self.inner.encode(frame, options, out)
    }

    fn finish(&mut self, out: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<()> {
        self.inner.finish(out)
    }
}
