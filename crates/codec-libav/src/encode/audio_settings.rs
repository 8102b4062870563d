//! How [`AudioEncoderSettings`] become an encoder's own options.

use reelwright_codec::{AudioEncoderSettings, AudioRate};
use reelwright_media::{AudioCodec, Error, Result};

use super::catalogue::{AudioRow, BITS};
use super::settings::{is_known, unknown};
use crate::ffi::{Codec, Context, SampleKind};

/// How the encoder is fed, and how many bits count where that is a question.
pub(super) fn sample_kind(
    row: &AudioRow,
    settings: &AudioEncoderSettings,
) -> Result<((SampleKind, bool), Option<u8>)> {
    let Some(deep) = row.deep else { return Ok((row.kind, None)) };
    let wanted = settings.options.iter().rev().find(|(name, _)| name == BITS.0);
    match wanted.map_or("16", |(_, value)| value) {
        "16" => Ok((row.kind, Some(16))),
        "24" => Ok((deep, Some(24))),
        other => Err(Error::misuse(format!("{} keeps 16 or 24 bits, not {other}", row.id))),
    }
}

/// Sets rate and options.
pub(super) fn apply(
    context: &mut Context,
    codec: Codec,
    row: &AudioRow,
    settings: &AudioEncoderSettings,
) -> Result<()> {
    let lossless = row.deep.is_some();
    match settings.rate {
        _ if lossless => {}
        AudioRate::Constant(bits) => {
            context.set_option("b", &bits.to_string())?;
            if row.codec == AudioCodec::Opus {
                context.set_option("vbr", "off")?;
            }
        }
        AudioRate::Average(bits) => {
            context.set_option("b", &bits.to_string())?;
            if row.codec == AudioCodec::Mp3 {
                context.set_option("abr", "1")?;
            }
        }
        AudioRate::Quality(quality) => {
            context.set_option("b", &bits_for(row, quality, settings).to_string())?;
        }
    }
    context.set_option("flags", "+global_header")?;
    for (name, value) in &settings.options {
        let own = lossless && name == BITS.0;
        let set = own || (is_known(codec, name) && context.set_option(name, value)?);
        if !set {
            return Err(unknown(row.id, name, codec));
        }
    }
    Ok(())
}

/// The bit rate that stands for a quality: of AAC, 24 to 160 kbit/s a channel at 48 kHz (0.5: 184 kbit/s for stereo),
/// in proportion for other rates; half of that for Opus. AC-3 and MP3 get the next rate they have.
fn bits_for(row: &AudioRow, quality: f32, settings: &AudioEncoderSettings) -> u32 {
    let quality = if quality.is_finite() { f64::from(quality.clamp(0.0, 1.0)) } else { 0.5 };
    let channels = settings.layout.count().clamp(1, 64) as f64;
    let rate = f64::from(settings.sample_rate.min(48_000)) / 48_000.0;
    let bits = (24_000.0 + 136_000.0 * quality) * channels * rate;
    let kbit = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];
    match row.codec {
        AudioCodec::Opus => (bits / 2.0) as u32,
        AudioCodec::Ac3 | AudioCodec::Eac3 | AudioCodec::Mp3 => {
            let most = if row.codec == AudioCodec::Mp3 { 320 } else { 640 };
            let next = kbit.into_iter().find(|&rate| f64::from(rate) * 1000.0 >= bits);
            next.unwrap_or(most).min(most) * 1000
        }
        _ => bits as u32,
    }
}
