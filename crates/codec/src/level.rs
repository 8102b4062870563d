//! Levels of H.264: how much a decoder must be able to do (ITU-T H.264, A.3 and table A-1).

use std::fmt;

use reelwright_media::{Error, Ratio, Result};

use crate::{VideoEncoderSettings, VideoProfile, VideoRate};

/// A level of a codec, as its standard counts: 3.1 is `VideoLevel::new(3, 1)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VideoLevel {
    /// The part before the point.
    pub major: u8,
    /// The part after it.
    pub minor: u8,
}

impl VideoLevel {
    /// The level `major.minor`.
    pub const fn new(major: u8, minor: u8) -> Self {
        Self { major, minor }
    }

    /// H.264's `level_idc`: ten times the level.
    const fn of_idc(idc: u8) -> Self {
        Self::new(idc / 10, idc % 10)
    }
}

impl fmt::Display for VideoLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A row of table A-1.
struct Row {
    idc: u8,
    /// Macroblocks a second: `MaxMBPS`.
    rate: u64,
    /// Macroblocks a picture: `MaxFS`.
    picture: u64,
    /// Kilobits a second of Baseline and Main: `MaxBR`. High may have a quarter more.
    kilobits: u64,
}

const fn row(idc: u8, rate: u64, picture: u64, kilobits: u64) -> Row {
    Row { idc, rate, picture, kilobits }
}

/// Level 1b has no number of its own and is left out.
const H264: [Row; 16] = [
    row(10, 1485, 99, 64),
    row(11, 3000, 396, 192),
    row(12, 6000, 396, 384),
    row(13, 11_880, 396, 768),
    row(20, 11_880, 396, 2000),
    row(21, 19_800, 792, 4000),
    row(22, 20_250, 1620, 4000),
    row(30, 40_500, 1620, 10_000),
    row(31, 108_000, 3600, 14_000),
    row(32, 216_000, 5120, 20_000),
    row(40, 245_760, 8192, 20_000),
    row(41, 245_760, 8192, 50_000),
    row(42, 522_240, 8704, 50_000),
    row(50, 589_824, 22_080, 135_000),
    row(51, 983_040, 36_864, 240_000),
    row(52, 2_073_600, 36_864, 240_000),
];

impl VideoEncoderSettings {
    /// The `level_idc` of the level that is asked for, if one is.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] where H.264 has no such level, or pictures of this size and rate take more.
    pub fn h264_level(&self) -> Result<Option<u8>> {
        let Some(asked) = self.level else { return Ok(None) };
        let row = H264.iter().find(|row| VideoLevel::of_idc(row.idc) == asked);
        let Some(row) = row else {
            return Err(Error::misuse(format!("H.264 has no level {asked}"))
                .with_hint("its levels are 1.0 to 1.3, 2.0 to 2.2, 3.0 to 3.2, 4.0 to 4.2 and 5.0 to 5.2"));
        };
        if self.is_within(row) {
            return Ok(Some(row.idc));
        }
        let hint = match self.lowest_h264_level() {
            Some(idc) => format!("level {} is enough", VideoLevel::of_idc(idc)),
            None => "no level is enough: lower the size, the frame rate or the bit rate".to_owned(),
        };
        let Self { size, frame_rate, .. } = self;
        let message =
            format!("level {asked} is too low for {size} at {:.3} frames a second", frame_rate.to_f64());
        Err(Error::misuse(message + &self.known_rate()).with_hint(hint))
    }

    /// The `level_idc` of the lowest level that is enough for size, frame rate and bit rate, if one is.
    pub fn lowest_h264_level(&self) -> Option<u8> {
        H264.iter().find(|row| self.is_within(row)).map(|row| row.idc)
    }

    fn is_within(&self, row: &Row) -> bool {
        let columns = u64::from(self.size.width.div_ceil(16));
        let rows = u64::from(self.size.height.div_ceil(16));
        let Ratio { num, den } = self.frame_rate;
        let a_second = (columns * rows * u64::from(num)).div_ceil(u64::from(den.max(1)));
        let unit = if matches!(self.profile, None | Some(VideoProfile::H264High)) { 1250 } else { 1000 };
        // Neither side may be longer than the root of eight times the picture (A.3.1).
        let longest = columns.max(rows);
        columns * rows <= row.picture
            && longest * longest <= 8 * row.picture
            && a_second <= row.rate
            && u64::from(self.peak()) <= row.kilobits * unit
    }

    /// Bits a second the stream may take, as far as that is known; else 0.
    fn peak(&self) -> u32 {
        match (self.rate, self.limit) {
            (_, Some(limit)) => limit.max_rate,
            (VideoRate::Average(bits), None) => bits,
            (VideoRate::Quality(_), None) => 0,
        }
    }

    fn known_rate(&self) -> String {
        match self.peak() {
            0 => String::new(),
            bits => format!(" and {} kbit/s", bits / 1000),
        }
    }
}

#[cfg(test)]
mod tests {
    use reelwright_media::{Size, VideoCodec};

    use super::*;

    fn settings(size: Size, frames: u32, bits: u32) -> VideoEncoderSettings {
        VideoEncoderSettings::new(VideoCodec::H264, size)
            .frame_rate(Ratio { num: frames, den: 1 })
            .rate(VideoRate::Average(bits))
    }

    #[test]
    fn the_lowest_level_follows_size_frame_rate_and_bit_rate() {
        for (size, frames, bits, level) in [
            (Size::new(176, 144), 15, 80_000, Some(10)),
            (Size::new(640, 480), 30, 1_000_000, Some(30)),
            (Size::new(1280, 720), 30, 2_000_000, Some(31)),
            (Size::new(1280, 720), 60, 2_000_000, Some(32)),
            (Size::new(1920, 1080), 30, 25_000_000, Some(40)),
            (Size::new(1920, 1080), 30, 25_000_001, Some(41)),
            (Size::new(3840, 2160), 30, 45_000_000, Some(51)),
            // As many macroblocks as 3.0 has room for, in a row that is too long.
            (Size::new(16 * 120, 16), 30, 1_000_000, Some(31)),
            (Size::new(7680, 4320), 30, 45_000_000, None),
        ] {
            assert_eq!(settings(size, frames, bits).lowest_h264_level(), level, "{size} {frames} {bits}");
        }
    }

    #[test]
    fn a_level_that_is_too_low_or_unknown_is_refused() {
        let base = settings(Size::new(1280, 720), 30, 2_000_000);
        let ask = |major, minor| {
            let level = Some(VideoLevel::new(major, minor));
            base.clone().level(level).h264_level()
        };
        assert_eq!(base.h264_level().unwrap(), None);
        assert_eq!(ask(3, 1).unwrap(), Some(31));
        let low = ask(3, 0).unwrap_err();
        assert!(low.message().contains("level 3.0 is too low for 1280x720 at 30.000"), "{low}");
        assert_eq!(low.hint().map(ToString::to_string).as_deref(), Some("level 3.1 is enough"));
        assert!(ask(3, 3).unwrap_err().message().contains("no level 3.3"));
    }
}
