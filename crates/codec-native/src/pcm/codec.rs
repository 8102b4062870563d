use std::sync::Arc;

use reelwright_codec::{AudioDecoder, AudioEncoder, AudioEncoderSettings, Codec, DecoderInfo, EncoderInfo};
use reelwright_media::{
    AudioBuffer, AudioCodec, AudioFormat, Error, ErrorKind, FormatDescription, PcmFormat, Result,
    SampleBuffer, SampleFlags, Time, Timescale, Trim,
};

use super::{ID, is_known, push_sample, to_float, wave_layout};

/// The registry's row of the encoder.
pub(crate) fn encoder_info(provider: &'static str) -> EncoderInfo {
    let codec = Codec::Audio(AudioCodec::Lpcm);
    EncoderInfo { max_channels: u16::MAX, ..EncoderInfo::new(ID, "Linear PCM", provider, codec) }
}

/// The registry's row of the decoder.
pub(crate) fn decoder_info(provider: &'static str) -> DecoderInfo {
    DecoderInfo::new(ID, "Linear PCM", provider, Codec::Audio(AudioCodec::Lpcm))
}

/// Floats to interleaved PCM of any layout.
pub(crate) struct LpcmEncoder {
    format: Arc<FormatDescription>,
    pcm: PcmFormat,
    rate: Timescale,
    channels: usize,
    /// Frames so far.
    position: i64,
}

impl LpcmEncoder {
    /// Makes an encoder.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`] without a layout or for one that doesn't exist.
    pub(crate) fn new(settings: &AudioEncoderSettings) -> Result<Self> {
        let pcm = settings.pcm.ok_or_else(|| Error::misuse("the layout of the PCM is not given"))?;
        let rate = Timescale::new(settings.sample_rate);
        let rate = rate.ok_or_else(|| Error::misuse("a sample rate of 0"))?;
        let channels = u16::try_from(settings.layout.count()).ok().filter(|&count| count > 0);
        let channels = channels.ok_or_else(|| Error::misuse("PCM has 1 to 65535 channels"))?;
        if !is_known(pcm) {
            return Err(Error::misuse(format!("{pcm:?} is no layout of PCM")));
        }
        if let Some((name, _)) = settings.options.first() {
            return Err(Error::misuse(format!("lpcm has no option {name}")));
        }
        let format = AudioFormat {
            layout: Some(settings.layout.clone()),
            ..AudioFormat::lpcm(pcm, settings.sample_rate, channels)
        };
        let format = Arc::new(FormatDescription::Audio(format));
        Ok(Self { format, pcm, rate, channels: channels.into(), position: 0 })
    }
}

impl AudioEncoder for LpcmEncoder {
    fn format(&self) -> &Arc<FormatDescription> {
        &self.format
    }

    fn priming(&self) -> u32 {
        0
    }

    fn encode(&mut self, audio: &AudioBuffer, out: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<()> {
        if audio.channels() != self.channels || audio.sample_rate != self.rate {
            return Err(Error::misuse(format!(
                "the encoder was made for {} channels at {} Hz, not {} at {}",
                self.channels,
                self.rate,
                audio.channels(),
                audio.sample_rate
            )));
        }
        let frames = audio.frames();
        if frames == 0 {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(frames * self.channels * self.pcm.bytes() as usize);
        for frame in 0..frames {
            for plane in audio.planes() {
                push_sample(&mut bytes, plane[frame], self.pcm);
            }
        }
        let pts = Time::new(self.position, self.rate);
        let frames = i64::try_from(frames).unwrap_or(i64::MAX);
        self.position = self.position.saturating_add(frames);
        out(SampleBuffer {
            format: self.format.clone(),
            payload: bytes.into(),
            dts: pts,
            pts,
            duration: Time::new(frames, self.rate),
            flags: SampleFlags::SYNC,
            trim: Trim::default(),
        })
    }

    fn finish(&mut self, _: &mut dyn FnMut(SampleBuffer) -> Result<()>) -> Result<()> {
        Ok(())
    }
}

/// Interleaved PCM of any layout to floats.
pub(crate) struct LpcmDecoder {
    format: Arc<FormatDescription>,
    pcm: PcmFormat,
    rate: Timescale,
    channels: usize,
}

impl LpcmDecoder {
    /// Makes a decoder.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for layouts it doesn't know.
    pub(crate) fn new(format: &Arc<FormatDescription>) -> Result<Self> {
        let audio = format.audio()?;
        let pcm = audio.pcm.ok_or_else(|| Error::misuse("the layout of the PCM is not known"))?;
        let rate = Timescale::new(audio.sample_rate);
        let rate = rate.ok_or_else(|| Error::malformed("PCM at 0 Hz"))?;
        if audio.channels == 0 || !is_known(pcm) {
            return Err(Error::unsupported(format!("PCM of {} channels as {pcm:?}", audio.channels)));
        }
        Ok(Self { format: format.clone(), pcm, rate, channels: audio.channels.into() })
    }
}

impl AudioDecoder for LpcmDecoder {
    fn decode(
        &mut self,
        sample: &SampleBuffer,
        out: &mut dyn FnMut(AudioBuffer) -> Result<()>,
    ) -> Result<()> {
        if sample.differs_from(&self.format) {
            *self = Self::new(&sample.format)?;
        }
        let bytes = sample.payload.load()?;
        let width = self.pcm.bytes() as usize;
        let frame = width * self.channels;
        if !bytes.len().is_multiple_of(frame) {
            let message = format!("{} bytes of PCM are no whole number of {frame}-byte frames", bytes.len());
            return Err(Error::new(ErrorKind::Decode, message).at_time(sample.pts));
        }
        let channel = |index: usize| {
            let samples = bytes.chunks_exact(frame).map(|frame| &frame[index * width..][..width]);
            samples.map(|sample| to_float(sample, self.pcm)).collect()
        };
        let planes = (0..self.channels).map(channel).collect();
        let layout = self.format.as_audio().and_then(|audio| audio.layout.clone());
        let layout = layout.filter(|layout| layout.count() == self.channels);
        let layout = layout.unwrap_or_else(|| wave_layout(self.channels));
        out(AudioBuffer::new(self.rate, layout, sample.pts, planes))
    }

    fn finish(&mut self, _: &mut dyn FnMut(AudioBuffer) -> Result<()>) -> Result<()> {
        Ok(())
    }
}
