//! The boxes at the top of a file, found by position.

use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;
use reelwright_media::{Error, ErrorKind, FourCc, Payload, ReadAt, Result};

use super::warnings::Warnings;
use crate::{BoxHeader, FileType, boxes_at};

/// What of the top of a file matters.
#[derive(Debug, Default)]
pub(super) struct Top {
    pub(super) file_type: Option<FileType>,
    /// The movie boxes and what follows them: one, but in files that were joined.
    pub(super) movies: Vec<Movie>,
    /// Movie boxes beyond those that are read.
    pub(super) more_movies: u64,
    /// Movie fragments in front of the first movie box.
    early: Vec<(u64, u64)>,
    /// Where the last `ftyp` stands behind which there has been no `moov` yet.
    begun: Option<u64>,
    pub(super) warnings: Warnings,
    pub(super) has_media: bool,
    pub(super) has_index: bool,
    /// A `meta` box of the file: items, as still pictures are (ISO/IEC 14496-12, 8.11).
    has_items: bool,
}

/// A movie box and the fragments that belong to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Movie {
    /// Where it stands.
    pub(super) offset: u64,
    size: u64,
    /// Where the file began that it was written into.
    pub(super) base: u64,
    /// Offset and size of every movie fragment up to the next movie box.
    pub(super) fragments: Vec<(u64, u64)>,
}

impl Movie {
    /// The box, inflated where it is compressed.
    ///
    /// # Errors
    ///
    /// Where it can't be read or inflated.
    pub(super) fn load(&self, source: &Arc<dyn ReadAt>) -> Result<Bytes> {
        inflate(load(source, self.offset, self.size)?, self.offset, source.len())
    }
}

/// Movie boxes that are read; more are nobody's files, or so many that they were not joined to be seen.
const MOST_MOVIES: usize = 256;

/// Whether `start`, the first bytes of a file, look like boxes.
pub fn is_box_file(start: &[u8]) -> bool {
    const KINDS: [&[u8; 4]; 15] = [
        b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"moof", b"sidx", b"uuid",
        b"udta", b"prft", b"emsg", b"meta",
    ];
    BoxHeader::parse(start, u64::MAX).is_ok_and(|header| KINDS.contains(&&header.kind.0))
}

/// The bytes of a file's `moov`, inflated, and where it stands: for dumps.
///
/// # Errors
///
/// As [`super::Demuxer::open`].
pub fn movie_box(source: &Arc<dyn ReadAt>) -> Result<Option<(Bytes, u64)>> {
    let top = scan(source)?;
    let first = top.movies.first();
    first.map(|movie| Ok((movie.load(source)?, movie.offset))).transpose()
}

/// Walks the boxes at the top of the file.
pub(super) fn scan(source: &Arc<dyn ReadAt>) -> Result<Top> {
    let length = source.len();
    let mut top = Top::default();
    let mut offset = 0;
    while length.saturating_sub(offset) >= 8 {
        let header = match header_at(source, offset, length) {
            Ok(header) => header,
            // What a disk doesn't give may well have been a box.
            Err(error) if offset == 0 || error.kind() == ErrorKind::Io => return Err(error),
            Err(error) => {
                top.warnings.push(format!("what follows byte {offset} is not a box: {}", error.message()));
                break;
            }
        };
        let left = length - offset;
        if header.size > left {
            top.note_short(&header, offset, left)?;
        }
        let size = header.size.min(left);
        top.visit(source, &header, offset, size)?;
        offset += size;
    }
    Ok(top)
}

fn header_at(source: &Arc<dyn ReadAt>, offset: u64, length: u64) -> Result<BoxHeader> {
    let mut bytes = [0; BoxHeader::MAX_LEN];
    let wanted = usize::try_from(length - offset).unwrap_or(usize::MAX).min(bytes.len());
    let window = &mut bytes[..wanted];
    source
        .read_exact_at(window, offset)
        .map_err(|cause| Error::io("can't read a box header", cause).at_offset(offset))?;
    BoxHeader::parse(window, length - offset).map_err(|error| error.at_offset(offset))
}

impl Top {
    fn note_short(&mut self, header: &BoxHeader, offset: u64, left: u64) -> Result<()> {
        let message = format!(
            "box '{}' at byte {offset} states {} bytes, the file has {left} left",
            header.kind, header.size
        );
        if &header.kind.0 == b"moov" {
            return Err(Error::truncated(message).at_offset(offset).with_hint(
                "the index is incomplete: the file was cut short, copy it again from where it came from",
            ));
        }
        self.warnings.push(message);
        Ok(())
    }

    fn visit(&mut self, source: &Arc<dyn ReadAt>, header: &BoxHeader, offset: u64, size: u64) -> Result<()> {
        match &header.kind.0 {
            b"ftyp" => {
                self.begun = Some(offset);
                if self.file_type.is_none() {
                    let bytes = load(source, offset, size)?;
                    self.file_type = boxes_at(&bytes, offset)
                        .next()
                        .and_then(Result::ok)
                        .and_then(|ftyp| ftyp.read().ok());
                }
            }
            b"moov" if self.movies.len() < MOST_MOVIES => {
                let base = if self.movies.is_empty() { 0 } else { self.begun.unwrap_or(0) };
                self.begun = None;
                let fragments = std::mem::take(&mut self.early);
                self.movies.push(Movie { offset, size, base, fragments });
            }
            b"moov" => self.more_movies += 1,
            // Less than header, `mfhd` and the header of a `traf` holds nothing.
            b"moof" if size >= 32 => match self.movies.last_mut() {
                Some(movie) => movie.fragments.push((offset, size)),
                None => self.early.push((offset, size)),
            },
            b"mdat" => self.has_media = true,
            b"styp" | b"sidx" => self.has_index = true,
            b"meta" => self.has_items = true,
            _ => {}
        }
        Ok(())
    }

    /// What is wrong with a file that has no `moov`.
    pub(super) fn no_movie(&self, length: u64) -> Error {
        if !self.early.is_empty() || self.has_index {
            return Error::unsupported(
                "this is a media segment without its initialization segment: it has fragments but no 'moov'",
            )
            .with_hint("put the initialization segment in front of it, joined into one file");
        }
        if self.has_items {
            let brand =
                self.file_type.as_ref().map(|file_type| format!(", brand '{}'", file_type.major_brand));
            return Error::unsupported(format!(
                "this is a still picture (HEIF or AVIF{}), not a movie: it has items but no 'moov' box",
                brand.unwrap_or_default()
            ))
            .with_hint("of a Live Photo, the movie is in the .MOV file beside it");
        }
        if self.has_media {
            return Error::truncated(format!("there is no index: the {length} bytes hold media but no 'moov' box"))
                .with_hint("the recording was interrupted before its index was written; the media can't be told apart without it");
        }
        Error::new(ErrorKind::Malformed, format!("there is no movie in these {length} bytes: no 'moov' box"))
            .with_hint("the file is damaged or something else; copy it again from where it came from")
    }
}

/// The whole box in memory. Its size has been checked against the file's.
pub(super) fn load(source: &Arc<dyn ReadAt>, offset: u64, size: u64) -> Result<Bytes> {
    Payload::range(source.clone(), offset, size).load().map_err(|error| error.at_offset(offset))
}

/// A compressed movie resource (QuickTime File Format, "Compressed movie resources"): `moov/cmov/{dcom, cmvd}`.
fn inflate(moov: Bytes, offset: u64, length: u64) -> Result<Bytes> {
    let Some(cmov) = boxes_at(&moov, offset)
        .next()
        .and_then(Result::ok)
        .and_then(|moov| moov.children().find(FourCc::new(b"cmov")))
    else {
        return Ok(moov);
    };
    let method = cmov.children().find(FourCc::new(b"dcom")).and_then(|dcom| dcom.body().fourcc().ok());
    if method != Some(FourCc::new(b"zlib")) {
        let method = method.map_or_else(|| "nothing named".to_owned(), |method| format!("'{method}'"));
        return Err(Error::unsupported(format!(
            "the index is compressed with {method}; only 'zlib' is known"
        ))
        .at_offset(cmov.offset()));
    }
    let data = cmov.children().find(FourCc::new(b"cmvd"));
    let data =
        data.ok_or_else(|| Error::malformed("the compressed index has no 'cmvd'").at_offset(cmov.offset()))?;
    let mut body = data.body();
    // The stated size is not believed: deflate shrinks a thousandfold at most, and an index hardly tenfold.
    let stated = u64::from(body.u32()?);
    let packed = body.rest();
    let most = LARGEST_INFLATED.saturating_add(length.saturating_mul(2));
    let located = |error: Error| error.in_box(data.path()).at_offset(data.offset());
    if stated > most {
        let message = format!(
            "the compressed index states {stated} bytes; in a file of {length} at most {most} are inflated"
        );
        return Err(located(Error::new(ErrorKind::Limit, message).with_hint(DAMAGED)));
    }
    let limit = stated.min((packed.len() as u64).saturating_mul(1032));
    // All at once: growing would take twice as much for a moment.
    let mut inflated = Vec::with_capacity(usize::try_from(limit).unwrap_or(0));
    flate2::read::ZlibDecoder::new(&packed[..]).take(limit).read_to_end(&mut inflated).map_err(|cause| {
        located(Error::malformed("the compressed index can't be inflated").caused_by(cause))
            .with_hint(DAMAGED)
    })?;
    Ok(inflated.into())
}

/// A compressed index of any file may grow to this; that of a larger file to twice the file more.
const LARGEST_INFLATED: u64 = 4 << 20;

/// What to do about an index that can't be right.
const DAMAGED: &str = "the index is damaged: copy the file again from where it came from";

#[cfg(test)]
mod tests {
    use super::*;

    /// A box by kind and body.
    type Made = (&'static [u8; 4], &'static [u8]);

    /// What is said of a file of such boxes.
    fn said(boxes: &[Made]) -> String {
        let mut file = Vec::new();
        for (kind, body) in boxes {
            file.extend(u32::try_from(body.len() + 8).unwrap().to_be_bytes());
            file.extend([&kind[..], body].concat());
        }
        let source: Arc<dyn ReadAt> = Arc::new(Bytes::from(file));
        scan(&source).unwrap().no_movie(source.len()).message().to_owned()
    }

    #[test]
    fn what_has_no_movie_is_told_by_what_it_has() {
        let cases: [(&[Made], &str); 4] = [
            (
                &[(b"ftyp", b"heic\0\0\0\0mif1heic"), (b"meta", &[0; 4]), (b"mdat", b"x")],
                "still picture (HEIF or AVIF, brand 'heic')",
            ),
            (&[(b"ftyp", b"isom\0\0\0\0"), (b"mdat", b"x")], "there is no index"),
            (&[(b"styp", b"msdh\0\0\0\0"), (b"moof", &[0; 40]), (b"mdat", b"x")], "initialization segment"),
            (&[(b"ftyp", b"isom\0\0\0\0")], "there is no movie"),
        ];
        for (boxes, words) in cases {
            let said = said(boxes);
            assert!(said.contains(words), "{said}");
        }
    }
}
