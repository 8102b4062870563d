//! Metadata of movies and tracks in the four ways files keep it, both directions: QuickTime user data (`udta/©nam`),
//! iTunes (`udta/meta/ilst`), QuickTime metadata (`meta` with `keys`), ISO and 3GPP user data (`udta/titl`).

mod chapters;
mod convert;
mod genres;
mod iso;
mod item_list;
mod number;
pub(crate) mod text;
mod user_data;

use reelwright_media::{BoxFamily, Chapter, MetadataItem, MetadataKey, MetadataValue};

use crate::declare::brief;
use crate::{BoxRef, Handler, Writer};

pub use chapters::read_chapters;
pub use genres::id3_genre;
pub use number::number_pair;

/// Items read of one list; an item takes more memory than it takes bytes.
const MOST_ITEMS: usize = 1024;

/// Bytes of the longest text that is decoded; a longer one is kept as the bytes it is.
const LONGEST_TEXT: usize = 64 << 10;

/// Bytes of the longest key; items with a longer one are left out.
const LONGEST_KEY: usize = 1024;

/// What metadata is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The movie: boxes in `moov`.
    Movie,
    /// One track: boxes in `trak`.
    Track,
}

/// Metadata as boxes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// The box `udta`, empty where there is nothing for it.
    pub udta: Vec<u8>,
    /// The box `meta` that stands beside `udta`, empty where there is nothing for it.
    pub meta: Vec<u8>,
    /// Items for which the container has no place.
    pub dropped: Vec<MetadataItem>,
}

/// Reads a `udta` box: text and raw items of QuickTime, full boxes of ISO and 3GPP, and the `meta` inside. Items that
/// are broken are left out; padding and chapters (`chpl`) are no items.
pub fn read_user_data(udta: &BoxRef<'_>, family: BoxFamily) -> Vec<MetadataItem> {
    let mut items = Vec::new();
    for child in udta.children().map_while(Result::ok) {
        if items.len() >= MOST_ITEMS {
            break;
        }
        match &child.kind().0 {
            b"meta" => items.extend(read_meta(&child).unwrap_or_default()),
            b"free" | b"skip" | b"wide" | b"chpl" => {}
            _ => user_data::read(&child, family, &mut items),
        }
    }
    items
}

/// Reads a `meta` box of iTunes (`mdir`) or QuickTime (`mdta`); `None` where its handler is another.
pub fn read_meta(meta: &BoxRef<'_>) -> Option<Vec<MetadataItem>> {
    let handler = meta.meta_children().find(b"hdlr")?.read::<Handler>().ok()?.handler;
    let list = meta.meta_children().find(b"ilst");
    match &handler.0 {
        b"mdir" => Some(list.map_or(Vec::new(), |list| item_list::read_itunes(&list))),
        b"mdta" => {
            let keys = meta.meta_children().find(b"keys")?;
            Some(list.map_or(Vec::new(), |list| item_list::read_quicktime(&keys, &list)))
        }
        _ => None,
    }
}

/// Writes `items` for `family`. Each is stored as it is where the container has its key space, else under the
/// container's own key for the same thing, else it is dropped and listed.
pub fn write(items: &[MetadataItem], family: BoxFamily, level: Level) -> Written {
    write_all(items, &[], family, level)
}

/// Writes what is known of a movie: `items` as [`write()`] does, and its chapters beside them, where the family keeps a list
/// of them there (`chpl`, which players of audio books look for).
pub fn write_movie(items: &[MetadataItem], chapters: &[Chapter], family: BoxFamily) -> Written {
    let listed = if family == BoxFamily::Iso { chapters } else { &[] };
    write_all(items, listed, family, Level::Movie)
}

fn write_all(items: &[MetadataItem], chapters: &[Chapter], family: BoxFamily, level: Level) -> Written {
    let (kept, dropped) = convert::to_native(items, family, level);
    let itunes: Vec<_> = kept
        .iter()
        .filter(|item| matches!(item.key, MetadataKey::ITunes(_) | MetadataKey::ITunesFreeForm { .. }))
        .collect();
    let quicktime: Vec<_> =
        kept.iter().filter(|item| matches!(item.key, MetadataKey::QuickTime(_))).collect();
    let mut w = Writer::new();
    w.write_box(b"udta", |w| {
        user_data::write(w, &kept);
        if !itunes.is_empty() {
            item_list::write_itunes(w, &itunes);
        }
        if !chapters.is_empty() {
            chapters::write(w, chapters);
        }
    });
    let udta = if w.len() > 8 { w.into_bytes() } else { Vec::new() };
    let mut w = Writer::new();
    if !quicktime.is_empty() {
        item_list::write_quicktime(&mut w, &quicktime, family);
    }
    Written { udta, meta: w.into_bytes(), dropped }
}

/// Value and language of one metadata box (a child of `udta`, a `data` box) for a dump.
pub(crate) fn show(found: &BoxRef<'_>, family: BoxFamily) -> Option<String> {
    let mut items = Vec::new();
    if found.is(b"data") {
        item_list::data(found, &MetadataKey::Other(String::new()), &mut items);
    } else {
        user_data::read(found, family, &mut items);
    }
    let texts = items.iter().map(|item| match &item.value {
        MetadataValue::Data { kind, bytes } => format!("{} bytes of type {kind}", bytes.len()),
        value => format!("{:?}", brief(user_data::as_text(value))),
    });
    let texts: Vec<_> = texts.collect();
    (!texts.is_empty()).then(|| texts.join(" "))
}

/// Items in runs of the same key, in order of first appearance.
fn grouped<'a>(items: &[&'a MetadataItem]) -> Vec<Vec<&'a MetadataItem>> {
    let mut groups: Vec<Vec<&MetadataItem>> = Vec::new();
    for item in items {
        match groups.iter_mut().find(|group| group[0].key == item.key) {
            Some(group) => group.push(item),
            None => groups.push(vec![item]),
        }
    }
    groups
}

#[cfg(test)]
mod tests;
