//! From our settings to OpenH264's parameters.

use openh264_sys2::{
    ASP_EXT_SAR, CAMERA_VIDEO_REAL_TIME, CONSTANT_ID, ECOMPLEXITY_MODE, EProfileIdc, HIGH_COMPLEXITY,
    LEVEL_UNKNOWN, LOW_COMPLEXITY, MEDIUM_COMPLEXITY, PRO_BASELINE, PRO_HIGH, PRO_MAIN, RC_BITRATE_MODE,
    RC_OFF_MODE, SEncParamExt, SM_FIXEDSLCNUM_SLICE, SM_SINGLE_SLICE, SSpatialLayerConfig, VF_UNDEF,
};
use reelwright_codec::{VideoEncoderSettings, VideoProfile, VideoRate};
use reelwright_media::{ColorRange, Error, Ratio, Result, Size};

/// OpenH264 calculates with at most so many frames per second.
const MAX_FRAME_RATE: f32 = 60.0;

/// The options [`Wishes::parse`] knows, for `reel encoders`.
pub(super) const OPTIONS: &[(&str, &str)] = &[
    ("complexity", "low, medium or high: speed against quality; default medium, low in real time"),
    ("entropy", "cabac or cavlc; default cabac, cavlc in Baseline"),
    ("slices", "slices per picture, coded in parallel; default one per thread for large pictures"),
];

/// The encoder's own options, parsed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wishes {
    complexity: Option<ECOMPLEXITY_MODE>,
    cavlc: bool,
    slices: Option<u32>,
}

impl Wishes {
    /// Reads `options`.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] for a name or value it doesn't know.
    pub(super) fn parse(options: &[(String, String)]) -> Result<Self> {
        let mut wishes = Self::default();
        for (name, value) in options {
            let unknown = || Error::misuse(format!("openh264 does not know {name}={value}"));
            match (name.as_str(), value.as_str()) {
                ("complexity", "low") => wishes.complexity = Some(LOW_COMPLEXITY),
                ("complexity", "medium") => wishes.complexity = Some(MEDIUM_COMPLEXITY),
                ("complexity", "high") => wishes.complexity = Some(HIGH_COMPLEXITY),
                ("entropy", "cabac") => wishes.cavlc = false,
                ("entropy", "cavlc") => wishes.cavlc = true,
                ("slices", count) => {
                    let count = count.parse().ok().filter(|count| (1..=35).contains(count));
                    wishes.slices = Some(count.ok_or_else(unknown)?);
                }
                _ => {
                    let known: Vec<_> = OPTIONS.iter().map(|(name, _)| *name).collect();
                    return Err(unknown().with_hint(format!("its options are {}", known.join(", "))));
                }
            }
        }
        Ok(wishes)
    }

    /// The same wishes with one slice per picture.
    pub(super) fn single_slice(self) -> Self {
        Self { slices: Some(1), ..self }
    }
}

/// OpenH264's parameters for `settings` at the even `size`, starting from its own defaults in `base`.
pub(super) fn parameters(
    settings: &VideoEncoderSettings,
    size: Size,
    wishes: Wishes,
) -> Result<SEncParamExt> {
    let profile = profile_idc(settings.profile)?;
    let int = |value: u32| i32::try_from(value).map_err(|_| Error::misuse("a picture is too large"));
    let (width, height) = (int(size.width)?, int(size.height)?);
    let (frame_rate, _) = frame_rate(settings.frame_rate);
    let rate = |bits: u32| bit_rate(bits, settings.frame_rate);
    let threads = threads(settings, size);
    let slices = wishes.slices.unwrap_or(threads);

    // Zeroed is not OpenH264's default; everything that matters is set here so that nothing changes behind our back.
    let mut parameters = SEncParamExt {
        iUsageType: CAMERA_VIDEO_REAL_TIME, // the non-real-time value fails to initialise in 2.7.0
        iPicWidth: width,
        iPicHeight: height,
        fMaxFrameRate: frame_rate,
        iTemporalLayerNum: 1,
        iSpatialLayerNum: 1,
        iComplexityMode: wishes.complexity.unwrap_or(if settings.real_time {
            LOW_COMPLEXITY
        } else {
            MEDIUM_COMPLEXITY
        }),
        uiIntraPeriod: 0, // key frames are asked for one by one: only we know times
        iNumRefFrame: -1, // its own choice
        eSpsPpsIdStrategy: CONSTANT_ID,
        iEntropyCodingModeFlag: i32::from(!wishes.cavlc && profile != PRO_BASELINE),
        bEnableFrameSkip: false,
        iMaxQp: 51,
        iMinQp: 1,
        iLtrMarkPeriod: 30,
        iMultipleThreadIdc: u16::try_from(threads).unwrap_or(1),
        bUseLoadBalancing: false, // its slices depend on timing: output must be the same every time
        bEnableBackgroundDetection: true,
        bEnableFrameCroppingFlag: true,
        bEnableSceneChangeDetect: true,
        bFixRCOverShoot: true,
        iIdrBitrateRatio: 400,
        ..SEncParamExt::default()
    };
    let mut layer = SSpatialLayerConfig {
        iVideoWidth: width,
        iVideoHeight: height,
        fFrameRate: frame_rate,
        uiProfileIdc: profile,
        uiLevelIdc: level(settings)?,
        iDLayerQp: 26,
        ..SSpatialLayerConfig::default()
    };
    layer.sSliceArgument.uiSliceMode = if slices > 1 { SM_FIXEDSLCNUM_SLICE } else { SM_SINGLE_SLICE };
    layer.sSliceArgument.uiSliceNum = slices;
    let limit = settings.limit.map_or(0, |limit| rate(limit.max_rate));
    match (settings.rate, settings.limit) {
        (VideoRate::Average(bits), _) => {
            parameters.iRCMode = RC_BITRATE_MODE;
            parameters.iTargetBitrate = rate(bits);
        }
        (VideoRate::Quality(quality), None) => {
            parameters.iRCMode = RC_OFF_MODE;
            layer.iDLayerQp = quantiser(quality);
        }
        // A ceiling over constant quality: rate control that may not go below the quantiser asked for.
        (VideoRate::Quality(quality), Some(limit)) => {
            parameters.iRCMode = RC_BITRATE_MODE;
            parameters.iTargetBitrate = rate(limit.max_rate);
            parameters.iMinQp = quantiser(quality);
        }
    }
    layer.iSpatialBitrate = parameters.iTargetBitrate;
    parameters.iMaxBitrate = limit;
    layer.iMaxSpatialBitrate = limit;
    describe(settings, &mut layer);
    parameters.sSpatialLayers[0] = layer;
    Ok(parameters)
}

/// The quantiser of H.264 (0..51, here 1..51) for a quality from 0.0 to 1.0: piecewise linear through the points of
/// common practice, 0.65 giving 22 and 0.5 giving 27.
pub(super) fn quantiser(quality: f32) -> i32 {
    const POINTS: [(f32, f32); 7] =
        [(0.0, 51.0), (0.25, 36.0), (0.5, 27.0), (0.65, 22.0), (0.75, 18.0), (0.95, 6.0), (1.0, 1.0)];
    let quality = if quality.is_nan() { 0.65 } else { quality.clamp(0.0, 1.0) };
    let segment = POINTS.windows(2).find(|pair| quality <= pair[1].0);
    let Some([(x0, y0), (x1, y1)]) = segment else { return 1 };
    (y0 + (y1 - y0) * (quality - x0) / (x1 - x0)).round() as i32
}

fn profile_idc(profile: Option<VideoProfile>) -> Result<EProfileIdc> {
    match profile {
        Some(VideoProfile::H264Baseline) => Ok(PRO_BASELINE),
        Some(VideoProfile::H264Main) => Ok(PRO_MAIN),
        None | Some(VideoProfile::H264High) => Ok(PRO_HIGH),
        Some(other) => Err(Error::misuse(format!("{other:?} is not a profile of H.264"))),
    }
}

/// The frame rate to calculate with and the factor for bit rates: above 60 OpenH264 would clip the frame rate and
/// spend the bits of 60 frames on the 60 first of each second.
fn frame_rate(rate: Ratio) -> (f32, f64) {
    let frames = if rate.num == 0 || rate.den == 0 { 30.0 } else { rate.to_f64() };
    let used = frames.clamp(1.0, f64::from(MAX_FRAME_RATE));
    (used as f32, used / frames.max(1.0))
}

/// Bits a second OpenH264 counts to at most: level 5.2 of its Baseline.
const MOST_BITS: f64 = 288e6;

/// Refuses rates OpenH264 would fail on without saying why: it needs a bit for every frame, and has a ceiling.
///
/// # Errors
///
/// [`reelwright_media::ErrorKind::Unsupported`], with what is possible.
pub(super) fn check_rate(settings: &VideoEncoderSettings) -> Result<()> {
    let (frames, scale) = frame_rate(settings.frame_rate);
    let (least, most) = (f64::from(frames) / scale, MOST_BITS / scale);
    let average = if let VideoRate::Average(bits) = settings.rate { Some(bits) } else { None };
    let limit = settings.limit.map(|limit| limit.max_rate);
    match average.into_iter().chain(limit).find(|bits| !(least..=most).contains(&f64::from(*bits))) {
        None => Ok(()),
        Some(bits) => Err(Error::unsupported(format!(
            "openh264 at {bits} bit/s; {:.0} to {most:.0} are possible at {:.3} frames a second",
            least.ceil(),
            settings.frame_rate.to_f64()
        ))),
    }
}

/// `bits` a second as OpenH264 counts them.
pub(super) fn bit_rate(bits: u32, rate: Ratio) -> i32 {
    (f64::from(bits) * frame_rate(rate).1).clamp(1.0, f64::from(i32::MAX)) as i32
}

/// Threads worth having: a slice should be some hundred macroblocks, or parallel work costs more than it brings.
fn threads(settings: &VideoEncoderSettings, size: Size) -> u32 {
    let wanted = match settings.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from).min(8),
        threads => threads,
    };
    let worthwhile = size.area() / (256 * 600);
    u32::try_from(worthwhile.clamp(1, 16)).unwrap_or(1).min(u32::try_from(wanted).unwrap_or(1)).max(1)
}

/// The level that is asked for. Where none is, the lowest that is enough: OpenH264 finds it itself (0 says so), unless
/// frame rates above 60 are at work, which it doesn't see.
fn level(settings: &VideoEncoderSettings) -> Result<i32> {
    if let Some(level) = settings.h264_level()? {
        return Ok(level.into());
    }
    let Ratio { den, .. } = settings.frame_rate;
    if den == 0 || settings.frame_rate.to_f64() <= f64::from(MAX_FRAME_RATE) {
        return Ok(LEVEL_UNKNOWN);
    }
    Ok(settings.lowest_h264_level().unwrap_or(52).into())
}

/// Colour and pixel shape, for the VUI.
fn describe(settings: &VideoEncoderSettings, layer: &mut SSpatialLayerConfig) {
    let color = settings.color;
    layer.uiVideoFormat = VF_UNDEF as u8; // 5: unspecified, within the three bits of the field
    layer.bFullRange = color.range == Some(ColorRange::Full);
    layer.uiColorPrimaries = color.primaries.0;
    layer.uiTransferCharacteristics = color.transfer.0;
    layer.uiColorMatrix = color.matrix.0;
    layer.bColorDescriptionPresent = color.is_described();
    layer.bVideoSignalTypePresent = layer.bColorDescriptionPresent || color.range.is_some();
    let Ratio { num, den } = settings.pixel_aspect;
    if let (Ok(num), Ok(den)) = (u16::try_from(num), u16::try_from(den))
        && num != den
        && num != 0
        && den != 0
    {
        layer.bAspectRatioPresent = true;
        layer.eAspectRatio = ASP_EXT_SAR;
        layer.sAspectRatioExtWidth = num;
        layer.sAspectRatioExtHeight = den;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_falls_on_the_stated_points() {
        for (quality, qp) in
            [(0.0, 51), (0.25, 36), (0.5, 27), (0.65, 22), (0.75, 18), (0.95, 6), (1.0, 1), (7.0, 1)]
        {
            assert_eq!(quantiser(quality), qp, "{quality}");
        }
        assert_eq!(quantiser(f32::NAN), 22);
    }

    #[test]
    fn frame_rates_above_sixty_keep_the_bits_per_frame() {
        let (rate, scale) = frame_rate(Ratio { num: 120, den: 1 });
        assert_eq!((rate, scale), (60.0, 0.5));
        assert_eq!(frame_rate(Ratio { num: 0, den: 0 }), (30.0, 1.0));
    }

    #[test]
    fn unknown_options_are_refused() {
        let option = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        assert!(Wishes::parse(&option("preset", "medium")).is_err());
        assert!(Wishes::parse(&option("slices", "0")).is_err());
        assert_eq!(Wishes::parse(&option("slices", "4")).unwrap().slices, Some(4));
    }
}
