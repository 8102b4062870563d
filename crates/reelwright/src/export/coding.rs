//! Whether a picture is coded so that what plays a preset's movies can be expected to play it.

use reelwright_bitstream::h264::{AvcConfig, Sps};
use reelwright_bitstream::hevc::{HevcConfig, ProfileTierLevel};
use reelwright_bitstream::{annex_b_units, h264, starts_with_start_code};
use reelwright_media::{VideoCodec, VideoFormat};

use super::Reason;

/// `chroma_format_idc` of 4:2:0 in H.264 and HEVC.
const HALVED: u8 = 1;

/// What of the coding is beyond the profiles that players of H.264 and HEVC all have: other chroma than 4:2:0, lossless and
/// other rare tools. `None` where nothing is, or nothing says so. The depth is another matter: HDR needs more than 8 bits.
pub(super) fn beyond_players(format: &VideoFormat) -> Option<Reason> {
    let config = format.config.as_ref().map(|config| &config.bytes)?;
    match format.codec {
        VideoCodec::H264 if starts_with_start_code(config) => {
            let is_sps = |unit: &&[u8]| h264::NalType::of(unit) == Some(h264::NalType::SPS);
            of_sets(annex_b_units(config).filter(is_sps))
        }
        VideoCodec::H264 => {
            let config = AvcConfig::parse(config).ok()?;
            // The sets may all be among the samples; the profile is stated here too.
            of_sets(config.sps.iter().map(|unit| &unit[..])).or_else(|| of_h264_profile(config.profile))
        }
        VideoCodec::Hevc => of_hevc(&HevcConfig::parse(config).ok()?),
        _ => None,
    }
}

fn of_sets<'a>(sets: impl Iterator<Item = &'a [u8]>) -> Option<Reason> {
    let mut sets = sets.filter_map(|unit| Sps::parse(unit).ok());
    sets.find_map(|sps| of_chroma(sps.chroma_format).or_else(|| of_h264_profile(sps.profile)))
}

/// The profiles of ISO/IEC 14496-10, A.2 and H.10, that are more than High or another thing: Main, High and what they include
/// are played everywhere, High 10 where the depth is, and stereo by way of its base view.
fn of_h264_profile(profile: u8) -> Option<Reason> {
    let name = match profile {
        66 | 77 | 100 | 110 | 118 | 128 => return None,
        88 => "Extended".to_owned(),
        122 => "High 4:2:2".to_owned(),
        244 => "High 4:4:4 Predictive".to_owned(),
        44 => "CAVLC 4:4:4 Intra".to_owned(),
        other => format!("number {other}"),
    };
    Some(Reason::Profile { is: name })
}

fn of_hevc(config: &HevcConfig) -> Option<Reason> {
    let (chroma, profile) = match config.first_sps() {
        Ok(sps) => (sps.chroma_format, sps.profile),
        Err(_) => (config.chroma_format, config.profile),
    };
    of_chroma(chroma).or_else(|| of_hevc_profile(&profile))
}

/// The profiles of ISO/IEC 23008-2, A.3, beyond Main, Main 10 and Main Still Picture; what conforms to those as well is theirs.
fn of_hevc_profile(stated: &ProfileTierLevel) -> Option<Reason> {
    let conforms = (1..=3).any(|main| stated.compatibility >> (31 - main) & 1 == 1);
    let name = match stated.profile {
        0..=3 => return None,
        _ if conforms => return None,
        4 => "Format Range Extensions".to_owned(),
        5 => "High Throughput".to_owned(),
        9 => "Screen-Extended Main".to_owned(),
        11 => "High Throughput Screen-Extended".to_owned(),
        other => format!("number {other}"),
    };
    Some(Reason::Profile { is: name })
}

fn of_chroma(format: u8) -> Option<Reason> {
    let name = match format {
        HALVED => return None,
        0 => "4:0:0",
        2 => "4:2:2",
        _ => "4:4:4",
    };
    Some(Reason::Chroma { is: name.to_owned() })
}
