use bytes::Bytes;
use reelwright_media::{FourCc, Language, Time};

use super::*;
use crate::{boxes, corpus};

/// All metadata of the movie box.
fn of_movie(file: &Bytes, family: BoxFamily) -> Vec<MetadataItem> {
    let mut items = Vec::new();
    if let Some(moov) = boxes(file).find(b"moov") {
        for child in moov.children().map_while(Result::ok) {
            match &child.kind().0 {
                b"udta" => items.extend(read_user_data(&child, family)),
                b"meta" => items.extend(read_meta(&child).unwrap_or_default()),
                _ => {}
            }
        }
    }
    items
}

fn shown(item: &MetadataItem) -> String {
    match (&item.value, number_pair(item)) {
        (_, Some((number, 0))) => number.to_string(),
        (_, Some((number, total))) => format!("{number}/{total}"),
        (value, None) => user_data::as_text(value),
    }
}

/// Whether two tools mean the same: numbers and places may be printed with more or fewer digits.
fn is_same(ours: &str, theirs: &str) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() < 1e-4;
    let numbers = ours.parse().ok().zip(theirs.parse().ok()).is_some_and(|(a, b)| near(a, b));
    let places = iso::parse_place(ours).zip(iso::parse_place(theirs));
    ours == theirs || numbers || places.is_some_and(|(a, b)| (0..2).all(|index| near(a[index], b[index])))
}

#[test]
fn every_tag_ffprobe_finds_is_found() {
    const HEADER: [&str; 4] = ["major_brand", "minor_version", "compatible_brands", "creation_time"];
    let (mut count, mut missing) = (0, Vec::new());
    for path in corpus::paths() {
        let Some(lines) = corpus::ffprobe(&path, "format_tags") else { return };
        let file = Bytes::from(std::fs::read(&path).unwrap());
        let found: Vec<_> = of_movie(&file, corpus::family(&file)).iter().map(shown).collect();
        for line in lines {
            let Some((key, value)) = line.strip_prefix("TAG:").and_then(|line| line.split_once('=')) else {
                continue;
            };
            if HEADER.contains(&key) || key.ends_with("-eng") {
                continue;
            }
            count += 1;
            if !found.iter().any(|text| is_same(text.lines().next().unwrap_or(""), value)) {
                missing.push(format!("{} {key}={value}: {found:?}", path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{} of {count}:\n{}", missing.len(), missing.join("\n"));
    eprintln!("{count} tags");
}

fn text(key: MetadataKey, value: &str) -> MetadataItem {
    MetadataItem { key, value: MetadataValue::Text(value.into()), language: Language::UNDETERMINED }
}

fn apple(name: &str, value: &str) -> MetadataItem {
    text(MetadataKey::QuickTime(format!("com.apple.quicktime.{name}")), value)
}

fn written(items: &[MetadataItem], family: BoxFamily) -> (Written, Bytes) {
    let written = write(items, family, Level::Movie);
    let entry = crate::entry::write(
        &reelwright_media::FormatDescription::Audio(reelwright_media::AudioFormat::lpcm(
            reelwright_media::PcmFormat::S16LE,
            48_000,
            2,
        )),
        family,
    );
    let extra = [&written.udta[..], &written.meta[..]].concat();
    let file = corpus::file_of(&entry.unwrap(), b"soun", family, &extra);
    (written, file.into())
}

#[test]
fn what_is_native_comes_back_as_it_was() {
    let german = Language::from_code("deu").unwrap();
    let picture = MetadataValue::Data { kind: 13, bytes: Bytes::from_static(&[0xFF, 0xD8, 0xFF]) };
    let itunes = |code: &[u8; 4], value| {
        let key = MetadataKey::ITunes(FourCc::new(code));
        MetadataItem { key, value, language: Language::UNDETERMINED }
    };
    let quicktime = vec![
        text(MetadataKey::UserData(FourCc::new(b"\xA9nam")), "A title"),
        MetadataItem {
            language: german.clone(),
            ..text(MetadataKey::UserData(FourCc::new(b"\xA9nam")), "Ein Titel")
        },
        text(MetadataKey::UserData(FourCc::new(b"tagc")), "public.auxiliary-content"),
        apple("title", "Title"),
        MetadataItem { language: german, ..apple("title", "Titel") },
        MetadataItem { value: MetadataValue::Float(59.94), ..apple("camera.framerate", "") },
        MetadataItem { value: MetadataValue::Integer(-70_000), ..apple("number", "") },
    ];
    let iso = vec![
        text(MetadataKey::Iso(FourCc::new(b"titl")), "Tïtle"),
        text(MetadataKey::Iso(FourCc::new(b"kywd")), "sea,sun"),
        text(MetadataKey::Iso(FourCc::new(b"loci")), "+27.59160+086.56400+8850.000/"),
        itunes(b"\xA9nam", MetadataValue::Text("Title".into())),
        itunes(b"covr", picture),
        itunes(b"tmpo", MetadataValue::Integer(120)),
        text(MetadataKey::ITunesFreeForm { mean: "com.apple.iTunes".into(), name: "mood".into() }, "calm"),
        text(MetadataKey::QuickTime("com.android.version".into()), "13"),
    ];
    for (family, items) in [(BoxFamily::QuickTime, quicktime), (BoxFamily::Iso, iso)] {
        let (result, file) = written(&items, family);
        assert_eq!(result.dropped, []);
        assert_eq!(of_movie(&file, family), items);
    }
}

#[test]
fn movies_change_family_and_ffprobe_reads_them() {
    let source = vec![
        apple("title", "T"),
        apple("artist", "A"),
        apple("creationdate", "2024-05-06T07:08:09+0200"),
        apple("location.ISO6709", "+48.1372+011.5756/"),
        apple("make", "Maker"),
        apple("live-photo.vitality-score", "0.5"),
    ];
    let (result, file) = written(&source, BoxFamily::Iso);
    assert_eq!(result.dropped, source[5..]);
    let path = corpus::scratch("tags.mp4", &file);
    if let Some(lines) = corpus::ffprobe(&path, "format_tags") {
        for wanted in ["title=T", "artist=A", "date=2024-05-06T07:08:09+0200", "make=Maker"] {
            assert!(lines.contains(&format!("TAG:{wanted}")), "{wanted} in {lines:?}");
        }
        assert!(lines.iter().any(|line| line.starts_with("TAG:location=+48.1372+011.5756")), "{lines:?}");
    }
    std::fs::remove_file(path).unwrap();

    let items = of_movie(&file, BoxFamily::Iso);
    let (result, file) = written(&items, BoxFamily::QuickTime);
    assert_eq!(result.dropped, []);
    let back = of_movie(&file, BoxFamily::QuickTime);
    for item in &source[..4] {
        let found = back.iter().find(|other| other.key == item.key).unwrap();
        let same = found.value == item.value || item.key == source[3].key;
        assert!(same, "{found:?}");
    }
    let path = corpus::scratch("tags.mov", &file);
    if let Some(lines) = corpus::ffprobe(&path, "format_tags") {
        assert!(lines.contains(&"TAG:com.apple.quicktime.title=T".into()), "{lines:?}");
        assert!(lines.contains(&"TAG:make=Maker".into()), "{lines:?}");
    }
    std::fs::remove_file(path).unwrap();
}

#[test]
fn nero_chapters() {
    let Some(path) = corpus::paths().into_iter().find(|path| path.ends_with("chapters_text_track.mp4"))
    else {
        return;
    };
    let file = Bytes::from(std::fs::read(path).unwrap());
    let moov = boxes(&file).find(b"moov").unwrap();
    let chpl = moov.children().find(b"udta").unwrap().children().find(b"chpl").unwrap();
    let chapters = read_chapters(&chpl, Time::from_secs(60)).unwrap();
    let titles: Vec<_> = chapters.iter().map(|chapter| &chapter.title[..]).collect();
    assert_eq!(titles, ["Chapter 1", "Chapter 2", "Chapter 3"]);
    assert_eq!(chapters[0].range.end(), chapters[1].range.start);
    assert_eq!(chapters[2].range.end(), Time::from_secs(60));
}

#[test]
fn broken_boxes_are_left_out() {
    let items = vec![
        text(MetadataKey::Iso(FourCc::new(b"loci")), "+1+2/"),
        text(MetadataKey::ITunes(FourCc::new(b"\xA9nam")), "T"),
        text(MetadataKey::UserData(FourCc::new(b"\xA9swr")), "S"),
        text(MetadataKey::QuickTime("com.android.version".into()), "13"),
    ];
    let (result, _) = written(&items, BoxFamily::Iso);
    let whole = [&result.udta[..], &result.meta[..]].concat();
    for at in 0..whole.len() {
        for value in [0, 0x7F, 0xFF] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            bytes.truncate(whole.len() - at % 7);
            let bytes = Bytes::from(bytes);
            for found in boxes(&bytes).map_while(Result::ok) {
                _ = read_user_data(&found, BoxFamily::Iso);
                _ = read_user_data(&found, BoxFamily::QuickTime);
                _ = read_meta(&found);
                _ = read_chapters(&found, Time::ZERO);
            }
        }
    }
}
