use reelwright_media::{AmbientViewing, CleanAperture, ContentLight, FourCc, MasteringDisplay, Result};

use crate::*;

macro_rules! known {
    ($($($kind:literal)|+ => $body:ident,)*) => {
        /// The fields of a box of type `kind` with the body `r`, or `None` where the type isn't declared here.
        pub(crate) fn fields(kind: FourCc, r: &mut Reader<'_>) -> Option<Result<Fields>> {
            match &kind.0 {
                $($($kind)|+ => Some($body::read(r).map(|body| body.fields())),)*
                _ => None,
            }
        }

        /// The same body read and written again.
        #[cfg(test)]
        pub(crate) fn rewrite(kind: FourCc, r: &mut Reader<'_>) -> Option<Result<Vec<u8>>> {
            let mut w = Writer::new();
            match &kind.0 {
                $($($kind)|+ => Some($body::read(r).map(|body| {
                    body.write(&mut w);
                    w.into_bytes()
                })),)*
                _ => None,
            }
        }

        /// The types declared here.
        #[cfg(test)]
        pub(crate) const KINDS: &[&[u8; 4]] = &[$($($kind),+),*];
    };
}

known! {
    b"ftyp" | b"styp" => FileType,
    b"sidx" => SegmentIndex,
    b"prft" => ProducerReferenceTime,
    b"tfra" => TrackFragmentRandomAccess,
    b"mfro" => FragmentRandomAccessOffset,
    b"mvhd" => MovieHeader,
    b"tkhd" => TrackHeader,
    b"tref" => TrackReferences,
    b"elst" => EditList,
    b"load" => LoadSettings,
    b"clef" => CleanApertureDimensions,
    b"prof" => ProductionApertureDimensions,
    b"enof" => EncodedPixelsDimensions,
    b"mdhd" => MediaHeader,
    b"hdlr" => Handler,
    b"elng" => ExtendedLanguage,
    b"vmhd" => VideoMediaHeader,
    b"smhd" => SoundMediaHeader,
    b"nmhd" => NullMediaHeader,
    b"sthd" => SubtitleMediaHeader,
    b"gmin" => GenericMediaInfo,
    b"tcmi" => TimecodeMediaInfo,
    b"dref" => DataReferences,
    b"stsd" => SampleDescriptions,
    b"stts" => TimeToSample,
    b"ctts" => CompositionOffsets,
    b"cslg" => CompositionShift,
    b"stss" => SyncSamples,
    b"stps" => PartialSyncSamples,
    b"sdtp" => SampleDependencies,
    b"stsc" => SampleToChunk,
    b"stsz" => SampleSizes,
    b"stz2" => CompactSampleSizes,
    b"stco" => ChunkOffsets,
    b"co64" => ChunkOffsets64,
    b"sgpd" => SampleGroupDescription,
    b"sbgp" => SampleToGroup,
    b"mehd" => MovieExtendsHeader,
    b"trex" => TrackExtends,
    b"mfhd" => FragmentHeader,
    b"tfhd" => TrackFragmentHeader,
    b"tfdt" => FragmentDecodeTime,
    b"trun" => TrackRun,
    b"pasp" => PixelAspect,
    b"clap" => CleanAperture,
    b"colr" => ColorInfo,
    b"fiel" => FieldHandling,
    b"mdcv" => MasteringDisplay,
    b"clli" => ContentLight,
    b"amve" => AmbientViewing,
    b"btrt" => BitRates,
    b"esds" => StreamDescriptor,
    b"pcmC" => PcmConfig,
    b"srat" => SamplingRate,
    b"enda" => Endianness,
}

/// Whether a box of type `kind` inside `parent` is nothing but boxes.
pub(crate) fn is_container(kind: FourCc, parent: Option<FourCc>) -> bool {
    match &kind.0 {
        b"moov" | b"trak" | b"mdia" | b"minf" | b"stbl" | b"edts" | b"dinf" | b"mvex" | b"moof" | b"traf"
        | b"mfra" | b"tapt" | b"gmhd" | b"udta" => true,
        b"wave" | b"sinf" | b"schi" | b"vexu" | b"eyes" | b"cams" | b"cmfy" | b"proj" | b"ilst" => true,
        b"tmcd" => parent == Some(FourCc::new(b"gmhd")),
        // The items of a list, whatever they are called.
        _ => parent == Some(FourCc::new(b"ilst")),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::corpus::{self, visit};

    /// Boxes of the corpus that are not written as they were read, with the reason.
    const NOT_EXACT: &[(&str, &str, &str)] = &[
        ("qt_mdta_udta.mov", "stco", "states no chunks and has zeros behind the table"),
        ("wvtt_elng_init.mp4", "elng", "lacks version and flags"),
    ];

    #[test]
    fn every_box_of_the_corpus_is_written_as_it_was_read() {
        let (mut failures, mut count) = (Vec::new(), 0);
        for path in corpus::paths() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let bytes = Bytes::from(std::fs::read(&path).unwrap());
            visit(boxes(&bytes), None, &mut |found| {
                let Some(rewritten) = rewrite(found.kind(), &mut found.body()) else { return };
                count += 1;
                let original = found.body().rest();
                let (path, same) = match rewritten {
                    Ok(rewritten) => (found.path().to_string(), rewritten == original[..]),
                    Err(error) => (error.to_string(), false),
                };
                let excused = NOT_EXACT.iter().any(|(file, end, _)| *file == name && path.ends_with(end));
                if !same && !excused {
                    failures
                        .push(format!("{name} {path} {original:02x?}").chars().take(400).collect::<String>());
                }
            });
        }
        assert!(failures.is_empty(), "{} of {count}:\n{}", failures.len(), failures.join("\n"));
        eprintln!("{count} boxes");
    }

    #[test]
    fn hostile_bytes_neither_panic_nor_swell() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for round in 0..2000 {
            let length = usize::try_from(random() % 80).unwrap();
            let mut body: Vec<u8> = (0..length).map(|_| random() as u8 & random() as u8).collect();
            if round % 3 == 0 {
                body.splice(0..body.len().min(8), [0xFF; 8]);
            }
            let body = Bytes::from(body);
            for kind in KINDS {
                let kind = FourCc::new(kind);
                if let Some(Ok(written)) = rewrite(kind, &mut Reader::new(&body)) {
                    assert!(written.len() <= body.len() * 4 + 64, "{kind} grew from {body:02x?}");
                }
                _ = fields(kind, &mut Reader::new(&body));
            }
        }
    }
}
