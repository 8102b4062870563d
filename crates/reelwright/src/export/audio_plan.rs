use reelwright_bitstream::aac::{AudioSpecificConfig, SAMPLE_RATES, Sbr};
use reelwright_codec::{AudioEncoderSettings, AudioRate, EncoderInfo};
use reelwright_media::{AudioCodec, AudioFormat, Channel, ChannelLayout, MediaType, Result, Stage, Track};

use super::plan::{Context, Decision, Fate, acceptance, leave_out, select_audio};
use super::{AudioOptions, Reason};
use crate::presentation::is_simple;
use crate::verdict;

/// How sound is encoded.
#[derive(Clone, Debug)]
pub struct AudioPlan {
    /// The encoder.
    pub encoder: EncoderInfo,
    /// What it is made with.
    pub settings: AudioEncoderSettings,
    /// Source tracks that are mixed, this one first.
    pub sources: Vec<u32>,
}

impl AudioPlan {
    /// Packets a second, as the index counts them: AAC's of 1024 frames; PCM's are not counted.
    pub(super) fn packets_a_second(&self) -> f64 {
        if self.settings.pcm.is_some() { 0.0 } else { f64::from(self.settings.sample_rate) / 1024.0 }
    }

    /// Bits per second the encode is expected to take.
    pub fn expected_rate(&self) -> u32 {
        if let Some(pcm) = self.settings.pcm {
            let channels = u32::try_from(self.settings.layout.count()).unwrap_or(2);
            let bits = u32::from(pcm.bits).saturating_mul(channels);
            return bits.saturating_mul(self.settings.sample_rate);
        }
        match self.settings.rate {
            AudioRate::Constant(rate) | AudioRate::Average(rate) => rate,
            AudioRate::Quality(_) => 64_000 * u32::try_from(self.settings.layout.count()).unwrap_or(2),
        }
    }
}

/// The audio tracks that reach the output: of those that can be decoded the enabled ones, one of each alternate group, else
/// the first; where none can be, one of those that are left, which may be copied as it is. Tracks that were asked for needn't be
/// enabled.
pub(super) fn chosen_tracks(context: &Context<'_>, usable: &[&Track]) -> Vec<u32> {
    let sound = usable.iter().copied().filter(|track| track.media == MediaType::Audio);
    let (decodable, rest): (Vec<_>, Vec<_>) =
        sound.partition(|track| undecodable(context, track).is_none() && verdict::unusable(track).is_none());
    if decodable.is_empty() {
        // What can't be decoded can't be mixed.
        let enabled = rest.iter().find(|track| track.enabled).or(rest.first());
        return enabled.map(|track| track.id).into_iter().collect();
    }
    let mut chosen: Vec<&Track> = Vec::new();
    let asked_for = context.options.tracks.is_some();
    for track in decodable.iter().filter(|track| track.enabled || asked_for) {
        let taken = |other: &&Track| {
            let is_grouped = track.alternate_group != 0 && other.alternate_group == track.alternate_group;
            is_grouped && !completes(track, other)
        };
        if !chosen.iter().any(taken) {
            chosen.push(track);
        }
    }
    chosen.extend(decodable.first().filter(|_| chosen.is_empty()));
    chosen.into_iter().map(|track| track.id).collect()
}

/// Whether two tracks are channels of the same sound, as those of a film with a track for each are. Some writers group all
/// sound as alternatives to each other.
fn completes(track: &Track, other: &Track) -> bool {
    let label = |track: &Track| {
        let layout = track.formats.first()?.as_audio()?.layout.clone()?;
        (layout.count() == 1).then(|| layout.channels().first().copied()).flatten()
    };
    track.language == other.language
        && label(track).zip(label(other)).is_some_and(|(one, other)| one != other)
}

/// Why sound can't be decoded; `None` where it can.
pub(super) fn undecodable(context: &Context<'_>, track: &Track) -> Option<Reason> {
    let refusal = track.formats.iter().find_map(|format| context.registry.audio_decoder(format).err())?;
    Some(Reason::Undecodable(refusal.message().to_owned()))
}

/// Copies what fits, mixes what must be mixed, encodes the rest.
pub(super) fn decide(
    context: &Context<'_>,
    track: &Track,
    chosen: &[u32],
    options: &AudioOptions,
) -> Result<Decision> {
    if let [first, _, ..] = chosen
        && *first != track.id
    {
        return Ok(Decision::new(Fate::MixInto(*first), Reason::MixedInto(*first)));
    }
    let Some(format) = track.formats.first().and_then(|format| format.as_audio()) else {
        return leave_out(Reason::WrongDescription);
    };
    let misfit = match misfit(context, track, chosen, format, options) {
        None => return Ok(Decision::new(Fate::Copy, Reason::Fits)),
        Some(misfit) => misfit,
    };
    let refusal = |format| context.registry.audio_decoder(format).err();
    if let Some(refusal) = track.formats.iter().find_map(refusal) {
        // Better the sound as it is than none.
        if chosen.len() == 1 && acceptance(context, track).is_ok() {
            return Ok(Decision::new(Fate::Copy, Reason::CopiedUndecodable(refusal.message().to_owned())));
        }
        return Err(refusal.at_stage(Stage::Plan));
    }
    let settings = settings(context, chosen, options);
    let encoder = select_audio(context.registry, &settings, &options.encoder)
        .map_err(|error| error.at_stage(Stage::Plan))?;
    let plan = AudioPlan { encoder, settings, sources: chosen.to_vec() };
    Ok(Decision::new(Fate::EncodeAudio(Box::new(plan)), misfit))
}

/// Why the track can't be copied, or `None` where it can.
fn misfit(
    context: &Context<'_>,
    track: &Track,
    chosen: &[u32],
    format: &AudioFormat,
    options: &AudioOptions,
) -> Option<Reason> {
    if context.options.reencode {
        return Some(Reason::ReencodingAsked);
    }
    if chosen.len() > 1 {
        return Some(Reason::Mixed(chosen.len()));
    }
    if format.codec != options.codec {
        return Some(Reason::Codec { is: format.codec.name(), wanted: options.codec.name() });
    }
    let pcm = options.codec == AudioCodec::Lpcm;
    if !pcm && !is_low_complexity(format) {
        return Some(Reason::AacProfile);
    }
    if let Err(refusal) = acceptance(context, track) {
        return Some(Reason::Refused(refusal.message().to_owned()));
    }
    if track.formats.len() > 1 {
        return Some(Reason::ChangesFormat);
    }
    if format.sample_rate > options.max_sample_rate {
        return Some(Reason::SampleRate { is: format.sample_rate, most: options.max_sample_rate });
    }
    if format.channels > options.max_channels {
        return Some(Reason::Channels { are: format.channels, most: options.max_channels });
    }
    let allowed = rate_for(options, format.channels);
    let seconds = track.media_duration.to_seconds_lossy();
    if let Some(bytes) = track.byte_count
        && seconds > 0.0
        && !pcm
    {
        let rate = bytes as f64 * 8.0 / seconds;
        // Encoders overshoot a little, and a quarter more is not worth a generation of loss.
        if rate > 1.25 * f64::from(allowed) {
            return Some(Reason::BitRate { is: rate as u32, most: allowed, asked: options.exact_rate });
        }
    }
    if !is_simple(&track.edits) {
        return Some(Reason::Edits);
    }
    (!context.range.start.is_zero()).then_some(Reason::Cut)
}

/// Whether the stream is plain AAC-LC, without spectral band replication.
fn is_low_complexity(format: &AudioFormat) -> bool {
    let config = format.config.as_ref().and_then(|config| AudioSpecificConfig::parse(&config.bytes).ok());
    config.is_some_and(|config| config.object_type == 2 && config.sbr != Sbr::Present && !config.ps)
}

fn rate_for(options: &AudioOptions, channels: u16) -> u32 {
    match channels {
        1 if !options.exact_rate => options.rate / 8 * 5,
        _ => options.rate,
    }
}

fn settings(context: &Context<'_>, chosen: &[u32], options: &AudioOptions) -> AudioEncoderSettings {
    let movie = context.asset.movie();
    // A track may change its format on the way: the richest decides.
    let tracks = || chosen.iter().filter_map(|id| movie.track(*id));
    let formats = || tracks().flat_map(|track| &track.formats).filter_map(|format| format.as_audio());
    let layout = output_layout(formats(), options.max_channels);
    let channels = u16::try_from(layout.count()).unwrap_or(2);
    let source_rate = formats().map(|format| format.sample_rate).max().unwrap_or(48_000);
    let sample_rate = match options.codec {
        AudioCodec::Lpcm => source_rate.min(options.max_sample_rate),
        _ => encodable_rate(source_rate, options.max_sample_rate),
    };
    // A channel of AAC takes at most 6144 bits for 1024 frames; a preset's rate is more than slow sound can use.
    let most = sample_rate.saturating_mul(6) / 100 * 95 * u32::from(channels);
    let rate = rate_for(options, channels);
    let rate = if options.exact_rate { rate } else { rate.min(most) };
    AudioEncoderSettings::new(options.codec, sample_rate, layout)
        .rate(AudioRate::Average(rate))
        .pcm(options.pcm)
}

/// The layout sources are mixed into: that of the largest, or the one that tracks of a labelled channel each make up, of at
/// most so many channels.
fn output_layout<'a>(formats: impl Iterator<Item = &'a AudioFormat> + Clone, most: u16) -> ChannelLayout {
    let layout = |channels| ChannelLayout::default_for(channels).unwrap_or_else(ChannelLayout::stereo);
    let largest = formats.clone().map(|format| format.channels).max().unwrap_or(2);
    let mut labels: Vec<_> =
        formats.filter_map(|format| format.layout.as_ref()?.channels().first().copied()).collect();
    labels.sort_unstable_by_key(|label| *label as u8);
    labels.dedup();
    if largest > 1 || labels.len() < 2 {
        return layout(largest.clamp(1, most));
    }
    use Channel::{BackLeft, BackRight, Center, SideLeft, SideRight};
    let has_sides = labels.iter().any(|label| matches!(label, SideLeft | SideRight));
    let place = |label: Channel| match label {
        // The surrounds of 5.1 are called both.
        BackLeft if !has_sides => SideLeft,
        BackRight if !has_sides => SideRight,
        label => label,
    };
    // The centre goes to both sides of stereo.
    let holds = |layout: &ChannelLayout| {
        let held = |label: &Channel| {
            layout.position(place(*label)).is_some() || layout.count() == 2 && *label == Center
        };
        labels.iter().all(held)
    };
    let allowed = [2, 6, 8].into_iter().filter(|channels| *channels <= most).map(layout);
    allowed.clone().find(holds).or_else(|| allowed.clone().next_back()).unwrap_or_else(|| layout(1))
}

/// The source's rate where AAC has it (ISO/IEC 14496-3, table 1.18), else the next above, else the maximum.
fn encodable_rate(source: u32, max: u32) -> u32 {
    // The lowest is left out: few decoders take it.
    let rates = SAMPLE_RATES.iter().rev().skip(1);
    rates.copied().filter(|rate| *rate <= max).find(|rate| *rate >= source).unwrap_or(max)
}
