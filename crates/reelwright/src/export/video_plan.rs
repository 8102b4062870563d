use reelwright_codec::{
    EncoderInfo, VideoDecoderSettings, VideoEncoderSettings, VideoRate, carries_captions, states_field_order,
};
use reelwright_media::{
    Color, ColorMatrix, ColorPrimaries, ColorRange, Error, FieldOrder, Matrix, Omission, Omitted, Ratio,
    Result, Rotation, Size, Stage, Timescale, Track, TransferFunction, VideoCodec, VideoFormat,
};
use reelwright_process::fit_inside;

use super::coding::beyond_players;
use super::plan::{Context, Decision, Fate, acceptance, carried_matrix, leave_out, select_video};
use super::{ColorPolicy, Fit, Orientation, RateChoice, Reason, VideoOptions};
use crate::presentation::{average_frame_rate, is_simple, square_size};
use crate::reader::{Look, has_captions};

/// How one video track is encoded.
#[derive(Clone, Debug)]
pub struct VideoPlan {
    /// The encoder.
    pub encoder: EncoderInfo,
    /// What it is made with.
    pub settings: VideoEncoderSettings,
    /// The picture before processing, as coded.
    pub source_size: Size,
    /// The output track's matrix.
    pub matrix: Matrix,
    /// How the pixels themselves are turned, after being mirrored left to right where that is true; `None` where they
    /// aren't.
    pub turn: Option<(Rotation, bool)>,
    /// What the source is taken to have where it says nothing of its colours.
    pub assumed: Color,
    /// Whether HDR becomes SDR on the way.
    pub tone_mapped: bool,
    /// Exactly so many frames per second; `None` keeps the source's timing.
    pub frame_rate: Option<Ratio>,
    /// The decoder that is expected to read the source.
    pub decoder: String,
}

impl VideoPlan {
    /// Whether its pictures are interlaced and change their height: then each field is made from its like alone.
    pub fn scales_fields(&self) -> bool {
        self.settings.field_order.is_interlaced() && self.settings.size.height != self.source_size.height
    }

    /// Bits per second the encode is expected to take.
    pub fn expected_rate(&self) -> u32 {
        match self.settings.rate {
            VideoRate::Average(rate) => rate,
            VideoRate::Quality(quality) => {
                let pixels = self.settings.size.area() as f64 * self.settings.frame_rate.to_f64();
                (pixels * 0.2 * f64::from(quality)) as u32
            }
        }
    }
}

/// Copies what fits, else plans the encode.
pub(super) fn decide(context: &Context<'_>, track: &Track, options: &VideoOptions) -> Result<Decision> {
    let Some(format) = track.formats.first().and_then(|format| format.as_video()) else {
        return leave_out(Reason::WrongDescription);
    };
    let misfit = match misfit(context, track, format, options) {
        None => return Ok(Decision::new(Fate::Copy, Reason::Fits)),
        Some(misfit) => misfit,
    };
    let decoder_settings =
        VideoDecoderSettings { threads: 1, ..VideoDecoderSettings::new(track.formats[0].clone()) };
    let (decoder, _) =
        context.registry.video_decoder(&decoder_settings).map_err(|error| error.at_stage(Stage::Plan))?;
    let turned = track.matrix.then(&context.asset.movie().matrix);
    let (turn, fitted, frame_rate) =
        (turn(&turned, options), target_size(format, &turned, options), measured_rate(track));
    let size = if is_quarter(turn) { fitted.turned() } else { fitted };
    let look = Look::at(context.asset, track, context.registry);
    let mut settings = settings(context, track, format, options, size, frame_rate);
    settings.field_order = kept_fields(look.field_order, format, turn, size);
    check_transfer(format.color, settings.color)?;
    let tone_mapped = format.color.is_hdr() && !settings.color.is_hdr();
    let encoder = select_video(context.registry, &settings, &options.encoder)
        .map_err(|error| error.at_stage(Stage::Plan))?;
    settings.alpha = look.transparent && encoder.takes_alpha(settings.profile);
    let square = square_size(format, &turned);
    let plan = VideoPlan {
        encoder,
        source_size: format.size,
        matrix: if turn.is_some() { Matrix::IDENTITY } else { carried_matrix(&turned, square, fitted) },
        turn,
        assumed: match options.color {
            ColorPolicy::Convert(color) => Color { range: None, siting: None, ..color },
            _ => Color::UNSPECIFIED,
        },
        tone_mapped,
        frame_rate: options.frame_rate.or_else(|| capped_rate(options, frame_rate)),
        decoder: decoder.id,
        settings,
    };
    let mut losses = losses(format, track.id);
    losses.extend(lost_fields(look.field_order, &plan.settings, track.id));
    let mut side_data = |what: &str, why: &str| {
        losses.push(Omission::new(Omitted::SideData(what.to_owned()), Some(track.id), why));
    };
    if look.transparent && !plan.settings.alpha {
        side_data("its transparency is", "the picture is put on black");
    }
    if !carries_captions(plan.settings.codec) && has_captions(context.asset, track) {
        let why = format!("{} has no place for them", plan.settings.codec.name());
        side_data("the closed captions in its pictures are", &why);
    }
    Ok(Decision { losses, ..Decision::new(Fate::EncodeVideo(Box::new(plan)), misfit) })
}

/// No light is made up: what isn't PQ or HLG doesn't become it, nor one the other.
fn check_transfer(source: Color, target: Color) -> Result<()> {
    let open = source.transfer == TransferFunction::UNSPECIFIED;
    if !target.is_hdr() || open || source.transfer == target.transfer {
        return Ok(());
    }
    let name = |transfer: TransferFunction| transfer.name().unwrap_or("another transfer function");
    let (from, to) = (name(source.transfer), name(target.transfer));
    Err(Error::unsupported(format!("{from} can't be converted to {to}"))
        .at_stage(Stage::Plan)
        .with_hint("keep the source's colours, or ask for some without HDR: bt709, p3, bt2020"))
}

/// The field order of what is encoded.
fn kept_fields(
    fields: FieldOrder,
    format: &VideoFormat,
    turn: Option<(Rotation, bool)>,
    size: Size,
) -> FieldOrder {
    // A row that is cut off above, or that comes to lie there, puts every row into the other field's place.
    let top = format.clean_aperture.and_then(|aperture| aperture.rect(format.size)).map_or(0, |rect| rect.1);
    let fields = if top % 2 == 1 { fields.swapped() } else { fields };
    match turn.map_or(Rotation::None, |(rotation, _)| rotation) {
        Rotation::None => fields,
        Rotation::Half if size.height.is_multiple_of(2) => fields.swapped(),
        Rotation::Half => fields,
        Rotation::Clockwise90 | Rotation::Clockwise270 => FieldOrder::Progressive,
    }
}

/// What is lost of the fields of interlaced pictures.
fn lost_fields(source: FieldOrder, settings: &VideoEncoderSettings, track: u32) -> Option<Omission> {
    if !source.is_interlaced() {
        return None;
    }
    let what = |what: &str| Omitted::SideData(what.to_owned());
    if !settings.field_order.is_interlaced() {
        let why = "they are woven into one picture, since it is turned by a quarter";
        return Some(Omission::new(what("the times of its fields are"), Some(track), why));
    }
    if states_field_order(settings.codec) {
        return None;
    }
    let why = format!("{} has no place for it", settings.codec.name());
    Some(Omission::new(what("the order of its fields is"), Some(track), why))
}

/// What an encode of one plain picture can't keep.
fn losses(format: &VideoFormat, track: u32) -> Vec<Omission> {
    let mut lost = Vec::new();
    let mut side_data = |what: &str, why: &str| {
        lost.push(Omission::new(Omitted::SideData(what.to_owned()), Some(track), why));
    };
    let holds = |kind: &[u8; 4]| {
        format.entry.as_ref().is_some_and(|entry| entry.bytes.windows(4).any(|code| code == kind))
    };
    if holds(b"lhvC") {
        side_data(
            "the second layer (another eye's picture, or transparency) is",
            "one plain picture is encoded",
        );
    }
    if format.dolby_vision.is_some() {
        side_data("Dolby Vision's own data are", "they describe the pictures as they were coded");
    }
    lost
}

/// Why the track can't be copied, or `None` where it can.
pub(super) fn misfit(
    context: &Context<'_>,
    track: &Track,
    format: &VideoFormat,
    options: &VideoOptions,
) -> Option<Reason> {
    if context.options.reencode {
        return Some(Reason::ReencodingAsked);
    }
    if options.always_encode {
        return Some(Reason::SettingsAsked);
    }
    if format.codec != options.codec {
        return Some(Reason::Codec { is: format.codec.name(), wanted: options.codec.name() });
    }
    if let Err(refusal) = acceptance(context, track) {
        return Some(Reason::Refused(refusal.message().to_owned()));
    }
    if track.formats.len() > 1 {
        return Some(Reason::ChangesFormat);
    }
    let turned = track.matrix.then(&context.asset.movie().matrix);
    if turn(&turned, options).is_some() {
        return Some(Reason::Turned);
    }
    let target = target_size(format, &turned, options);
    if target != format.size {
        return Some(Reason::Scaled { from: format.size, to: target });
    }
    let color = target_color(format, options);
    if format.color.is_hdr() && !color.is_hdr() {
        return Some(Reason::ToneMapped);
    }
    let said = |color: Color| (color.primaries, color.transfer, color.matrix);
    if matches!(options.color, ColorPolicy::Convert(_)) && said(color) != said(format.color) {
        return Some(Reason::ColorConverted);
    }
    if let Some(beyond) = beyond_players(format) {
        return Some(beyond);
    }
    if options.color != ColorPolicy::Keep
        && !color.is_hdr()
        && format.bit_depth.is_some_and(|depth| depth > 8)
    {
        return Some(Reason::BitDepth);
    }
    let rate = measured_rate(track);
    if capped_rate(options, rate).is_some() {
        return Some(Reason::FrameRate);
    }
    if let (RateChoice::Nominal(nominal), Some(source)) = (options.rate, source_rate(track))
        && options.max_size.is_some()
    {
        let allowed = nominal_rate(nominal, options.max_size, target, rate);
        if f64::from(source) > 1.1 * f64::from(allowed) {
            return Some(Reason::BitRate { is: source, most: allowed, asked: false });
        }
    }
    (!starts_clean(context, track)).then_some(Reason::Cut)
}

/// Whether a copy shows exactly the wanted range: all of it, in one stretch at normal speed.
fn starts_clean(context: &Context<'_>, track: &Track) -> bool {
    is_simple(&track.edits) && context.range.start.is_zero()
}

/// How the pixels are turned, if they are to be and have to be.
fn turn(matrix: &Matrix, options: &VideoOptions) -> Option<(Rotation, bool)> {
    let wanted = options.orientation == Orientation::TurnPixels;
    matrix.orientation().filter(|turn| wanted && *turn != (Rotation::None, false))
}

fn is_quarter(turn: Option<(Rotation, bool)>) -> bool {
    turn.is_some_and(|(rotation, _)| rotation.is_quarter())
}

/// The size of the picture before it is turned, if it is: inside the box, display aspect kept, never enlarged.
fn target_size(format: &VideoFormat, matrix: &Matrix, options: &VideoOptions) -> Size {
    let square = square_size(format, matrix);
    let Some(mut limit) = options.max_size else {
        return fit_inside(square, square, options.align);
    };
    let quarter = is_quarter(matrix.orientation());
    if options.fit == Fit::Displayed {
        let displayed = if quarter { square.turned() } else { square };
        let portrait_box = limit.height > limit.width;
        if (displayed.height > displayed.width) != portrait_box && displayed.height != displayed.width {
            limit = limit.turned();
        }
    }
    // The box is one for the picture turned upright, by whoever turns it.
    if quarter && (options.fit == Fit::Displayed || options.orientation == Orientation::TurnPixels) {
        limit = limit.turned();
    }
    fit_inside(square, limit, options.align)
}

/// Frames per second on average, from the track's own figures.
pub(crate) fn measured_rate(track: &Track) -> Ratio {
    let average = track.sample_count.and_then(|count| average_frame_rate(track, count));
    average.filter(|rate| rate.to_f64() <= 1000.0).unwrap_or(Ratio { num: 30, den: 1 })
}

/// The constant rate a cap forces, where the source exceeds it.
fn capped_rate(options: &VideoOptions, source: Ratio) -> Option<Ratio> {
    // A little over is a matter of rounding, not of rate.
    options.max_frame_rate.filter(|cap| source.to_f64() > cap.to_f64() * 1.02)
}

/// Bits per second of the source's samples.
fn source_rate(track: &Track) -> Option<u32> {
    let seconds = track.media_duration.to_seconds_lossy();
    let bytes = track.byte_count? as f64;
    (seconds > 0.0).then(|| (bytes * 8.0 / seconds).min(f64::from(u32::MAX)) as u32)
}

/// What `nominal` (at 30 fps in a full box) means for a picture of `size` at `rate`: fewer pixels and frames need
/// fewer bits, though not in proportion.
fn nominal_rate(nominal: u32, max_size: Option<Size>, size: Size, rate: Ratio) -> u32 {
    let full = max_size.unwrap_or(Size::new(1920, 1080)).area() as f64;
    let pixels = (size.area() as f64 / full).powf(0.75);
    let frames = (rate.to_f64() / 30.0).clamp(0.1, 8.0).powf(0.6);
    (f64::from(nominal) * pixels * frames).clamp(least_rate(size, rate), 400_000_000.0) as u32
}

/// The least that is planned for. A source that hardly moves can do with less on average, but an encoder told so smears
/// its first picture; told this, it doesn't use what it doesn't need.
fn least_rate(size: Size, rate: Ratio) -> f64 {
    (size.area() as f64 * rate.to_f64() * 0.006).clamp(24_000.0, 400_000_000.0)
}

/// How many bits of H.264 one bit of `codec` is worth, for carrying a source's rate over.
fn efficiency(codec: VideoCodec) -> f64 {
    match codec {
        VideoCodec::Hevc | VideoCodec::Vp9 => 1.6,
        VideoCodec::Av1 | VideoCodec::Vvc => 2.0,
        _ => 1.0,
    }
}

fn settings(
    context: &Context<'_>,
    track: &Track,
    format: &VideoFormat,
    options: &VideoOptions,
    size: Size,
    source_frame_rate: Ratio,
) -> VideoEncoderSettings {
    let frame_rate =
        options.frame_rate.or_else(|| capped_rate(options, source_frame_rate)).unwrap_or(source_frame_rate);
    let rate = match options.rate {
        RateChoice::Average(rate) => VideoRate::Average(rate),
        RateChoice::Quality(quality) => VideoRate::Quality(quality),
        // Its profile decides, in proportion to pixels; no source makes it less.
        RateChoice::Nominal(nominal) if options.codec == VideoCodec::ProRes => {
            let share = size.area() as f64 / Size::new(1920, 1080).area() as f64 * frame_rate.to_f64() / 30.0;
            VideoRate::Average((f64::from(nominal) * share).max(1.0) as u32)
        }
        RateChoice::Nominal(nominal) => {
            let wanted = nominal_rate(nominal, options.max_size, size, frame_rate);
            let source = source_rate(track).map_or(f64::INFINITY, f64::from);
            let worth = efficiency(format.codec) / efficiency(options.codec);
            let least = least_rate(size, frame_rate);
            let (ceiling, least) = match options.max_size {
                // At its own size a picture takes no more than it did, even where an encoder misses its aim by a little.
                None => (source * worth.min(0.97), least.min(0.97 * source)),
                Some(_) => (source * worth, least),
            };
            // No encoder does with less than a bit a frame; sources without a byte are met.
            let least = least.max(frame_rate.to_f64().ceil()).max(1.0);
            VideoRate::Average(f64::from(wanted).min(ceiling).max(least) as u32)
        }
    };
    let color = target_color(format, options);
    let hdr = color.is_hdr();
    VideoEncoderSettings::new(options.codec, size)
        .bit_depth(match options.codec {
            VideoCodec::ProRes => 10,
            VideoCodec::H264 => 8,
            _ if hdr => 10,
            _ => 8,
        })
        .profile(options.profile)
        .timescale(timescale(track, options.frame_rate.or_else(|| capped_rate(options, source_frame_rate))))
        .frame_rate(frame_rate)
        .color(color)
        .mastering(format.mastering.filter(|_| hdr && format.color.is_hdr()))
        .content_light(format.content_light.filter(|_| hdr && format.color.is_hdr()))
        .rate(rate)
        .limit(options.limit)
        .key_frames(options.key_frames)
        .threads(context.options.threads)
        .options(options.encoder_options.clone())
}

/// The source's ticks, or for a constant rate the fewest that say every frame exactly.
fn timescale(track: &Track, constant: Option<Ratio>) -> Timescale {
    match constant {
        None => track.timescale,
        Some(rate) => Timescale::or_one(rate.num.saturating_mul(if rate.num < 1000 { 100 } else { 1 })),
    }
}

/// Tags are kept; what is tone-mapped becomes BT.709; untagged stays untagged, unless all is converted.
fn target_color(format: &VideoFormat, options: &VideoOptions) -> Color {
    let source = format.color;
    let wide = source.primaries == ColorPrimaries::BT2020 || source.matrix == ColorMatrix::BT2020;
    match options.color {
        ColorPolicy::Convert(color) => {
            let left_open = Color { range: Some(ColorRange::Video), ..Color::UNSPECIFIED };
            return color.or(source).or(left_open);
        }
        ColorPolicy::ToneMap if wide || source.is_hdr() => {
            return Color { siting: source.siting, ..Color::BT709 };
        }
        ColorPolicy::ToneMap | ColorPolicy::Keep => {}
    }
    // RGB sources have no Y'CbCr matrix to keep; encoders get video range unless the source was full.
    let matrix = match source.matrix {
        ColorMatrix::RGB => ColorMatrix::BT709,
        matrix => matrix,
    };
    Color { matrix, range: source.range.or(Some(ColorRange::Video)), ..source }
}
