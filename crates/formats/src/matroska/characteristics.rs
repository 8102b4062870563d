//! What a track is for, as MP4 and QuickTime say it of theirs.

use bytes::Bytes;
use reelwright_media::{FourCc, Language, MetadataItem, MetadataKey, MetadataValue};

use super::entry::TrackEntry;
use crate::wave::item;

const AUDIO: u64 = 2;
const SUBTITLES: u64 = 17;

/// The track's name and characteristics: those of AVFoundation (`tagc`), and the roles of DASH that mean the same (`kind`,
/// ISO/IEC 14496-12, 8.10.4), which other players read.
pub(super) fn of(entry: &TrackEntry) -> Vec<MetadataItem> {
    let mut items = Vec::new();
    if !entry.name.is_empty() {
        items.push(item("TITLE", entry.name.clone()));
    }
    let mut say = |characteristics: &[&str], role: Option<&str>| {
        items.extend(
            characteristics.iter().map(|name| user_data(b"tagc", MetadataValue::Text((*name).into()))),
        );
        items.extend(role.map(|role| {
            let bytes = [b"\0\0\0\0urn:mpeg:dash:role:2011\0", role.as_bytes(), b"\0"].concat();
            user_data(b"kind", MetadataValue::Data { kind: 0, bytes: Bytes::from(bytes) })
        }));
    };
    if entry.forced && entry.kind == SUBTITLES {
        say(&["public.subtitles.forced-only"], Some("forced-subtitle"));
    }
    if entry.hearing_impaired && entry.kind == SUBTITLES {
        let says = [
            "public.accessibility.transcribes-spoken-dialog",
            "public.accessibility.describes-music-and-sound",
        ];
        say(&says, Some("caption"));
    }
    if entry.visual_impaired && entry.kind == AUDIO {
        say(&["public.accessibility.describes-video"], Some("description"));
    }
    if entry.commentary {
        say(&["public.auxiliary-content"], Some("commentary"));
    }
    items
}

fn user_data(code: &[u8; 4], value: MetadataValue) -> MetadataItem {
    let key = MetadataKey::UserData(FourCc::new(code));
    MetadataItem { key, value, language: Language::UNDETERMINED }
}
