use reelwright_bitstream::aac::{AudioSpecificConfig, SAMPLE_RATES, Sbr};
use reelwright_codec::{AudioEncoderSettings, AudioRate, EncoderInfo};
use reelwright_media::{AudioCodec, AudioFormat, ChannelLayout, MediaType, Result, Stage, Track};

use super::AudioOptions;
use super::plan::{Context, Fate, acceptance, select_audio};
use crate::facts::is_simple;

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

/// The audio tracks that reach the output: enabled ones with samples, one of each alternate group; where none is
/// enabled, the first with samples.
pub(super) fn chosen_tracks(usable: &[&Track]) -> Vec<u32> {
    let usable = || usable.iter().copied().filter(|track| track.media == MediaType::Audio);
    let mut chosen: Vec<&Track> = Vec::new();
    for track in usable().filter(|track| track.enabled) {
        let taken =
            |other: &&Track| track.alternate_group != 0 && other.alternate_group == track.alternate_group;
        if !chosen.iter().any(taken) {
            chosen.push(track);
        }
    }
    chosen.extend(usable().next().filter(|_| chosen.is_empty()));
    chosen.into_iter().map(|track| track.id).collect()
}

/// Copies what fits, mixes what must be mixed, encodes the rest.
pub(super) fn decide(
    context: &Context<'_>,
    track: &Track,
    chosen: &[u32],
    options: &AudioOptions,
) -> Result<(Fate, String)> {
    if let [first, _, ..] = chosen
        && *first != track.id
    {
        return Ok((Fate::MixInto(*first), format!("mixed into the sound of track {first}")));
    }
    let Some(format) = track.formats.first().and_then(|format| format.as_audio()) else {
        return super::plan::drop("its sample description is not one of sound");
    };
    let misfit = match misfit(context, track, chosen, format, options) {
        None => return Ok((Fate::Copy, "it fits the preset as it is".to_owned())),
        Some(misfit) => misfit,
    };
    if let Err(refusal) = context.registry.audio_decoder(&track.formats[0]) {
        // Better the sound as it is than none.
        if chosen.len() == 1 && acceptance(context, track).is_ok() {
            return Ok((Fate::Copy, format!("copied as it is: {}", refusal.message())));
        }
        return Err(refusal.at_stage(Stage::Plan));
    }
    let settings = settings(context, chosen, options);
    let encoder = select_audio(context.registry, &settings, &options.encoder)
        .map_err(|error| error.at_stage(Stage::Plan))?;
    Ok((Fate::EncodeAudio(Box::new(AudioPlan { encoder, settings, sources: chosen.to_vec() })), misfit))
}

/// Why the track can't be copied, or `None` where it can.
fn misfit(
    context: &Context<'_>,
    track: &Track,
    chosen: &[u32],
    format: &AudioFormat,
    options: &AudioOptions,
) -> Option<String> {
    if context.options.reencode {
        return Some("re-encoding was asked for".into());
    }
    if chosen.len() > 1 {
        return Some(format!("{} tracks are mixed", chosen.len()));
    }
    if format.codec != options.codec {
        return Some(format!("it is {}, not {}", format.codec.name(), options.codec.name()));
    }
    let pcm = options.codec == AudioCodec::Lpcm;
    if !pcm && !is_low_complexity(format) {
        return Some("it is not AAC-LC".into());
    }
    if let Err(refusal) = acceptance(context, track) {
        return Some(refusal.message().to_owned());
    }
    if track.formats.len() > 1 {
        return Some("it changes its format on the way".into());
    }
    if format.sample_rate > options.max_sample_rate {
        return Some(format!("{} Hz is above {}", format.sample_rate, options.max_sample_rate));
    }
    if format.channels > options.max_channels {
        return Some(format!("{} channels are mixed down to {}", format.channels, options.max_channels));
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
            let (rate, allowed) = (rate / 1000.0, allowed / 1000);
            return Some(match options.explicit_rate {
                true => format!("its {rate:.0} kbit/s exceed the {allowed} asked for"),
                false => format!("its {rate:.0} kbit/s exceed the preset's {allowed}"),
            });
        }
    }
    if !is_simple(&track.edits) {
        return Some("its edit list is resolved".into());
    }
    (!context.range.start.is_zero()).then(|| "the cut is exact only when it is encoded".into())
}

/// Whether the stream is plain AAC-LC, without spectral band replication.
fn is_low_complexity(format: &AudioFormat) -> bool {
    let config = format.config.as_ref().and_then(|config| AudioSpecificConfig::parse(&config.bytes).ok());
    config.is_some_and(|config| config.object_type == 2 && config.sbr != Sbr::Present && !config.ps)
}

fn rate_for(options: &AudioOptions, channels: u16) -> u32 {
    match channels {
        1 if !options.explicit_rate => options.rate / 8 * 5,
        _ => options.rate,
    }
}

fn settings(context: &Context<'_>, chosen: &[u32], options: &AudioOptions) -> AudioEncoderSettings {
    let movie = context.asset.movie();
    let formats = || chosen.iter().filter_map(|id| movie.track(*id)?.formats.first()?.as_audio());
    let channels = formats().map(|format| format.channels).max().unwrap_or(2).clamp(1, options.max_channels);
    let source_rate = formats().map(|format| format.sample_rate).max().unwrap_or(48_000);
    let sample_rate = match options.codec {
        AudioCodec::Lpcm => source_rate.min(options.max_sample_rate),
        _ => encodable_rate(source_rate, options.max_sample_rate),
    };
    // A channel of AAC takes at most 6144 bits for 1024 frames; a preset's rate is more than slow sound can use.
    let most = sample_rate.saturating_mul(6) / 100 * 95 * u32::from(channels);
    let rate = rate_for(options, channels);
    let rate = if options.explicit_rate { rate } else { rate.min(most) };
    let layout = ChannelLayout::default_for(channels).unwrap_or_else(ChannelLayout::stereo);
    AudioEncoderSettings::new(options.codec, sample_rate, layout)
        .rate(AudioRate::Average(rate))
        .pcm(options.pcm)
}

/// The source's rate where AAC has it (ISO/IEC 14496-3, table 1.18), else the next above, else the maximum.
fn encodable_rate(source: u32, max: u32) -> u32 {
    // The lowest is left out: few decoders take it.
    let rates = SAMPLE_RATES.iter().rev().skip(1);
    rates.copied().filter(|rate| *rate <= max).find(|rate| *rate >= source).unwrap_or(max)
}
