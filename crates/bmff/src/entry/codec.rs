use reelwright_media::{AudioCodec, FourCc, VideoCodec};

/// The codec a visual sample entry's code stands for.
pub(super) fn video(tag: FourCc) -> VideoCodec {
    match &tag.0 {
        b"avc1" | b"avc2" | b"avc3" | b"avc4" | b"dva1" | b"dvav" => VideoCodec::H264,
        b"hvc1" | b"hev1" | b"hvc2" | b"hev2" | b"dvh1" | b"dvhe" => VideoCodec::Hevc,
        b"vvc1" | b"vvi1" => VideoCodec::Vvc,
        b"av01" | b"dav1" => VideoCodec::Av1,
        b"vp08" => VideoCodec::Vp8,
        b"vp09" => VideoCodec::Vp9,
        b"apco" | b"apcs" | b"apcn" | b"apch" | b"ap4h" | b"ap4x" => VideoCodec::ProRes,
        b"jpeg" | b"mjpa" | b"mjpb" | b"AVDJ" | b"MJPG" | b"mjpg" | b"dmb1" => VideoCodec::Jpeg,
        b"png " | b"MPNG" => VideoCodec::Png,
        b"mp4v" | b"DIVX" | b"divx" | b"XVID" | b"xvid" | b"FMP4" | b"fmp4" => VideoCodec::Mpeg4,
        b"mp2v" | b"m2v1" | b"mpg2" | b"mx3n" | b"mx3p" | b"mx4n" | b"mx4p" | b"mx5n" | b"mx5p" => {
            VideoCodec::Mpeg2
        }
        [b'h', b'd', b'v', b'1'..=b'9' | b'a'..=b'c'] => VideoCodec::Mpeg2,
        [b'x', b'd', b'v', b'1'..=b'9' | b'a'..=b'f'] => VideoCodec::Mpeg2,
        b"m1v1" | b"mpeg" | b"mp1v" => VideoCodec::Mpeg1,
        b"s263" | b"h263" | b"H263" => VideoCodec::H263,
        _ => VideoCodec::Other(tag),
    }
}

/// The codec an MPEG-4 object type stands for in a visual entry (the MP4 registration authority's list).
pub(super) fn video_object(object_type: u8) -> Option<VideoCodec> {
    Some(match object_type {
        0x20 => VideoCodec::Mpeg4,
        0x21 => VideoCodec::H264,
        0x23 => VideoCodec::Hevc,
        0x33 => VideoCodec::Vvc,
        0x60..=0x65 => VideoCodec::Mpeg2,
        0x6A => VideoCodec::Mpeg1,
        0x6C => VideoCodec::Jpeg,
        0x6D => VideoCodec::Png,
        0xB1 => VideoCodec::Vp9,
        _ => return None,
    })
}

/// The codec an audio sample entry's code stands for. `mp4a` is AAC until its `esds` says otherwise.
pub(super) fn audio(tag: FourCc) -> AudioCodec {
    match &tag.0 {
        b"mp4a" => AudioCodec::Aac,
        b"alac" => AudioCodec::Alac,
        b"fLaC" => AudioCodec::Flac,
        b"Opus" => AudioCodec::Opus,
        b"vorb" | b"Vrbs" => AudioCodec::Vorbis,
        b".mp3" | b"ms\0\x55" | b"mp3 " => AudioCodec::Mp3,
        b".mp2" | b"ms\0\x50" => AudioCodec::Mp2,
        b"ac-3" | b"sac3" | b"AC-3" => AudioCodec::Ac3,
        b"ec-3" => AudioCodec::Eac3,
        b"dtsc" | b"dtsh" | b"dtsl" | b"dtse" | b"dtsx" | b"DTS " => AudioCodec::Dts,
        b"samr" => AudioCodec::AmrNb,
        b"sawb" => AudioCodec::AmrWb,
        b"ima4" => AudioCodec::Ima4,
        b"ulaw" | b"ULAW" | b"ms\0\x07" => AudioCodec::Ulaw,
        b"alaw" | b"ALAW" | b"ms\0\x06" => AudioCodec::Alaw,
        b"sowt" | b"twos" | b"lpcm" | b"in24" | b"in32" | b"fl32" | b"fl64" | b"raw " | b"NONE" | b"ipcm"
        | b"fpcm" => AudioCodec::Lpcm,
        _ => AudioCodec::Other(tag),
    }
}

/// The codec an MPEG-4 object type stands for in an audio entry (the MP4 registration authority's list).
pub(super) fn audio_object(object_type: u8) -> Option<AudioCodec> {
    Some(match object_type {
        0x40 | 0x66..=0x68 => AudioCodec::Aac,
        0x69 | 0x6B => AudioCodec::Mp3,
        0xA5 => AudioCodec::Ac3,
        0xA6 => AudioCodec::Eac3,
        0xA9..=0xAC => AudioCodec::Dts,
        0xAD => AudioCodec::Opus,
        0xC1 => AudioCodec::Flac,
        0xDD => AudioCodec::Vorbis,
        _ => return None,
    })
}
