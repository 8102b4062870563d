//! Audio containers beside ffprobe: every variety ffmpeg can write, and the corpus.

#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod foreign;

use std::path::Path;

use foreign::{bytes, corpus, ffmpeg, ffprobe, generate, open_path, packets, samples, scratch};
use reelwright_formats::Demuxer;
use reelwright_media::{AudioCodec, AudioFormat, Channel, ContainerKind};

const TONE: &str = "aevalsrc=0.4*sin(440*2*PI*t)|0.3*sin(660*2*PI*t):s=44100:d=1.3";

fn audio(demuxer: &dyn Demuxer) -> AudioFormat {
    demuxer.movie().tracks[0].formats[0].as_audio().unwrap().clone()
}

/// Decodes with ffmpeg to little-endian 32-bit integers.
fn decoded(path: &Path, extra: &[&str]) -> Option<Vec<u8>> {
    let out = path.with_extension("raw");
    let mut arguments = extra.to_vec();
    arguments.extend(["-i", path.to_str().unwrap(), "-f", "s32le", out.to_str().unwrap()]);
    ffmpeg(&arguments)?;
    std::fs::read(out).ok()
}

#[test]
fn linear_pcm_of_every_kind_is_the_bytes_ffmpeg_reads() {
    let folder = scratch("linear");
    let kinds = [
        ("wav", "pcm_s16le", "s16le"),
        ("wav", "pcm_u8", "u8"),
        ("wav", "pcm_s24le", "s24le"),
        ("wav", "pcm_s32le", "s32le"),
        ("wav", "pcm_f32le", "f32le"),
        ("wav", "pcm_f64le", "f64le"),
        ("wav", "pcm_alaw", "alaw"),
        ("wav", "pcm_mulaw", "mulaw"),
        ("aiff", "pcm_s16be", "s16be"),
        ("aiff", "pcm_s8", "s8"),
        ("aiff", "pcm_s24be", "s24be"),
        ("aiff", "pcm_s16le", "s16le"),
        ("aiff", "pcm_f32be", "f32be"),
        ("aiff", "pcm_f64be", "f64be"),
        ("aiff", "pcm_alaw", "alaw"),
        ("caf", "pcm_s16be", "s16be"),
        ("caf", "pcm_s16le", "s16le"),
        ("caf", "pcm_s24le", "s24le"),
        ("caf", "pcm_f32le", "f32le"),
        ("caf", "pcm_mulaw", "mulaw"),
    ];
    for (container, codec, raw) in kinds {
        let path = folder.join(format!("{codec}.{container}"));
        let name = path.to_str().unwrap();
        if generate(&[TONE], &["-c:a", codec], &path).is_none() {
            return;
        }
        let expected = path.with_extension("raw");
        ffmpeg(&["-i", name, "-c:a", "copy", "-f", raw, expected.to_str().unwrap()]).unwrap();
        let demuxer = open_path(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let format = audio(&*demuxer);
        assert_eq!((format.sample_rate, format.channels), (44_100, 2), "{name}");
        assert_eq!(demuxer.movie().tracks[0].sample_count, Some(57_330), "{name}");
        assert!(bytes(&*demuxer, 1) == std::fs::read(&expected).unwrap(), "{name}: the bytes differ");
        if let Some(pcm) = format.pcm {
            let spelled = format!(
                "{}{}{}",
                if pcm.float {
                    'f'
                } else if pcm.signed {
                    's'
                } else {
                    'u'
                },
                pcm.bits,
                if pcm.bits == 8 {
                    ""
                } else if pcm.big_endian {
                    "be"
                } else {
                    "le"
                }
            );
            assert_eq!(spelled, raw, "{name}");
        }
    }
}

#[test]
fn unfinished_and_long_files_are_read_to_their_end() {
    let folder = scratch("unfinished");
    let path = folder.join("long.wav");
    if generate(&[TONE], &["-rf64", "always", "-metadata", "title=Tone"], &path).is_none() {
        return;
    }
    let long = open_path(&path).unwrap();
    assert_eq!(long.movie().tracks[0].sample_count, Some(57_330));
    assert_eq!(long.movie().metadata[0].value.as_text(), Some("Tone"));
    generate(&[TONE], &[], &path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let data = whole.windows(4).position(|bytes| bytes == b"data").unwrap();
    for size in [0u32, u32::MAX] {
        let mut changed = whole.clone();
        changed[data + 4..data + 8].copy_from_slice(&size.to_le_bytes());
        changed[4..8].copy_from_slice(&size.to_le_bytes());
        // An extension says nothing.
        let path = folder.join("streamed.mp4");
        std::fs::write(&path, changed).unwrap();
        let demuxer = open_path(&path).unwrap();
        assert_eq!(demuxer.movie().container, ContainerKind::Wave);
        assert_eq!(demuxer.movie().tracks[0].sample_count, Some(57_330), "size {size}");
    }
    let path = folder.join("streamed.aiff");
    generate(&[TONE], &[], &path).unwrap();
    let mut streamed = std::fs::read(&path).unwrap();
    let at = |kind: &[u8]| streamed.windows(4).position(|bytes| bytes == kind).unwrap();
    // The sizes of file and sound, and the count of frames.
    for zeros in [4, at(b"COMM") + 10, at(b"SSND") + 4] {
        streamed[zeros..zeros + 4].fill(0);
    }
    std::fs::write(&path, streamed).unwrap();
    assert_eq!(open_path(&path).unwrap().movie().tracks[0].sample_count, Some(57_330));
    let cut = folder.join("cut.wav");
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(open_path(&cut).unwrap().movie().warnings.len(), 1);
}

#[test]
fn packets_are_those_ffprobe_sees() {
    let folder = scratch("packets");
    let kinds: [(&str, &[&str]); 6] = [
        ("cbr.mp3", &["-c:a", "libmp3lame", "-b:a", "128k"]),
        ("vbr.mp3", &["-c:a", "libmp3lame", "-q:a", "4", "-id3v2_version", "3", "-metadata", "title=Tone"]),
        ("plain.mp3", &["-c:a", "libmp3lame", "-write_xing", "0", "-ar", "22050"]),
        ("tone.aac", &["-c:a", "aac"]),
        ("tone.flac", &["-c:a", "flac", "-metadata", "artist=Somebody"]),
        ("tone.caf", &["-c:a", "alac"]),
    ];
    for (file, arguments) in kinds {
        let path = folder.join(file);
        if generate(&[TONE], arguments, &path).is_some() {
            compare(&path);
        }
    }
    if let Some(corpus) = corpus() {
        for file in ["bear.flac", "bear_vbr.mp3"] {
            compare(&corpus.join(file));
        }
    }
}

/// Frames as long as a packet of transport, each with a sync byte of transport at the same place.
#[test]
fn frames_of_sound_are_no_packets_of_transport() {
    const LENGTH: usize = 192;
    let path = scratch("stride").join("tone.mp2");
    let silence = ["anullsrc=r=48000:cl=stereo,atrim=duration=1"];
    if generate(&silence, &["-c:a", "mp2", "-b:a", "64k"], &path).is_none() {
        return;
    }
    let mut file = std::fs::read(&path).unwrap();
    assert_eq!(file[..4], file[LENGTH..LENGTH + 4]);
    // What is left of a frame behind its sound means nothing.
    file.chunks_exact_mut(LENGTH).for_each(|frame| frame[LENGTH - 1] = 0x47);
    std::fs::write(&path, file).unwrap();
    assert_eq!(ffprobe(&path, &["-show_entries", "format=format_name"]).unwrap(), [["mp3"]]);
    assert_eq!(audio(&*open_path(&path).unwrap()).codec, AudioCodec::Mp2);
    compare(&path);
}

#[test]
fn tags_around_sound_are_no_sound() {
    let folder = scratch("tags");
    for (file, codec) in [("tone.mp3", "libmp3lame"), ("tone.aac", "aac"), ("tone.flac", "flac")] {
        let path = folder.join(file);
        if generate(&[TONE], &["-c:a", codec, "-id3v2_version", "0"], &path).is_none() {
            continue;
        }
        let plain = bytes(&*open_path(&path).unwrap(), 1);
        let mut back = [0; 128];
        back[..7].copy_from_slice(b"TAGTone");
        // Two tags without items in front.
        let front = b"ID3\x04\0\0\0\0\0\x02\0\0".repeat(2);
        let tagged = [&front[..], &std::fs::read(&path).unwrap(), &back].concat();
        std::fs::write(&path, tagged).unwrap();
        let demuxer = open_path(&path).unwrap();
        assert_eq!(demuxer.movie().warnings, [""; 0], "{file}");
        assert!(bytes(&*demuxer, 1) == plain, "{file}");
        let title = demuxer.movie().metadata.iter().any(|item| item.value.as_text() == Some("Tone"));
        // FLAC's own comments come first.
        assert_eq!(title, codec != "flac", "{file}: {:?}", demuxer.movie().metadata);
    }
}

#[test]
fn flac_frames_are_found_where_the_least_block_is_the_last() {
    let path = scratch("least").join("tone.flac");
    if generate(&[TONE], &["-c:a", "flac"], &path).is_none() {
        return;
    }
    let mut file = std::fs::read(&path).unwrap();
    let last = samples(&*open_path(&path).unwrap(), 1).pop().unwrap().duration.value();
    file[8..10].copy_from_slice(&u16::try_from(last).unwrap().to_be_bytes());
    std::fs::write(&path, file).unwrap();
    compare(&path);
}

fn compare(path: &Path) {
    let demuxer = open_path(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let Some(theirs) = packets(path, 0) else { return };
    let ours = samples(&*demuxer, 1);
    assert_eq!(ours.len(), theirs.len(), "{}", path.display());
    let adts = demuxer.movie().container == ContainerKind::Adts;
    let first = theirs[0].pts.unwrap_or(0.0);
    for (index, (our, their)) in ours.iter().zip(&theirs).enumerate() {
        let header = if adts { 7 } else { 0 };
        assert_eq!(our.payload.len() + header, their.size, "{} packet {index}", path.display());
        if let Some(pts) = their.pts {
            let difference = our.pts.to_seconds_lossy() - (pts - first);
            assert!(difference.abs() < 0.001, "{} packet {index}: {difference}", path.display());
        }
    }
    let rows = ffprobe(path, &["-show_entries", "stream=sample_rate,channels"]).unwrap();
    let format = audio(&*demuxer);
    assert_eq!(rows[0][0], format.sample_rate.to_string(), "{}", path.display());
    assert_eq!(rows[0][1], format.channels.to_string(), "{}", path.display());
}

#[test]
fn what_an_encoder_added_is_edited_out() {
    let folder = scratch("gapless");
    let path = folder.join("tone.mp3");
    if generate(&[TONE], &["-c:a", "libmp3lame"], &path).is_none() {
        return;
    }
    let demuxer = open_path(&path).unwrap();
    let track = &demuxer.movie().tracks[0];
    assert_eq!(track.edits.len(), 1);
    // LAME's 576 and the decoder's 529.
    assert_eq!(track.edits[0].media_time, Some(1105));
    assert_eq!(track.edits[0].duration.value(), 57_330);
    let Some(played) = decoded(&path, &[]) else { return };
    assert_eq!(played.len() / 8, 57_330, "ffmpeg plays as much");
}

/// Packets of one size need no table, but what an encoder added is stated in its header.
#[test]
fn caf_states_priming_of_constant_packets_too() {
    let mut file = b"caff\0\x01\0\0desc\0\0\0\0\0\0\0\x20".to_vec();
    file.extend(44_100f64.to_be_bytes());
    file.extend(*b"ima4");
    [0, 34, 64, 1, 0].iter().for_each(|number: &u32| file.extend(number.to_be_bytes()));
    file.extend(*b"pakt\0\0\0\0\0\0\0\x18");
    [10u64, 600].iter().for_each(|number| file.extend(number.to_be_bytes()));
    [8i32, 32].iter().for_each(|number| file.extend(number.to_be_bytes()));
    file.extend(*b"data\0\0\0\0\0\0\x01\x58\0\0\0\0");
    file.extend([0; 340]);
    let path = scratch("constant").join("ima4.caf");
    std::fs::write(&path, file).unwrap();
    let demuxer = open_path(&path).unwrap();
    let track = &demuxer.movie().tracks[0];
    assert_eq!((track.sample_count, track.range.duration.value()), (Some(640), 600));
    assert_eq!((track.edits[0].media_time, track.edits[0].duration.value()), (Some(8), 600));
}

/// The last packet of Apple Lossless states that it is shorter, where CAF and Matroska don't.
#[test]
fn lossless_sound_ends_where_its_last_packet_says() {
    let folder = scratch("lossless");
    for file in ["tone.caf", "tone.mka"] {
        let path = folder.join(file);
        if generate(&[TONE], &["-c:a", "alac"], &path).is_none() {
            return;
        }
        let demuxer = open_path(&path).unwrap();
        let track = &demuxer.movie().tracks[0];
        assert_eq!(decoded(&path, &[]).unwrap().len() / 8, 57_330, "{file}");
        assert_eq!((track.media_duration.value(), track.edits.len()), (57_330, 0), "{file}");
        assert_eq!(samples(&*demuxer, 1).pop().unwrap().duration.value(), 57_330 % 4096, "{file}");
    }
}

/// ffmpeg writes FLAC in CAF without its description, and doesn't read that; the same frames as in a file of FLAC's own.
#[test]
fn flac_in_caf_describes_itself() {
    let folder = scratch("bare");
    let (caf, plain) = (folder.join("tone.caf"), folder.join("tone.flac"));
    for path in [&caf, &plain] {
        if generate(&[TONE], &["-c:a", "flac"], path).is_none() {
            return;
        }
    }
    assert!(!std::fs::read(&caf).unwrap().windows(4).any(|chunk| chunk == b"kuki"));
    let (caf, plain) = (open_path(&caf).unwrap(), open_path(&plain).unwrap());
    let (ours, expected) = (audio(&*caf), audio(&*plain));
    let said = |audio: &AudioFormat| (audio.sample_rate, audio.channels, audio.bits, audio.frames_per_packet);
    assert_eq!(said(&ours), said(&expected));
    assert_eq!(caf.movie().tracks[0].media_duration.value(), 57_330);
    assert!(bytes(&*caf, 1) == bytes(&*plain, 1));
    let durations = |demuxer| samples(demuxer, 1).iter().map(|sample| sample.duration).collect::<Vec<_>>();
    assert_eq!(durations(&*caf), durations(&*plain));
}

#[test]
fn dolby_in_caf_describes_itself() {
    let folder = scratch("dolby");
    // No ffmpeg writes its successor, E-AC-3, there.
    let formats = ["tone.caf", "tone.mka"].map(|file| {
        let path = folder.join(file);
        generate(&[TONE], &["-c:a", "ac3"], &path)?;
        Some(audio(&*open_path(&path).unwrap()))
    });
    let [Some(caf), Some(matroska)] = formats else { return };
    assert!(caf.config.is_some());
    assert_eq!((caf.config, caf.layout, caf.tag), (matroska.config, matroska.layout, matroska.tag));
}

#[test]
fn aiff_says_where_its_channels_belong() {
    use Channel::{Center, Left, Lfe, Right, SideLeft, SideRight};
    let folder = scratch("channels");
    let kinds: [(&str, &str, &[Channel]); 2] = [
        ("5.1", "5.1(side)", &[Left, Right, Center, Lfe, SideLeft, SideRight]),
        ("quad", "quad(side)", &[Left, Right, SideLeft, SideRight]),
    ];
    for (layout, seen, expected) in kinds {
        let path = folder.join("channels.aiff");
        let channels = vec!["0.1"; expected.len()].join("|");
        let tone = format!("aevalsrc={channels}:s=48000:d=0.1:c={layout}");
        if generate(&[&tone], &["-c:a", "pcm_s16le"], &path).is_none() {
            return;
        }
        assert_eq!(ffprobe(&path, &["-show_entries", "stream=channel_layout"]).unwrap(), [[seen]]);
        assert_eq!(audio(&*open_path(&path).unwrap()).layout.unwrap().channels(), expected);
    }
}

#[test]
fn broadcast_files_say_where_they_are_from() {
    let path = scratch("broadcast").join("street.wav");
    let facts = [
        ("description", "A street"),
        ("originator", "Somebody"),
        ("originator_reference", "DE123"),
        ("origination_date", "2026-11-21"),
        ("origination_time", "20:10:00"),
    ];
    let facts = facts.map(|(key, value)| format!("{key}={value}"));
    let mut arguments = vec!["-write_bext", "1"];
    facts.iter().for_each(|fact| arguments.extend(["-metadata", fact]));
    if generate(&[TONE], &arguments, &path).is_none() {
        return;
    }
    let theirs = ffprobe(&path, &["-show_entries", "format_tags=comment,date"]).unwrap();
    assert_eq!(theirs, [["A street", "2026-11-21"]]);
    let demuxer = open_path(&path).unwrap();
    let meaning = |meaning: &str| {
        let found = demuxer.movie().metadata.iter().find(|item| item.key.common() == Some(meaning));
        found.and_then(|item| item.value.as_text()).map(str::to_owned)
    };
    let found = ["description", "author", "date"].map(meaning);
    assert_eq!(found, ["A street", "Somebody", "2026-11-21"].map(|text| Some(text.to_owned())));
    assert_eq!(demuxer.movie().tracks[0].sample_count, Some(57_330));
}

#[test]
fn the_corpus_opens() {
    let Some(corpus) = corpus() else { return };
    let expected = [
        ("wav_24le.wav", ContainerKind::Wave, AudioCodec::Lpcm, 44_100, 1, 44_100),
        ("wav_extensible.wav", ContainerKind::Wave, AudioCodec::Lpcm, 48_000, 6, 24_576),
        ("pcm16be.caf", ContainerKind::Caf, AudioCodec::Lpcm, 11_025, 1, 18_749),
    ];
    for (file, container, codec, rate, channels, frames) in expected {
        let demuxer = open_path(&corpus.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let format = audio(&*demuxer);
        assert_eq!((demuxer.movie().container, format.codec), (container, codec), "{file}");
        assert_eq!((format.sample_rate, format.channels), (rate, channels), "{file}");
        assert_eq!(demuxer.movie().tracks[0].sample_count, Some(frames), "{file}");
        let raw = scratch("corpus").join(format!("{file}.raw"));
        let codec = match format.pcm.map(|pcm| (pcm.bits, pcm.float, pcm.big_endian)) {
            Some((24, ..)) => "s24le",
            Some((32, true, _)) => "f32le",
            _ => "s16be",
        };
        let source = corpus.join(file);
        if ffmpeg(&["-i", source.to_str().unwrap(), "-c:a", "copy", "-f", codec, raw.to_str().unwrap()])
            .is_some()
        {
            assert!(bytes(&*demuxer, 1) == std::fs::read(raw).unwrap(), "{file}: the bytes differ");
        }
    }
}
