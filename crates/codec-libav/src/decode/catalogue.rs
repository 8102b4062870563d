//! Which of libavcodec's decoders reads which codec.

use reelwright_codec::{Codec, DecoderInfo, Licence, SpeedClass};
use reelwright_media::{AudioCodec, FourCc, VideoCodec};

use crate::ffi;

/// A codec and the names libavcodec has for its decoders, best first.
type Row<C> = (C, &'static [&'static str], &'static str);

const VIDEO: &[Row<VideoCodec>] = &[
    (VideoCodec::H264, &["h264"], "H.264"),
    (VideoCodec::Hevc, &["hevc"], "HEVC"),
    (VideoCodec::Vvc, &["vvc"], "VVC"),
    // libavcodec's own `av1` only drives hardware.
    (VideoCodec::Av1, &["libdav1d", "libaom-av1"], "AV1"),
    (VideoCodec::Vp8, &["vp8"], "VP8"),
    (VideoCodec::Vp9, &["vp9", "libvpx-vp9"], "VP9"),
    (VideoCodec::ProRes, &["prores"], "Apple ProRes"),
    (VideoCodec::Jpeg, &["mjpeg"], "Motion JPEG"),
    (VideoCodec::Png, &["png"], "PNG"),
    (VideoCodec::Mpeg4, &["mpeg4"], "MPEG-4 Visual"),
    (VideoCodec::Mpeg2, &["mpeg2video"], "MPEG-2 video"),
    (VideoCodec::Mpeg1, &["mpeg1video"], "MPEG-1 video"),
    (VideoCodec::H263, &["h263"], "H.263"),
];

/// Video codecs known by their tag alone.
const VIDEO_TAGS: &[(&[&[u8; 4]], &str, &str)] = &[
    (&[b"CFHD"], "cfhd", "GoPro CineForm"),
    (&[b"AVdn", b"AVdh"], "dnxhd", "Avid DNxHD and DNxHR"),
    (
        &[b"dvc ", b"dvcp", b"dvpp", b"dv5n", b"dv5p", b"dvh5", b"dvh6", b"dvhp", b"dvhq"],
        "dvvideo",
        "DV and DVCPRO",
    ),
    (&[b"mjp2", b"jp2h"], "jpeg2000", "JPEG 2000"),
    (&[b"FFV1"], "ffv1", "FFV1"),
    (&[b"Hap1", b"Hap5", b"HapY", b"HapA", b"HapM"], "hap", "Hap"),
    (&[b"SVQ1"], "svq1", "Sorenson Video"),
    (&[b"SVQ3"], "svq3", "Sorenson Video 3"),
    (&[b"rle "], "qtrle", "QuickTime Animation"),
    (&[b"rpza"], "rpza", "Apple Video"),
    (&[b"smc "], "smc", "Apple Graphics"),
    (&[b"cvid"], "cinepak", "Cinepak"),
    (&[b"v210"], "v210", "uncompressed 4:2:2, 10 bit"),
    (&[b"v308"], "v308", "uncompressed 4:4:4, 8 bit"),
    (&[b"v410"], "v410", "uncompressed 4:4:4, 10 bit"),
    (&[b"r210"], "r210", "uncompressed RGB, 10 bit"),
];

const AUDIO: &[Row<AudioCodec>] = &[
    (AudioCodec::Aac, &["aac"], "AAC"),
    (AudioCodec::Alac, &["alac"], "Apple Lossless"),
    (AudioCodec::Flac, &["flac"], "FLAC"),
    (AudioCodec::Opus, &["opus", "libopus"], "Opus"),
    (AudioCodec::Vorbis, &["vorbis"], "Vorbis"),
    (AudioCodec::Mp3, &["mp3float"], "MP3"),
    (AudioCodec::Mp2, &["mp2float"], "MP2"),
    (AudioCodec::Ac3, &["ac3"], "AC-3"),
    (AudioCodec::Eac3, &["eac3"], "E-AC-3"),
    (AudioCodec::Dts, &["dca"], "DTS"),
    (AudioCodec::AmrNb, &["amrnb", "libopencore_amrnb"], "AMR-NB"),
    (AudioCodec::AmrWb, &["amrwb", "libopencore_amrwb"], "AMR-WB"),
    (AudioCodec::Ima4, &["adpcm_ima_qt"], "IMA ADPCM"),
    (AudioCodec::Ulaw, &["pcm_mulaw"], "µ-law"),
    (AudioCodec::Alaw, &["pcm_alaw"], "A-law"),
];

/// Audio codecs known by their tag alone.
const AUDIO_TAGS: &[(&[&[u8; 4]], &str, &str)] = &[
    (&[b"QDM2"], "qdm2", "QDesign Music 2"),
    (&[b"QDMC"], "qdmc", "QDesign Music"),
    (&[b"MAC3"], "mace3", "MACE 3:1"),
    (&[b"MAC6"], "mace6", "MACE 6:1"),
    (&[b"mlpa"], "truehd", "Dolby TrueHD"),
];

/// From this libavcodec on (FFmpeg 7.1) its AAC decoder reads USAC too.
const USAC_SINCE: (u32, u32) = (61, 19);

/// Every decoder that the linked library has.
pub(crate) fn available(licence: Licence) -> Vec<DecoderInfo> {
    let mut rows = Vec::new();
    for &(codec, names, title) in VIDEO {
        rows.extend(names.iter().map(|&name| (Codec::Video(codec), name, title)));
    }
    for &(tags, name, title) in VIDEO_TAGS {
        let codecs = tags.iter().map(|&tag| VideoCodec::Other(FourCc::new(tag)));
        rows.extend(codecs.map(|codec| (Codec::Video(codec), name, title)));
    }
    for &(codec, names, title) in AUDIO {
        rows.extend(names.iter().map(|&name| (Codec::Audio(codec), name, title)));
    }
    for &(tags, name, title) in AUDIO_TAGS {
        let codecs = tags.iter().map(|&tag| AudioCodec::Other(FourCc::new(tag)));
        rows.extend(codecs.map(|codec| (Codec::Audio(codec), name, title)));
    }
    if ffi::library().0 >= USAC_SINCE {
        rows.push((Codec::Audio(AudioCodec::Usac), "aac", "xHE-AAC"));
    }
    rows.into_iter()
        .filter(|(_, name, _)| ffi::Codec::decoder(name).is_some())
        .map(|(codec, name, title)| DecoderInfo {
            id: id(codec, name),
            name: format!("{title} ({name} of libavcodec)"),
            provider: crate::NAME,
            codec,
            licence,
            hardware: false,
            speed: SpeedClass::Fast,
        })
        .collect()
}

/// libavcodec's decoder behind an id of [`available`].
pub(crate) fn codec(id: &str) -> Option<ffi::Codec> {
    let name = id.split_once(':').map_or(id, |(name, _)| name);
    ffi::Codec::decoder(name.strip_prefix("libav-").unwrap_or(name))
}

/// `libav-h264`, `libdav1d`; where one decoder reads several tags, `libav-dvvideo:dvcp`.
fn id(codec: Codec, name: &str) -> String {
    let stem = if name.starts_with("lib") { name.to_owned() } else { format!("libav-{name}") };
    match codec {
        Codec::Video(VideoCodec::Other(tag)) | Codec::Audio(AudioCodec::Other(tag)) => {
            format!("{stem}:{}", tag.to_string().trim_end())
        }
        Codec::Audio(AudioCodec::Usac) => format!("{stem}:usac"),
        _ => stem,
    }
}
