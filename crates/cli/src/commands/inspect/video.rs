use reelwright::media::{Color, ColorRange, Ratio, Track, VideoFormat};
use reelwright::{TrackStatistics, average_frame_rate, display_size};

use super::rows::{AmbientRow, ColorRow, DolbyRow, HdrRow, LightRow, MasteringRow, VideoRow};

pub(super) fn video(track: &Track, facts: &TrackStatistics) -> VideoRow {
    let format = track.formats.first().and_then(|format| format.as_video());
    let size = format.map(|format| format.size).unwrap_or_default();
    let display = display_size(track).unwrap_or(size);
    let ratio = |ratio: Ratio| format!("{}/{}", ratio.num, ratio.den);
    let mirrored = track.matrix.orientation().is_some_and(|(_, mirrored)| mirrored);
    VideoRow {
        coded_width: size.width,
        coded_height: size.height,
        display_width: display.width,
        display_height: display.height,
        rotation: track.matrix.degrees(),
        mirrored,
        pixel_aspect: format.and_then(|format| format.pixel_aspect).unwrap_or(Ratio::ONE).to_string(),
        clean_aperture: format
            .and_then(|format| format.clean_aperture?.rect(format.size))
            .map(|(x, y, width, height)| [x, y, width, height]),
        frames: facts.samples,
        average_frame_rate: average_frame_rate(track, facts.samples).map(ratio),
        real_frame_rate: facts.real_frame_rate.map(ratio),
        bit_depth: format.and_then(|format| format.bit_depth),
        field_order: format
            .and_then(|format| format.field_order)
            .map(|order| format!("{order:?}").to_lowercase()),
        color: color(
            format.map_or(Color::UNSPECIFIED, |format| format.color),
            format.and_then(|format| format.icc_profile.as_ref()).map(|icc| icc.len()),
        ),
        hdr: hdr(format),
    }
}

fn color(color: Color, icc_profile_bytes: Option<usize>) -> ColorRow {
    let named = |name: Option<&'static str>, code: u8| name.map_or_else(|| code.to_string(), str::to_owned);
    ColorRow {
        primaries: named(color.primaries.name(), color.primaries.0),
        transfer: named(color.transfer.name(), color.transfer.0),
        matrix: named(color.matrix.name(), color.matrix.0),
        range: match color.range {
            Some(ColorRange::Full) => "full",
            Some(ColorRange::Video) => "video",
            None => "unknown",
        },
        siting: color.siting.map(|siting| format!("{siting:?}").to_lowercase()),
        icc_profile_bytes,
    }
}

fn hdr(format: Option<&VideoFormat>) -> HdrRow {
    let point = |(x, y): (u16, u16)| [f64::from(x) / 50_000.0, f64::from(y) / 50_000.0];
    HdrRow {
        mastering_display: format.and_then(|format| format.mastering).map(|display| MasteringRow {
            green: point(display.primaries[0]),
            blue: point(display.primaries[1]),
            red: point(display.primaries[2]),
            white: point(display.white),
            max_luminance: f64::from(display.max_luminance) / 10_000.0,
            min_luminance: f64::from(display.min_luminance) / 10_000.0,
        }),
        content_light: format
            .and_then(|format| format.content_light)
            .map(|light| LightRow { max: light.max, max_frame_average: light.max_frame_average }),
        ambient_viewing: format.and_then(|format| format.ambient).map(|ambient| AmbientRow {
            illuminance: f64::from(ambient.illuminance) / 10_000.0,
            light: point(ambient.light),
        }),
        dolby_vision: format.and_then(|format| format.dolby_vision.as_ref()).map(|config| DolbyRow {
            kind: config.kind.to_string(),
            // Version 2 bytes, then 7 bits of profile and 6 of level (Dolby Vision Streams Within ISOBMFF, 3.2).
            profile: config.bytes.get(2).map(|byte| byte >> 1),
            level: config.bytes.get(2).zip(config.bytes.get(3)).map(|(high, low)| (high & 1) << 5 | low >> 3),
        }),
    }
}
