//! Whether the pictures of a track are interlaced, before they are decoded.

use reelwright_bitstream::h264::{AvcConfig, FieldOrders};
use reelwright_bitstream::{
    annex_b_units, length_prefixed_units, mpeg_video, prores, starts_with_start_code,
};
use reelwright_codec::Registry;
use reelwright_media::{EditTimeline, FieldOrder, FormatDescription, Track, VideoCodec, VideoFormat};

use super::FrameReader;
use crate::Asset;

/// Samples looked at: some streams of fields begin with a few frames.
const LOOKED_AT: usize = 32;

/// The order in which most likely all interlaced pictures of the track show their fields. The stream is asked first, since
/// containers are wrong more often; of codecs that can't be looked into, the first picture as it is decoded.
pub(crate) fn field_order(asset: &Asset, track: &Track, registry: &Registry) -> FieldOrder {
    let format = track.formats.first();
    let Some((format, description)) = format.and_then(|format| Some((format.as_video()?, format))) else {
        return FieldOrder::Progressive;
    };
    let stated = format.field_order;
    let seen = match format.codec {
        VideoCodec::H264 => in_h264(asset, track, format),
        VideoCodec::ProRes => {
            let order = |bytes: &[u8]| Some(prores::FrameHeader::parse(bytes).ok()?.field_order);
            in_samples(asset, track, 1, order)
        }
        VideoCodec::Mpeg2 => in_samples(asset, track, LOOKED_AT, mpeg_video::field_order),
        VideoCodec::Other(_) | VideoCodec::Mpeg4 => decoded(asset, track, description, registry),
        _ => stated,
    };
    seen.or(stated).unwrap_or(FieldOrder::Progressive)
}

fn in_h264(asset: &Asset, track: &Track, format: &VideoFormat) -> Option<FieldOrder> {
    let mut orders = FieldOrders::new(format.field_order);
    let mut length_size = None;
    if let Some(config) = format.config.as_ref().filter(|config| !starts_with_start_code(&config.bytes)) {
        let config = AvcConfig::parse(&config.bytes).ok()?;
        config.units().for_each(|unit| orders.note(unit));
        length_size = Some(config.length_size);
    }
    in_samples(asset, track, LOOKED_AT, |bytes| {
        let units: Vec<_> = match length_size {
            Some(size) if !starts_with_start_code(bytes) => {
                length_prefixed_units(bytes, size).map_while(Result::ok).collect()
            }
            _ => annex_b_units(bytes).collect(),
        };
        Some(orders.of(&units))
    })
}

/// What the first samples say: of several the first that is interlaced.
fn in_samples(
    asset: &Asset,
    track: &Track,
    most: usize,
    mut order: impl FnMut(&[u8]) -> Option<FieldOrder>,
) -> Option<FieldOrder> {
    let mut cursor = asset.cursor(track.id).ok()?;
    let mut seen = None;
    for _ in 0..most {
        let Ok(Some(sample)) = cursor.next_sample() else { break };
        let found = sample.payload.load().ok().and_then(|bytes| order(&bytes));
        seen = seen.or(found);
        if let Some(order) = found.filter(|order| order.is_interlaced()) {
            return Some(order);
        }
    }
    seen
}

fn decoded(
    asset: &Asset,
    track: &Track,
    format: &FormatDescription,
    registry: &Registry,
) -> Option<FieldOrder> {
    let codec = reelwright_codec::Codec::Video(format.as_video()?.codec);
    // Without a decoder nothing is encoded either.
    registry.decoders().find(|decoder| decoder.codec == codec)?;
    let everything = EditTimeline::everything(asset.movie().timescale);
    let reader = FrameReader::new(asset, track.id, everything, registry).ok()?;
    Some(reader.threads(1).next_frame().ok()??.pixels.field_order)
}
