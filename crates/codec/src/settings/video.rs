use reelwright_media::{
    Color, ContentLight, Error, FieldOrder, MasteringDisplay, Ratio, Result, Size, Time, Timescale,
    VideoCodec,
};

use super::{check_bit_rate, check_quality, setters};
#[cfg(doc)]
use crate::VideoEncoder;
use crate::VideoLevel;

/// Everything a video encoder is made with: `VideoEncoderSettings::new(codec, size).rate(..).color(..)`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct VideoEncoderSettings {
    /// The codec.
    pub codec: VideoCodec,
    /// The picture's size in pixels.
    pub size: Size,
    /// Bits a component, 8 or 10; the encoder's [`VideoEncoder::input_format`] follows from it.
    pub bit_depth: u8,
    /// Ticks the samples' times are counted in.
    pub timescale: Timescale,
    /// Frames per second to expect, for rate control and level; never for timing.
    pub frame_rate: Ratio,
    /// Colour to write into the stream and the format description.
    pub color: Color,
    /// Mastering display to write.
    pub mastering: Option<MasteringDisplay>,
    /// Content light level to write.
    pub content_light: Option<ContentLight>,
    /// The shape of a pixel.
    pub pixel_aspect: Ratio,
    /// Whether pictures are interlaced, and in which order their fields are shown. Default progressive. An encoder that can
    /// codes them as fields; else it codes frames, and the stream or the sample entry says what they are, where there is a
    /// way: [`VideoEncoder::format`](crate::VideoEncoder::format) tells.
    pub field_order: FieldOrder,
    /// Whether the pictures' transparency is coded with them, where the encoder can
    /// ([`EncoderInfo::takes_alpha`](crate::EncoderInfo::takes_alpha)); else they are put on black. Default false.
    pub alpha: bool,
    /// How bits are spent.
    pub rate: VideoRate,
    /// A ceiling over a window, where wanted.
    pub limit: Option<RateLimit>,
    /// How often pictures can be decoded on their own.
    pub key_frames: KeyFrames,
    /// Profile, or the encoder's choice.
    pub profile: Option<VideoProfile>,
    /// Level; `None`, the default, is the lowest that is enough. The encoder refuses one that is too low, and any where
    /// it can't be told one. `kVTCompressionPropertyKey_ProfileLevel`.
    pub level: Option<VideoLevel>,
    /// Whether pictures may be stored in another order than shown (B pictures). Default true.
    pub reordering: bool,
    /// Whether latency matters more than quality. Default false.
    pub real_time: bool,
    /// Threads it may use at most; 0 leaves it to the encoder.
    pub threads: usize,
    /// Options by the encoder's own names (`preset` = `medium`), refused where it doesn't know them.
    pub options: Vec<(String, String)>,
}

impl VideoEncoderSettings {
    /// Settings for `codec` at `size`: 8 bit, 30 fps expected, timescale 600, key frames every 2 s, reordering on,
    /// quality 0.65.
    pub fn new(codec: VideoCodec, size: Size) -> Self {
        Self {
            codec,
            size,
            bit_depth: 8,
            timescale: Timescale::or_one(600),
            frame_rate: Ratio { num: 30, den: 1 },
            color: Color::UNSPECIFIED,
            mastering: None,
            content_light: None,
            pixel_aspect: Ratio::ONE,
            field_order: FieldOrder::Progressive,
            alpha: false,
            rate: VideoRate::Quality(0.65),
            limit: None,
            key_frames: KeyFrames { frames: None, interval: Some(Time::from_secs(2)) },
            profile: None,
            level: None,
            reordering: true,
            real_time: false,
            threads: 0,
            options: Vec::new(),
        }
    }

    setters! {
        codec: VideoCodec,
        size: Size,
        bit_depth: u8,
        timescale: Timescale,
        frame_rate: Ratio,
        color: Color,
        pixel_aspect: Ratio,
        field_order: FieldOrder,
        alpha: bool,
        rate: VideoRate,
        key_frames: KeyFrames,
        reordering: bool,
        real_time: bool,
        threads: usize,
        options: Vec<(String, String)>,
        ; optional
            mastering: MasteringDisplay,
            content_light: ContentLight,
            limit: RateLimit,
            profile: VideoProfile,
            level: VideoLevel,
    }

    /// The same settings with one more of [`Self::options`].
    #[must_use]
    pub fn option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.push((name.into(), value.into()));
        self
    }

    /// Whether the settings make sense, whatever the encoder.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] with what is possible, for the first setting that no encoder could follow:
    /// a picture without width or height, a rate of no frames, of no bits or below the worst quality, ...
    pub fn check(&self) -> Result<()> {
        if self.size.area() == 0 {
            let message = format!("a picture of {}: its sides are at least 1 pixel long", self.size);
            return Err(Error::misuse(message));
        }
        if !(8..=16).contains(&self.bit_depth) {
            return Err(Error::misuse(format!("{} bits a component: there are 8 to 16", self.bit_depth)));
        }
        check_ratio("a frame rate", self.frame_rate)?;
        check_ratio("a pixel aspect", self.pixel_aspect)?;
        match self.rate {
            VideoRate::Average(bits) => check_bit_rate("an average", bits)?,
            VideoRate::Quality(quality) => check_quality(quality)?,
        }
        if let Some(limit) = self.limit {
            check_bit_rate("a limit", limit.max_rate)?;
            if limit.buffer == 0 {
                return Err(Error::misuse("a limit over a buffer of 0 bits: it holds at least 1"));
            }
            if let VideoRate::Average(bits) = self.rate
                && bits > limit.max_rate
            {
                let most = limit.max_rate;
                return Err(Error::misuse(format!(
                    "an average of {bits} bit/s beyond the limit of {most} bit/s"
                )));
            }
        }
        self.key_frames.check()
    }
}

fn check_ratio(what: &str, ratio: Ratio) -> Result<()> {
    if ratio.num > 0 && ratio.den > 0 {
        return Ok(());
    }
    Err(Error::misuse(format!("{what} of {ratio}: both of its numbers are at least 1")))
}

/// How bits are spent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum VideoRate {
    /// So many bits per second on average. `kVTCompressionPropertyKey_AverageBitRate`.
    Average(u32),
    /// Constant quality from 0.0 (worst) to 1.0 (best). `kVTCompressionPropertyKey_Quality`.
    Quality(f32),
}

/// A ceiling: no window of `buffer / rate` seconds may hold more than `buffer` bits. `kVTCompressionPropertyKey_DataRateLimits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Bits per second at most.
    pub max_rate: u32,
    /// Size of the decoder buffer in bits.
    pub buffer: u32,
}

/// The longest allowed distance of key frames; the stricter of the two counts. Both `None` leaves it to the encoder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyFrames {
    /// In frames. `kVTCompressionPropertyKey_MaxKeyFrameInterval`.
    pub frames: Option<u32>,
    /// In time. `kVTCompressionPropertyKey_MaxKeyFrameIntervalDuration`.
    pub interval: Option<Time>,
}

impl KeyFrames {
    /// One in so many frames, at least 1.
    pub const fn every_frames(frames: u32) -> Self {
        Self { frames: Some(frames), interval: None }
    }

    /// One in so long a time, above zero.
    pub const fn every(interval: Time) -> Self {
        Self { frames: None, interval: Some(interval) }
    }

    fn check(self) -> Result<()> {
        if self.frames == Some(0) {
            return Err(Error::misuse("a key frame every 0 frames: the distance is at least 1")
                .with_hint("1 makes every picture a key frame"));
        }
        if let Some(interval) = self.interval.filter(|interval| *interval <= Time::ZERO) {
            return Err(Error::misuse(format!("a key frame every {interval}: the interval is above zero"))
                .with_hint("a distance of 1 frame makes every picture a key frame"));
        }
        Ok(())
    }
}

/// Profiles an encoder can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VideoProfile {
    /// H.264 Constrained Baseline.
    H264Baseline,
    /// H.264 Main.
    H264Main,
    /// H.264 High.
    H264High,
    /// HEVC Main.
    HevcMain,
    /// HEVC Main 10.
    HevcMain10,
    /// ProRes 422 Proxy.
    ProResProxy,
    /// ProRes 422 LT.
    ProResLt,
    /// ProRes 422.
    ProRes422,
    /// ProRes 422 HQ.
    ProResHq,
    /// ProRes 4444.
    ProRes4444,
}

#[cfg(test)]
mod tests {
    use reelwright_media::ErrorKind;

    use super::*;

    fn settings() -> VideoEncoderSettings {
        VideoEncoderSettings::new(VideoCodec::H264, Size::new(320, 240))
    }

    fn sized(width: u32, height: u32) -> VideoEncoderSettings {
        VideoEncoderSettings::new(VideoCodec::H264, Size::new(width, height))
    }

    #[test]
    fn what_no_encoder_could_follow_is_refused_with_what_is_possible() {
        let ratio = |num, den| Ratio { num, den };
        let limit = |max_rate, buffer| RateLimit { max_rate, buffer };
        for (settings, possible) in [
            (sized(0, 240), "at least 1 pixel"),
            (sized(320, 0), "at least 1 pixel"),
            (settings().bit_depth(0), "8 to 16"),
            (settings().bit_depth(17), "8 to 16"),
            (settings().frame_rate(ratio(0, 1)), "at least 1"),
            (settings().frame_rate(ratio(1, 0)), "at least 1"),
            (settings().pixel_aspect(ratio(0, 1)), "at least 1"),
            (settings().pixel_aspect(ratio(4, 0)), "at least 1"),
            (settings().rate(VideoRate::Average(0)), "at least 1 bit/s"),
            (settings().rate(VideoRate::Quality(2.0)), "0.0 (worst) to 1.0 (best)"),
            (settings().rate(VideoRate::Quality(-0.1)), "0.0 (worst) to 1.0 (best)"),
            (settings().rate(VideoRate::Quality(f32::NAN)), "0.0 (worst) to 1.0 (best)"),
            (settings().limit(limit(0, 1)), "at least 1 bit/s"),
            (settings().limit(limit(1, 0)), "at least 1"),
            (settings().rate(VideoRate::Average(2)).limit(limit(1, 1)), "beyond the limit of 1 bit/s"),
            (settings().key_frames(KeyFrames::every_frames(0)), "at least 1"),
            (settings().key_frames(KeyFrames::every(Time::ZERO)), "above zero"),
            (settings().key_frames(KeyFrames::every(Time::from_secs(-1))), "above zero"),
        ] {
            let error = settings.check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misuse, "{error}");
            assert!(error.message().contains(possible), "{error}");
        }
        settings().rate(VideoRate::Quality(1.0)).key_frames(KeyFrames::default()).check().unwrap();
    }
}
