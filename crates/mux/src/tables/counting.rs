use reelwright_media::{BoxFamily, Error, FormatDescription, Result};

/// How the bytes of a [`reelwright_media::SampleBuffer`] become samples of the sample table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counting {
    /// One buffer is one sample.
    Whole,
    /// Every `bytes` bytes are one: LPCM frames, packets of constant size.
    Each { bytes: u32 },
    /// QuickTime's way with sound compressed at a constant rate (version 1 sound descriptions): the table counts PCM
    /// frames of size 1, one tick each, and the description says how many bytes they really take.
    Frames,
}

/// A buffer as the sample table sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Units {
    /// Samples.
    pub(crate) count: u32,
    /// Bytes the table states for each.
    pub(crate) size: u32,
}

impl Counting {
    pub(crate) fn of(format: &FormatDescription, family: BoxFamily) -> Self {
        let Some(audio) = format.as_audio().filter(|audio| audio.bytes_per_packet > 0) else {
            return Self::Whole;
        };
        let quicktime = family == BoxFamily::QuickTime
            && audio.entry.as_ref().is_some_and(|entry| entry.family == BoxFamily::QuickTime);
        if quicktime && audio.frames_per_packet > 1 {
            Self::Frames
        } else {
            Self::Each { bytes: audio.bytes_per_packet }
        }
    }

    /// The samples in `len` bytes that last `ticks`.
    pub(crate) fn units(self, len: u64, ticks: u32) -> Result<Units> {
        let too_many =
            || Error::unsupported(format!("one buffer of {len} bytes is too long for a sample table"));
        match self {
            Self::Whole => Ok(Units { count: 1, size: u32::try_from(len).map_err(|_| too_many())? }),
            Self::Frames => Ok(Units { count: ticks.max(1), size: 1 }),
            Self::Each { bytes } => {
                if !len.is_multiple_of(bytes.into()) || len == 0 {
                    return Err(Error::misuse(format!(
                        "a buffer of {len} bytes is not a whole number of frames of {bytes} bytes"
                    )));
                }
                let count = u32::try_from(len / u64::from(bytes)).map_err(|_| too_many())?;
                Ok(Units { count, size: bytes })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use reelwright_media::{AudioCodec, AudioFormat, FourCc, PcmFormat};

    use super::*;

    #[test]
    fn pcm_is_counted_in_frames() {
        let pcm = FormatDescription::Audio(AudioFormat::lpcm(PcmFormat::S16LE, 48_000, 2));
        let counting = Counting::of(&pcm, BoxFamily::Iso);
        assert_eq!(counting.units(4096, 1024).unwrap(), Units { count: 1024, size: 4 });
        counting.units(4095, 1024).unwrap_err();
        counting.units(0, 0).unwrap_err();
        let aac =
            FormatDescription::Audio(AudioFormat::new(AudioCodec::Aac, FourCc::new(b"mp4a"), 48_000, 2));
        assert_eq!(
            Counting::of(&aac, BoxFamily::Iso).units(301, 1024).unwrap(),
            Units { count: 1, size: 301 }
        );
        Counting::Whole.units(1 << 32, 1).unwrap_err();
    }
}
