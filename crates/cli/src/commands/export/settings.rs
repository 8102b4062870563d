use reelwright::codec::{EncoderSpecification, RateLimit};
use reelwright::media::{Error, ErrorKind, MediaType, Ratio, Result, Time, TimeRange, Track, VideoCodec};
use reelwright::{
    Asset, ColorPolicy, ExportOptions, FileType, Fit, Orientation, Preset, RateChoice, Treatment,
    average_frame_rate,
};

use crate::args::{ExportArgs, FitArg};
use crate::{selection, tags};

/// What the session is told.
pub(super) fn options(
    args: &ExportArgs,
    asset: &Asset,
    preset: Preset,
    file_type: FileType,
) -> Result<ExportOptions> {
    let mut options = ExportOptions::new(preset);
    options.reencode = args.reencode;
    options.strict = args.strict;
    options.overwrite = args.out.policy();
    options.sync = args.out.sync;
    options.index = args.out.index();
    options.tracks = selection::tracks(&args.tracks, asset.movie(), !args.no_audio)?;
    options.metadata = tags::policy(&args.tags, file_type)?;
    options.range = range(args, asset)?;
    if args.audio_only {
        options.video = Treatment::Drop;
    }
    if args.no_audio {
        options.audio = Treatment::Drop;
    }
    copied_kinds(args, asset, file_type, &mut options)?;
    match (options.audio.as_encode_mut(), args.audio_bitrate) {
        (Some(audio), Some(rate)) => (audio.rate, audio.exact_rate) = (rate, true),
        (None, Some(_)) => return Err(means_nothing(&["--audio-bitrate"], "no sound is encoded")),
        (_, None) => {}
    }
    let asked = video_flags(args);
    match options.video.as_encode_mut() {
        Some(video) => video_options(args, video),
        None if !asked.is_empty() => return Err(means_nothing(&asked, "no video is encoded")),
        None => {}
    }
    if args.reencode && preset == Preset::Passthrough {
        return Err(means_nothing(&["--reencode"], "preset passthrough copies everything"));
    }
    Ok(options)
}

/// Copies the kinds of track that were asked to be copied, or says why that can't be.
fn copied_kinds(
    args: &ExportArgs,
    asset: &Asset,
    file_type: FileType,
    options: &mut ExportOptions,
) -> Result<()> {
    let chosen = options.tracks.clone();
    let copy = |media: MediaType, flag: &str| {
        let taken = |track: &&Track| chosen.as_ref().is_none_or(|ids| ids.contains(&track.id));
        let mut tracks =
            asset.movie().tracks.iter().filter(|track| track.media == media).filter(taken).peekable();
        if tracks.peek().is_none() {
            return Err(Error::misuse(format!("{flag} means nothing here: there is no {media}")));
        }
        tracks.try_for_each(|track| copyable(track, file_type).map_err(|error| error.at_track(track.id)))
    };
    if args.copy_video {
        if matches!(options.video, Treatment::Drop) {
            return Err(Error::misuse("--copy-video means nothing here: only sound is exported"));
        }
        copy(MediaType::Video, "--copy-video")?;
        options.video = Treatment::Copy;
    }
    if args.copy_audio {
        copy(MediaType::Audio, "--copy-audio")?;
        options.audio = Treatment::Copy;
    }
    Ok(())
}

/// Refuses a track that the container can't hold as it is.
fn copyable(track: &Track, file_type: FileType) -> Result<()> {
    if track.formats.iter().any(|format| format.is_encrypted()) {
        return Err(Error::new(ErrorKind::Unsupported, "it is encrypted, and can't be copied"));
    }
    track.formats.iter().try_for_each(|format| file_type.accepts(format))
}

/// The refusal of flags that would be without effect.
fn means_nothing(flags: &[&str], why: &str) -> Error {
    let (mean, leave) = if flags.len() == 1 { ("means", "it") } else { ("mean", "them") };
    Error::misuse(format!("{} {mean} nothing here: {why}", flags.join(", ")))
        .with_hint(format!("leave {leave} out, or choose a preset that encodes, such as --preset 1920x1080"))
}

/// The flags given that only make sense where video is encoded.
fn video_flags(args: &ExportArgs) -> Vec<&'static str> {
    let given = [
        (args.encoder.is_some(), "--encoder"),
        (args.codec.is_some(), "--codec"),
        (args.size.is_some(), "--size"),
        (args.upright, "--upright"),
        (args.color.is_some(), "--color"),
        (args.fps.is_some(), "--fps"),
        (args.video_bitrate.is_some(), "--video-bitrate"),
        (args.max_rate.is_some(), "--max-rate"),
        (args.quality.is_some(), "--quality"),
        (args.keyint.is_some(), "--keyint"),
        (!args.encoder_option.is_empty(), "--encoder-option"),
    ];
    given.into_iter().filter_map(|(given, name)| given.then_some(name)).collect()
}

fn video_options(args: &ExportArgs, video: &mut reelwright::VideoOptions) {
    video.fit = match args.fit {
        FitArg::Display => Fit::Displayed,
        FitArg::Coded => Fit::Coded,
    };
    if args.upright {
        video.orientation = Orientation::TurnPixels;
    }
    if let Some(size) = args.size {
        video.max_size = Some(size);
    }
    if let Some(codec) = args.codec {
        if matches!(codec, VideoCodec::Hevc | VideoCodec::Av1 | VideoCodec::ProRes) {
            video.color = ColorPolicy::Keep;
        }
        video.codec = codec;
    }
    if let Some(color) = args.color {
        video.color = ColorPolicy::Convert(color);
    }
    if let Some(id) = &args.encoder {
        video.encoder = EncoderSpecification::with_id(id);
        if args.codec.is_none()
            && let Some(reelwright::codec::Codec::Video(codec)) =
                crate::codecs::registry().encoders().find(|info| info.id == *id).map(|info| info.codec)
        {
            video.codec = codec;
        }
    }
    if let Some(rate) = args.video_bitrate {
        video.rate = RateChoice::Average(rate);
    }
    if let Some(quality) = args.quality {
        video.rate = RateChoice::Quality(quality);
    }
    if let Some(max_rate) = args.max_rate {
        video.limit = Some(RateLimit { max_rate, buffer: args.buffer.unwrap_or(max_rate.saturating_mul(2)) });
    }
    if let Some(frames) = args.keyint {
        video.key_frames = reelwright::codec::KeyFrames { frames: Some(frames), interval: None };
    }
    video.frame_rate = args.fps;
    video.encoder_options.clone_from(&args.encoder_option);
    // What says how the picture looks is compared with the source's; everything else takes an encode.
    let compared = ["--codec", "--size", "--upright", "--color"];
    video.always_encode = video_flags(args).iter().any(|flag| !compared.contains(flag));
}

/// The wanted part; frames are those of the first video track.
fn range(args: &ExportArgs, asset: &Asset) -> Result<Option<TimeRange>> {
    if args.from.is_none() && args.to.is_none() {
        return Ok(None);
    }
    let movie = asset.movie();
    let video = movie.tracks.iter().find(|track| track.media == MediaType::Video);
    let rate = video
        .and_then(|track| average_frame_rate(track, track.sample_count?))
        .unwrap_or(Ratio { num: 30, den: 1 });
    let from = args.from.map_or(Time::ZERO, |from| from.at(rate));
    let to = args.to.map(|to| to.at(rate));
    if let Some(to) = to.filter(|&to| to <= from) {
        let message = match args.from {
            Some(_) => format!("--to {to} is not after --from {from}"),
            None => format!("--to {to} leaves nothing to export"),
        };
        return Err(Error::misuse(message));
    }
    Ok(Some(TimeRange::between(from, to.unwrap_or(movie.duration))))
}
