//! What the pictures of a track are, where planning must know it before they are decoded.

use reelwright_bitstream::h264::{AvcConfig, FieldOrders};
use reelwright_bitstream::{
    annex_b_units, captions, length_prefixed_units, mpeg_video, prores, starts_with_start_code,
};
use reelwright_codec::Registry;
use reelwright_media::{
    BoxFamily, EditTimeline, FieldOrder, FormatDescription, SampleBuffer, Track, VideoCodec, VideoFormat,
};

use super::FrameReader;
use crate::Asset;

/// Samples looked at: some streams of fields begin with a few frames.
const LOOKED_AT: usize = 32;

/// Samples looked at for captions: two seconds or so, in which someone will have said something.
const LISTENED_TO: usize = 64;

/// What most pictures of a track are alike in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// The order in which the interlaced pictures among them show their fields.
    pub(crate) field_order: FieldOrder,
    /// Whether they have an alpha component.
    pub(crate) transparent: bool,
}

impl Look {
    /// Looks at the first pictures of `track`. The stream is asked first, since containers are wrong more often; of codecs that
    /// can't be looked into, the first picture as it is decoded.
    pub(crate) fn at(asset: &Asset, track: &Track, registry: &Registry) -> Self {
        let nothing = Self { field_order: FieldOrder::Progressive, transparent: false };
        let Some(description) = track.formats.first() else { return nothing };
        let Some(format) = description.as_video() else { return nothing };
        let stated = format.field_order.unwrap_or(FieldOrder::Progressive);
        let plain = Self { field_order: stated, transparent: has_depth_of_alpha(format) };
        let field_order = |order: Option<FieldOrder>| Self { field_order: order.unwrap_or(stated), ..plain };
        match format.codec {
            VideoCodec::H264 => field_order(fields_of_h264(asset, track, format)),
            VideoCodec::Mpeg2 => field_order(fields(asset, track, LOOKED_AT, mpeg_video::field_order)),
            VideoCodec::ProRes => {
                let header = samples(asset, track, 1).next();
                let header =
                    header.and_then(|sample| prores::FrameHeader::parse(&sample.payload.load().ok()?).ok());
                header.map_or(plain, |header| Self {
                    field_order: header.field_order,
                    transparent: header.alpha_bits > 0,
                })
            }
            VideoCodec::Other(_) | VideoCodec::Mpeg4 | VideoCodec::Png => {
                decoded(asset, track, description, registry).unwrap_or(plain)
            }
            _ => plain,
        }
    }
}

/// Whether the first pictures of the track carry closed captions.
pub(crate) fn has_captions(asset: &Asset, track: &Track) -> bool {
    // Padding alone says nothing.
    let says = |triplet: &[u8]| triplet[0] & 4 != 0 && (triplet[0] & 2 != 0 || triplet[1..] != [0x80, 0x80]);
    let mut found = samples(asset, track, LISTENED_TO).filter_map(|sample| closed_captions(&sample));
    found.any(|captions| captions.chunks_exact(3).any(says))
}

/// The closed captions in a coded picture, where there are any: triplets of `cc_data`.
pub(super) fn closed_captions(sample: &SampleBuffer) -> Option<Vec<u8>> {
    let format = sample.format.as_video().filter(|format| may_have_captions(format.codec))?;
    let bytes = sample.payload.load().ok()?;
    let found = match format.codec {
        VideoCodec::H264 => captions::of_h264(units(format, &bytes)),
        VideoCodec::Hevc => captions::of_hevc(units(format, &bytes)),
        _ => captions::of_mpeg2(&bytes),
    };
    (!found.is_empty()).then_some(found)
}

/// Whether pictures coded so have a place for closed captions.
pub(super) fn may_have_captions(codec: VideoCodec) -> bool {
    matches!(codec, VideoCodec::H264 | VideoCodec::Hevc | VideoCodec::Mpeg2)
}

/// The NAL units of a sample, whichever way they are told apart.
fn units<'a>(format: &VideoFormat, sample: &'a [u8]) -> Vec<&'a [u8]> {
    match format.nal_length_size() {
        Some(size) if !starts_with_start_code(sample) => {
            length_prefixed_units(sample, size as u8).map_while(Result::ok).collect()
        }
        _ => annex_b_units(sample).collect(),
    }
}

/// Whether the sample entry has the depth that stands for colours with transparency (QuickTime File Format, depth).
fn has_depth_of_alpha(format: &VideoFormat) -> bool {
    let entry = format.entry.as_ref().filter(|entry| entry.family == BoxFamily::QuickTime);
    entry.is_some_and(|entry| entry.bytes.get(82..84) == Some(&[0, 32]))
}

fn fields_of_h264(asset: &Asset, track: &Track, format: &VideoFormat) -> Option<FieldOrder> {
    let mut orders = FieldOrders::new(format.field_order);
    let mut looked_at = LOOKED_AT;
    if let Some(config) = format.config.as_ref().filter(|config| !starts_with_start_code(&config.bytes)) {
        let config = AvcConfig::parse(&config.bytes).ok()?;
        config.units().for_each(|unit| orders.note(unit));
        if config.first_sps().is_ok_and(|sps| sps.frames_only) {
            looked_at = 1;
        }
    }
    fields(asset, track, looked_at, |bytes| Some(orders.of(&units(format, bytes))))
}

/// What the first samples say: of several the first that is interlaced.
fn fields(
    asset: &Asset,
    track: &Track,
    most: usize,
    mut order: impl FnMut(&[u8]) -> Option<FieldOrder>,
) -> Option<FieldOrder> {
    let mut seen = None;
    for sample in samples(asset, track, most) {
        let found = sample.payload.load().ok().and_then(|bytes| order(&bytes));
        seen = seen.or(found);
        if found.is_some_and(FieldOrder::is_interlaced) {
            return found;
        }
    }
    seen
}

/// The first samples of the track, as far as they can be read.
fn samples(asset: &Asset, track: &Track, most: usize) -> impl Iterator<Item = SampleBuffer> {
    let mut cursor = asset.cursor(track.id).ok();
    std::iter::from_fn(move || cursor.as_mut()?.next_sample().ok().flatten()).take(most)
}

fn decoded(asset: &Asset, track: &Track, format: &FormatDescription, registry: &Registry) -> Option<Look> {
    let codec = reelwright_codec::Codec::Video(format.as_video()?.codec);
    // Without a decoder nothing is encoded either.
    registry.decoders().find(|decoder| decoder.codec == codec)?;
    let everything = EditTimeline::everything(asset.movie().timescale);
    let reader = FrameReader::new(asset, track.id, everything, registry).ok()?;
    let first = reader.threads(1).next_frame().ok()??.pixels;
    Some(Look { field_order: first.field_order, transparent: first.format.has_alpha() })
}
