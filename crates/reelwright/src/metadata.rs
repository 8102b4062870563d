//! What an output says about itself.

use reelwright_media::{BoxFamily, ForeignBox, MetadataItem, MetadataKey, Track};

/// What the output says about itself.
#[derive(Clone, Debug, Default)]
pub enum MetadataPolicy {
    /// What the source said, translated where the container needs it; drops are reported.
    #[default]
    CarryOver,
    /// This and nothing of the source's: not of its tracks, not when it was made, not what other software keeps in boxes of
    /// its own.
    Replace(Vec<MetadataItem>),
    /// What the source said but for the movie's items that mean the same as one of these: they make way.
    Edit {
        /// What is said instead, or as well.
        set: Vec<MetadataItem>,
        /// What is said no more.
        remove: Vec<MetadataKey>,
    },
}

impl MetadataPolicy {
    /// Whether nothing of the source's is to be said.
    pub(crate) fn replaces(&self) -> bool {
        matches!(self, Self::Replace(_))
    }

    /// What a movie says whose source said `source`.
    pub(crate) fn of_movie(&self, source: impl IntoIterator<Item = MetadataItem>) -> Vec<MetadataItem> {
        match self {
            Self::CarryOver => source.into_iter().collect(),
            Self::Replace(items) => items.clone(),
            Self::Edit { set, remove } => {
                let keys: Vec<_> = set.iter().map(|item| &item.key).chain(remove).collect();
                let stays = |item: &MetadataItem| !keys.iter().any(|key| means_the_same(key, &item.key));
                source.into_iter().filter(stays).chain(set.iter().cloned()).collect()
            }
        }
    }

    /// The track without what is not to be said of it.
    pub(crate) fn of_track(&self, track: Track) -> Track {
        if !self.replaces() {
            return track;
        }
        let foreign = self.of_boxes(&track.foreign);
        Track { metadata: Vec::new(), creation_time: 0, foreign, ..track }
    }

    /// The boxes of other software that stay.
    pub(crate) fn of_boxes(&self, foreign: &[ForeignBox]) -> Vec<ForeignBox> {
        foreign.iter().filter(|carried| !(self.replaces() && describes(carried))).cloned().collect()
    }
}

/// Whether two keys say the same thing, be it in different key spaces. A date is one by either of its names, and boxes that
/// 3GPP defines for MP4 mean the same in QuickTime files.
fn means_the_same(one: &MetadataKey, other: &MetadataKey) -> bool {
    let meaning = |key: &MetadataKey| {
        let found = key.common().or_else(|| match key {
            MetadataKey::UserData(code) => MetadataKey::Iso(*code).common(),
            _ => None,
        });
        found.map(|name| if name == "creation_date" { "date" } else { name })
    };
    one == other || meaning(one).is_some_and(|name| meaning(other) == Some(name))
}

/// Whether a box is of a kind that says something about the movie: user data, metadata, XMP (in `uuid`), and padding, where
/// editors leave what they took out.
fn describes(carried: &ForeignBox) -> bool {
    let kind = carried.bytes.get(4..8).unwrap_or_default();
    [&b"udta"[..], b"meta", b"uuid", b"free", b"skip", b"XMP_"].contains(&kind)
        || carried.family == BoxFamily::QuickTime && kind == b"wide"
}

#[cfg(test)]
mod tests {
    use reelwright_media::{FourCc, Language, MetadataValue};

    use super::*;

    fn item(key: MetadataKey, text: &str) -> MetadataItem {
        MetadataItem { key, value: MetadataValue::Text(text.into()), language: Language::UNDETERMINED }
    }

    #[test]
    fn what_is_set_takes_the_place_of_what_means_the_same() {
        let quicktime = |name: &str| MetadataKey::QuickTime(format!("com.apple.quicktime.{name}"));
        let source = [
            item(MetadataKey::UserData(FourCc::new(b"\xA9nam")), "old"),
            item(quicktime("title"), "old"),
            item(quicktime("make"), "Apple"),
            item(quicktime("creationdate"), "2020"),
            item(MetadataKey::UserData(FourCc::new(b"yrrc")), "2020"),
        ];
        let set = item(MetadataKey::Other("title".into()), "new");
        let edit =
            MetadataPolicy::Edit { set: vec![set.clone()], remove: vec![MetadataKey::Other("date".into())] };
        assert_eq!(edit.of_movie(source.clone()), [source[2].clone(), set]);
        assert_eq!(MetadataPolicy::CarryOver.of_movie(source.clone()), source);
        assert!(MetadataPolicy::Replace(vec![]).of_movie(source).is_empty());
    }
}
