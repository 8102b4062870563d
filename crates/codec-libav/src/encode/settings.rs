//! How [`VideoEncoderSettings`] become an encoder's own options.
//!
//! Quality q from 0.0 to 1.0 becomes, for the encoders that have a rate factor,
//! x264, NVENC: crf = 49 - 40 q (0.65 is 23, the default of x264); x265: crf = 54 - 40 q (0.65 is 28, the default of
//! x265); SVT-AV1 and libaom: crf = 63 - 43 q (0.65 is 35); Motion JPEG: qscale = 2 + 29 (1 - q)². For others quality
//! becomes libavcodec's `global_quality`.
//!
//! Unless an option says otherwise x264 and x265 run at preset `medium`, SVT-AV1 at 10 (its own default here), libaom at
//! `cpu-used` 6.

use reelwright_codec::{KeyFrames, VideoEncoderSettings, VideoProfile, VideoRate};
use reelwright_media::{
    ColorRange, ContentLight, Error, ErrorKind, FieldOrder, MasteringDisplay, PixelFormat, PixelLayout,
    Result,
};

use super::catalogue::{Dialect, VideoRow};
use crate::ffi::{Codec, Context};

/// libavcodec's unit of `global_quality` for one step of a quantiser.
const LAMBDA: f32 = 118.0;

/// Options of encoders in general that may be passed through beside an encoder's own.
const GENERAL: [&str; 17] = [
    "b",
    "bf",
    "g",
    "keyint_min",
    "refs",
    "qmin",
    "qmax",
    "qcomp",
    "qdiff",
    "trellis",
    "me_range",
    "subq",
    "sc_threshold",
    "slices",
    "level",
    "compression_level",
    "global_quality",
];

/// The layout `row` is fed at the settings' bit depth and profile.
pub(super) fn input_format(row: &VideoRow, settings: &VideoEncoderSettings) -> Result<PixelFormat> {
    if row.dialect == Dialect::ProRes {
        let asked = settings.options.iter().any(|(name, value)| name == "alpha_bits" && value != "0");
        return Ok(match settings.profile {
            Some(VideoProfile::ProRes4444) if settings.alpha || asked => {
                PixelFormat::Yuva(PixelLayout::Yuv444, 10)
            }
            Some(VideoProfile::ProRes4444) => PixelFormat::Yuv(PixelLayout::Yuv444, 10),
            _ => PixelFormat::Yuv(PixelLayout::Yuv422, 10),
        });
    }
    let deep = row.formats.iter().filter(|format| format.bit_depth() == settings.bit_depth);
    let fitting = deep.clone().find(|format| format.has_alpha() && settings.alpha).or(deep.clone().next());
    fitting.copied().ok_or_else(|| {
        Error::unsupported(format!("{} does not encode {} bits a component", row.id, settings.bit_depth))
    })
}

/// Whether `row` codes interlaced pictures as such with these settings, rather than as frames.
pub(super) fn codes_fields(row: &VideoRow, settings: &VideoEncoderSettings) -> bool {
    let able = match row.dialect {
        // Baseline has no fields, and macroblocks of 4:2:0 come in pairs of four rows of chroma.
        Dialect::X264 => {
            settings.profile != Some(VideoProfile::H264Baseline) && settings.size.height.is_multiple_of(4)
        }
        Dialect::ProRes => true,
        _ => false,
    };
    able && settings.field_order.is_interlaced()
}

/// The longest distance of key frames in frames; `None` leaves it to the encoder.
pub(super) fn key_distance(settings: &VideoEncoderSettings) -> Option<u32> {
    let KeyFrames { frames, interval } = settings.key_frames;
    let from_time = interval.map(|interval| {
        let count = (interval.to_seconds_lossy() * settings.frame_rate.to_f64()).round();
        // Saturates: at least one frame, at most what libavcodec's `int` holds.
        count.clamp(1.0, f64::from(i32::MAX)) as u32
    });
    match (frames.map(|frames| frames.max(1)), from_time) {
        (Some(frames), Some(time)) => Some(frames.min(time)),
        (frames, time) => frames.or(time),
    }
}

/// Sets everything but size, layout and colour.
pub(super) fn apply(
    context: &mut Context,
    codec: Codec,
    row: &VideoRow,
    settings: &VideoEncoderSettings,
) -> Result<()> {
    let mut options = Options::default();
    options.set("threads", settings.threads);
    rate(&mut options, row, settings);
    if let Some(distance) = key_distance(settings) {
        options.set("g", distance);
    }
    if !settings.reordering && row.reordering {
        options.set("bf", 0);
    }
    if codes_fields(row, settings) {
        options.set("flags", "+ildct+ilme");
        options.set("field_order", if settings.field_order == FieldOrder::TopFirst { "tt" } else { "bb" });
    }
    profile(&mut options, row, settings)?;
    level(&mut options, row, settings)?;
    match row.dialect {
        Dialect::X264 => x264(&mut options, settings, codes_fields(row, settings)),
        Dialect::X265 => x265(&mut options, settings),
        Dialect::SvtAv1 => svt_av1(&mut options, settings),
        Dialect::Aom => {
            options.set("cpu-used", 6);
            options.set("row-mt", 1);
            if settings.real_time {
                options.set("usage", "realtime");
            }
        }
        Dialect::Jpeg if settings.color.range != Some(ColorRange::Full) => options.set("strict", -1),
        Dialect::Nvenc => {
            options.set("forced-idr", 1);
            if settings.real_time {
                options.set("zerolatency", 1);
                options.set("delay", 0);
            }
        }
        Dialect::Jpeg | Dialect::ProRes | Dialect::General => {}
    }
    if !matches!(row.dialect, Dialect::Jpeg | Dialect::ProRes) {
        options.set("flags", "+global_header");
    }
    options.pass_through(&settings.options);
    for (name, value) in &options.0 {
        let asked = settings.options.iter().any(|(other, _)| other == name);
        let known = !asked || is_known(codec, name);
        if !(known && context.set_option(name, value)?) && asked {
            return Err(unknown(row.id, name, codec));
        }
    }
    Ok(())
}

/// Whether `name` may be set by whoever uses the encoder.
pub(super) fn is_known(codec: Codec, name: &str) -> bool {
    GENERAL.contains(&name) || codec.options().iter().any(|option| option.name == name)
}

/// The refusal of an option, saying which there are.
pub(super) fn unknown(id: &str, name: &str, codec: Codec) -> Error {
    let own = codec.options();
    let mut names: Vec<_> = own.iter().map(|option| option.name).collect();
    names.extend(GENERAL);
    Error::misuse(format!("{id} has no option {name}")).with_hint(format!("it has: {}", names.join(", ")))
}

/// Options in the order they are set; parameter lists grow.
#[derive(Default)]
struct Options(Vec<(String, String)>);

impl Options {
    fn set(&mut self, name: &str, value: impl ToString) {
        self.0.push((name.into(), value.to_string()));
    }

    fn remove(&mut self, name: &str) {
        self.0.retain(|(other, _)| other != name);
    }

    /// Appends to a list of `key=value` pairs between colons.
    fn add_parameter(&mut self, list: &str, parameter: &str) {
        match self.0.iter_mut().find(|(name, _)| name == list) {
            Some((_, value)) => {
                value.push(':');
                value.push_str(parameter);
            }
            None => self.set(list, parameter),
        }
    }

    /// Adds what the caller asks for: it replaces what was derived, except that parameter lists are joined.
    fn pass_through(&mut self, wanted: &[(String, String)]) {
        for (name, value) in wanted {
            match name.as_str() {
                "x264-params" | "x265-params" | "svtav1-params" => {
                    self.add_parameter(name, value);
                    continue;
                }
                // A rate of one's own replaces the derived one.
                "crf" | "qp" | "cq" | "b" => ["crf", "b", "cq"].map(|rate| self.remove(rate)),
                _ => Default::default(),
            };
            self.remove(name);
            self.set(name, value);
        }
    }
}

fn rate(options: &mut Options, row: &VideoRow, settings: &VideoEncoderSettings) {
    match settings.rate {
        _ if row.dialect == Dialect::ProRes => {}
        VideoRate::Average(bits) => options.set("b", bits),
        VideoRate::Quality(quality) => {
            let quality = if quality.is_finite() { quality.clamp(0.0, 1.0) } else { 0.65 };
            let factor = |worst: f32, span: f32| ((worst - span * quality) * 100.0).round() / 100.0;
            match row.dialect {
                Dialect::X264 => options.set("crf", factor(49.0, 40.0)),
                Dialect::X265 => options.set("crf", factor(54.0, 40.0)),
                Dialect::Nvenc => {
                    options.set("b", 0);
                    options.set("cq", factor(49.0, 40.0));
                }
                Dialect::SvtAv1 => options.set("crf", factor(63.0, 43.0).round()),
                Dialect::Aom => {
                    options.set("b", 0);
                    options.set("crf", factor(63.0, 43.0).round());
                }
                _ => {
                    let scale = 2.0 + 29.0 * (1.0 - quality) * (1.0 - quality);
                    options.set("flags", "+qscale");
                    options.set("global_quality", (scale * LAMBDA).round());
                }
            }
        }
    }
    if let Some(limit) = settings.limit
        && row.dialect != Dialect::ProRes
    {
        options.set("maxrate", limit.max_rate);
        options.set("bufsize", limit.buffer);
    }
}

fn profile(options: &mut Options, row: &VideoRow, settings: &VideoEncoderSettings) -> Result<()> {
    let Some(profile) = settings.profile else {
        if row.dialect == Dialect::ProRes {
            options.set("profile", if row.id == "prores_ks" { "standard" } else { "2" });
        }
        return Ok(());
    };
    if !row.profiles.contains(&profile) {
        return Err(Error::unsupported(format!("{} does not make profile {profile:?}", row.id)));
    }
    let (name, number, depth) = match profile {
        VideoProfile::H264Baseline => ("baseline", "66", 8),
        VideoProfile::H264Main => ("main", "77", 8),
        VideoProfile::H264High => ("high", "100", 8),
        VideoProfile::HevcMain => ("main", "1", 8),
        VideoProfile::HevcMain10 => ("main10", "2", 10),
        VideoProfile::ProResProxy => ("proxy", "0", 10),
        VideoProfile::ProResLt => ("lt", "1", 10),
        VideoProfile::ProRes422 => ("standard", "2", 10),
        VideoProfile::ProResHq => ("hq", "3", 10),
        VideoProfile::ProRes4444 => ("4444", "4", 10),
        other => return Err(Error::unsupported(format!("{} does not know profile {other:?}", row.id))),
    };
    if row.dialect != Dialect::ProRes && settings.bit_depth != depth {
        let message = format!("profile {profile:?} has {depth} bits, {} are asked for", settings.bit_depth);
        return Err(Error::new(ErrorKind::Misuse, message).with_hint("leave the profile to the encoder"));
    }
    // Encoders with a `profile` of their own know it by name, the others by the standard's number.
    options.set("profile", if row.id == "prores_aw" { number } else { name });
    Ok(())
}

fn level(options: &mut Options, row: &VideoRow, settings: &VideoEncoderSettings) -> Result<()> {
    if settings.level.is_none() {
        return Ok(());
    }
    if row.dialect != Dialect::X264 {
        return Err(Error::unsupported(format!("{} takes no level", row.id))
            .with_hint("leave the level to the encoder"));
    }
    if let Some(level) = settings.h264_level()? {
        options.set("level", level);
    }
    Ok(())
}

fn x264(options: &mut Options, settings: &VideoEncoderSettings, fields: bool) {
    // An I picture that is asked for is one where decoding can start.
    options.set("forced-idr", 1);
    if settings.real_time {
        options.set("tune", "zerolatency");
    }
    // Else its messages say top first of any field.
    match settings.field_order {
        FieldOrder::BottomFirst if fields => options.add_parameter("x264-params", "bff=1"),
        FieldOrder::TopFirst if fields => options.add_parameter("x264-params", "tff=1"),
        _ => {}
    }
    // The frame rate serves rate control and level; times come with the frames.
    let rate = settings.frame_rate;
    options.add_parameter("x264-params", &format!("fps={}/{}", rate.num, rate.den));
    light(options, "x264-params", settings, "cll");
}

fn x265(options: &mut Options, settings: &VideoEncoderSettings) {
    options.set("forced-idr", 1);
    if settings.real_time {
        options.set("tune", "zerolatency");
    }
    // Closed groups of pictures, like x264's: every key frame is one where decoding can start.
    options.add_parameter("x265-params", "log-level=none:open-gop=0");
    match settings.field_order {
        FieldOrder::Progressive => {}
        FieldOrder::TopFirst => options.add_parameter("x265-params", "pic-struct=3"),
        FieldOrder::BottomFirst => options.add_parameter("x265-params", "pic-struct=4"),
    }
    light(options, "x265-params", settings, "max-cll");
}

fn svt_av1(options: &mut Options, settings: &VideoEncoderSettings) {
    if settings.real_time || !settings.reordering {
        options.add_parameter("svtav1-params", "pred-struct=1");
    }
    if let Some(mastering) = &settings.mastering {
        let parameter = format!("mastering-display={}", mastering_in_units(mastering));
        options.add_parameter("svtav1-params", &parameter);
    }
    if let Some(ContentLight { max, max_frame_average }) = settings.content_light {
        options.add_parameter("svtav1-params", &format!("content-light={max},{max_frame_average}"));
    }
}

/// Mastering display and content light in x264's and x265's spelling, which counts as `mdcv` does.
fn light(options: &mut Options, list: &str, settings: &VideoEncoderSettings, content_light: &str) {
    if let Some(MasteringDisplay { primaries: [green, blue, red], white, max_luminance, min_luminance }) =
        settings.mastering
    {
        let parameter = format!(
            "G({},{})B({},{})R({},{})WP({},{})L({max_luminance},{min_luminance})",
            green.0, green.1, blue.0, blue.1, red.0, red.1, white.0, white.1
        );
        let name = if list == "x264-params" { "mastering-display" } else { "master-display" };
        options.add_parameter(list, &format!("{name}={parameter}"));
    }
    if let Some(ContentLight { max, max_frame_average }) = settings.content_light {
        options.add_parameter(list, &format!("{content_light}={max},{max_frame_average}"));
    }
}

/// Mastering display in SVT-AV1's spelling: coordinates and cd/m² as decimals.
fn mastering_in_units(mastering: &MasteringDisplay) -> String {
    let point = |(x, y): (u16, u16)| format!("({:.5},{:.5})", f64::from(x) / 5e4, f64::from(y) / 5e4);
    let [green, blue, red] = mastering.primaries;
    format!(
        "G{}B{}R{}WP{}L({:.4},{:.4})",
        point(green),
        point(blue),
        point(red),
        point(mastering.white),
        f64::from(mastering.max_luminance) / 1e4,
        f64::from(mastering.min_luminance) / 1e4
    )
}
