//! How values are written on the command line.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use reelwright::media::{Color, Language, Ratio, Rounding, Size, Time, Timescale, VideoCodec};
use reelwright::{FileType, Preset};

use crate::tags::Tag;

/// A value that goes by one of a few names, which help and completions list; other spellings may be understood too.
#[derive(Clone, Copy)]
pub(crate) struct Named<T> {
    names: fn() -> Vec<&'static str>,
    parse: fn(&str) -> Result<T, String>,
}

pub(crate) const FILE_TYPE: Named<FileType> =
    Named { names: || FileType::ALL.iter().map(|kind| kind.extensions()[0]).collect(), parse: file_type };
pub(crate) const PRESET: Named<Preset> =
    Named { names: || reelwright::PRESETS.iter().map(|row| row.name).collect(), parse: preset };
pub(crate) const CODEC: Named<VideoCodec> = Named { names: || CODECS.to_vec(), parse: codec };
pub(crate) const COLOR: Named<Color> = Named { names: || COLORS.to_vec(), parse: color };

const CODECS: &[&str] = &["h264", "hevc", "av1", "prores", "jpeg"];
const COLORS: &[&str] = &["bt709", "bt601", "bt601-625", "p3", "bt2020", "hlg", "pq"];

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Named<T> {
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let parse = self.parse;
        (move |text: &str| parse(text)).parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.names)().into_iter().map(PossibleValue::new)))
    }
}

/// A point in time as the user wrote it: an instant, or a number of frames whose length only the movie tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Position {
    /// Seconds, exactly.
    At(Time),
    /// Frames of the video track.
    Frames(u32),
}

impl Position {
    /// The instant, for a movie of `rate` frames per second.
    pub(crate) fn at(self, rate: Ratio) -> Time {
        match self {
            Self::At(time) => time,
            Self::Frames(count) => {
                Time::new(i64::from(count) * i64::from(rate.den), Timescale::or_one(rate.num))
            }
        }
    }
}

/// `90`, `1:30`, `00:01:30.5`, `30/1` seconds or `120f` frames.
pub(crate) fn position(text: &str) -> Result<Position, String> {
    let wrong =
        || format!("'{text}' is not a time; write 90, 1:30, 00:01:30.5, 30/1 (seconds) or 120f (frames)");
    if let Some(frames) = text.strip_suffix('f') {
        return frames.parse().map(Position::Frames).map_err(|_| wrong());
    }
    if let Some((num, den)) = text.split_once('/') {
        let num = num.parse::<i64>().ok().filter(|num| *num >= 0).ok_or_else(wrong)?;
        let time = Time::from_ratio(num, den.parse().map_err(|_| wrong())?);
        return time.map(Position::At).ok_or_else(wrong);
    }
    let parts: Vec<_> = text.split(':').collect();
    let (seconds, larger) = parts.split_last().filter(|_| parts.len() <= 3).ok_or_else(wrong)?;
    let mut time = decimal(seconds).ok_or_else(wrong)?;
    let mut unit = 60;
    for part in larger.iter().rev() {
        let count = part.parse::<u32>().map_err(|_| wrong())?;
        time = time.checked_add(Time::from_secs(i64::from(count) * unit)).ok_or_else(wrong)?;
        unit *= 60;
    }
    Ok(Position::At(time))
}

/// A decimal number of seconds with up to nine digits after the point, exactly.
fn decimal(text: &str) -> Option<Time> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 || (whole.is_empty() && fraction.is_empty())
    {
        return None;
    }
    let scale = 10u32.pow(u32::try_from(fraction.len()).ok()?);
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction: i64 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    Time::from_ratio(whole.checked_mul(i64::from(scale))?.checked_add(fraction)?, scale)
}

/// `3M`, `4.5M`, `128k`, `96000`: bits per second, decimal multiples. Less than a thousand is a forgotten `k` or `M`.
pub(crate) fn bit_rate(text: &str) -> Result<u32, String> {
    let wrong = || format!("'{text}' is not a bit rate; write 3M, 4.5M, 128k or 96000 (1000 at least)");
    let (number, unit) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 1_000),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 1_000_000),
        _ => (text, 1),
    };
    let value = decimal(number).ok_or_else(wrong)?;
    let bits = value.ticks_in(Timescale::or_one(unit), Rounding::Nearest).ok_or_else(wrong)?;
    u32::try_from(bits).ok().filter(|bits| *bits >= 1000).ok_or_else(wrong)
}

/// `1280x720`.
pub(crate) fn size(text: &str) -> Result<Size, String> {
    let wrong = || format!("'{text}' is not a size; write it as 1280x720, each side from 16 to 16384");
    let (width, height) = text.split_once(['x', 'X', '×']).ok_or_else(wrong)?;
    let side = |text: &str| text.parse::<u32>().ok().filter(|side| (16..=16_384).contains(side));
    Ok(Size::new(side(width).ok_or_else(wrong)?, side(height).ok_or_else(wrong)?))
}

/// `30`, `30000/1001`, or a decimal: 23.976, 29.97, 59.94 and 119.88 mean the NTSC rates.
pub(crate) fn frame_rate(text: &str) -> Result<Ratio, String> {
    let wrong = || format!("'{text}' is not a frame rate; write 30, 29.97 or 30000/1001, up to 1000");
    let ntsc = |num| Ratio::new(num, 1001);
    let ratio = match text {
        "23.976" | "23.98" => ntsc(24_000),
        "29.97" => ntsc(30_000),
        "47.952" | "47.95" => ntsc(48_000),
        "59.94" => ntsc(60_000),
        "119.88" => ntsc(120_000),
        _ => match text.split_once('/') {
            Some((num, den)) => {
                Ratio::new(num.parse().map_err(|_| wrong())?, den.parse().map_err(|_| wrong())?)
            }
            None => decimal(text)
                .and_then(|time| Ratio::new(u32::try_from(time.value()).ok()?, time.scale().ticks())),
        },
    };
    ratio.filter(|ratio| ratio.to_f64() <= 1000.0).ok_or_else(wrong)
}

/// 0 to 1.
pub(crate) fn quality(text: &str) -> Result<f32, String> {
    let value = text.parse::<f32>().ok().filter(|value| (0.0..=1.0).contains(value));
    value.ok_or_else(|| format!("'{text}' is not a quality; write a number from 0 (worst) to 1 (best)"))
}

/// `preset=medium`.
pub(crate) fn key_value(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
    let (key, value) = pair.ok_or_else(|| format!("'{text}' is not an option; write name=value"))?;
    Ok((key.to_owned(), value.to_owned()))
}

/// A container by the extension of its files.
fn file_type(text: &str) -> Result<FileType, String> {
    FileType::from_extension(text.trim_start_matches('.')).ok_or_else(|| {
        let names: Vec<_> = FileType::ALL.iter().map(|kind| kind.extensions()[0]).collect();
        format!("'{text}' is no container to write; there are {}", names.join(", "))
    })
}

/// A language by its code of two or three letters or its BCP 47 tag.
pub(crate) fn language(text: &str) -> Result<Language, String> {
    Language::from_tag(text).ok_or_else(|| format!("'{text}' is not a language; write en, eng or en-GB"))
}

/// `title=Holidays`, `mdta/com.apple.quicktime.title=Holidays`; `title=` takes it away.
pub(crate) fn tag(text: &str) -> Result<Tag, String> {
    let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
    let (key, value) = pair.ok_or_else(|| format!("'{text}' is not a tag; write name=value"))?;
    Tag::new(key, value)
}

/// A video codec by the names people use.
fn codec(text: &str) -> Result<VideoCodec, String> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "h264" | "h.264" | "avc" => VideoCodec::H264,
        "hevc" | "h265" | "h.265" => VideoCodec::Hevc,
        "av1" => VideoCodec::Av1,
        "prores" => VideoCodec::ProRes,
        "jpeg" | "mjpeg" => VideoCodec::Jpeg,
        _ => {
            return Err(format!(
                "'{text}' is not a codec to write; there are h264, hevc, av1, prores and jpeg"
            ));
        }
    })
}

/// Colours by the names people use.
fn color(text: &str) -> Result<Color, String> {
    use reelwright::media::{
        ColorMatrix as Matrix, ColorPrimaries as Primaries, TransferFunction as Transfer,
    };
    let (primaries, transfer, matrix) = match text.to_ascii_lowercase().as_str() {
        "bt709" | "709" => (Primaries::BT709, Transfer::BT709, Matrix::BT709),
        "bt601" | "601" => (Primaries::SMPTE170M, Transfer::BT709, Matrix::SMPTE170M),
        "bt601-625" => (Primaries::BT470BG, Transfer::BT709, Matrix::SMPTE170M),
        "p3" => (Primaries::P3_D65, Transfer::BT709, Matrix::BT709),
        "bt2020" | "2020" => (Primaries::BT2020, Transfer::BT709, Matrix::BT2020),
        "hlg" => (Primaries::BT2020, Transfer::HLG, Matrix::BT2020),
        "pq" => (Primaries::BT2020, Transfer::PQ, Matrix::BT2020),
        _ => {
            let names = "bt709, bt601, bt601-625, p3, bt2020, hlg and pq";
            return Err(format!("'{text}' are no colours to convert to; there are {names}"));
        }
    };
    Ok(Color { primaries, transfer, matrix, ..Color::UNSPECIFIED })
}

/// A preset by its short name or Apple's.
fn preset(text: &str) -> Result<Preset, String> {
    text.parse().map_err(|error: reelwright::media::Error| match error.hint() {
        Some(hint) => format!("{}; {}", error.message(), crate::hints::spelled(hint)),
        None => error.message().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(value: i64, scale: u32) -> Position {
        Position::At(Time::from_ratio(value, scale).unwrap())
    }

    #[test]
    fn times_are_exact_however_they_are_written() {
        assert_eq!(position("90"), Ok(at(90, 1)));
        assert_eq!(position("1:30"), Ok(at(90, 1)));
        assert_eq!(position("00:01:30.5"), Ok(at(181, 2)));
        assert_eq!(position("30/1"), Ok(at(30, 1)));
        assert_eq!(position("1001/30000"), Ok(at(1001, 30_000)));
        assert_eq!(position(".25"), Ok(at(1, 4)));
        assert_eq!(
            position("120f").unwrap().at(Ratio::new(30_000, 1001).unwrap()),
            Time::from_ratio(120_120, 30_000).unwrap()
        );
        for wrong in ["", "1:2:3:4", "-5", "abc", "1/0", "f", "1e3", "1:-2", "."] {
            assert!(position(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rates_and_sizes() {
        assert_eq!(bit_rate("4.5M"), Ok(4_500_000));
        assert_eq!(bit_rate("128k"), Ok(128_000));
        assert_eq!(bit_rate("96000"), Ok(96_000));
        assert!(bit_rate("3").is_err() && bit_rate("5G").is_err());
        assert_eq!(frame_rate("29.97"), Ok(Ratio::new(30_000, 1001).unwrap()));
        assert_eq!(frame_rate("12.5"), Ok(Ratio::new(25, 2).unwrap()));
        assert!(frame_rate("0").is_err());
        assert_eq!(size("1280x720"), Ok(Size::new(1280, 720)));
        assert!(size("1280").is_err() && size("0x0").is_err());
        assert!(quality("1.5").is_err() && quality("nan").is_err());
        assert_eq!(key_value("x264-params=a=b"), Ok(("x264-params".into(), "a=b".into())));
    }
}
