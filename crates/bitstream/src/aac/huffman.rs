use std::sync::LazyLock;

use reelwright_media::{Error, Result};

use super::codebooks::{SCALE_FACTORS, SPECTRAL, code, length};
use crate::BitReader;

/// A codebook in the order of its codes, for reading.
#[derive(Debug)]
pub(super) struct Book(Vec<Entry>);

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The code with zeros behind it, as 32 bits.
    aligned: u32,
    length: u8,
    place: u16,
}

static SCALE: LazyLock<Book> = LazyLock::new(|| Book::new(&SCALE_FACTORS));
static SPECTRA: LazyLock<Vec<Book>> =
    LazyLock::new(|| SPECTRAL.iter().map(|entries| Book::new(entries)).collect());

impl Book {
    /// The scale factor codebook.
    pub(super) fn scale_factors() -> &'static Self {
        &SCALE
    }

    /// Spectral codebook `number`, 1 to 11.
    pub(super) fn spectral(number: u8) -> Result<&'static Self> {
        let book = SPECTRA.get(usize::from(number)).filter(|book| !book.0.is_empty());
        book.ok_or_else(|| Error::malformed(format!("AAC has no spectral codebook {number}")))
    }

    fn new(entries: &[u32]) -> Self {
        let entry = |(place, &entry): (usize, &u32)| Entry {
            aligned: code(entry) << (32 - length(entry)),
            length: length(entry) as u8,
            place: place as u16,
        };
        let mut entries: Vec<_> = entries.iter().enumerate().map(entry).collect();
        entries.sort_unstable_by_key(|entry| entry.aligned);
        Self(entries)
    }

    /// The place of the entry whose code comes next.
    pub(super) fn read(&self, reader: &mut BitReader<'_>) -> Result<usize> {
        // No code is longer than 19 bits.
        let ahead = reader.remaining().min(19) as u32;
        let bits = reader.clone().bits(ahead)?.checked_shl(32 - ahead).unwrap_or(0);
        let after = self.0.partition_point(|entry| entry.aligned <= bits);
        let entry = after.checked_sub(1).and_then(|index| self.0.get(index));
        let entry = entry.ok_or_else(|| Error::malformed("no code of the codebook"))?;
        reader.skip(entry.length.into())?;
        Ok(entry.place.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BitWriter;

    #[test]
    fn every_code_is_found() {
        for (number, entries) in (1..).zip(&SPECTRAL[1..]) {
            let mut writer = BitWriter::new();
            entries.iter().for_each(|&entry| writer.bits(code(entry).into(), length(entry)));
            let bytes = writer.finish();
            let mut reader = BitReader::new(&bytes);
            let book = Book::spectral(number).unwrap();
            (0..entries.len()).for_each(|place| assert_eq!(book.read(&mut reader).unwrap(), place));
        }
        assert!(Book::spectral(0).is_err() && Book::spectral(12).is_err());
        assert!(Book::scale_factors().read(&mut BitReader::new(&[])).is_err());
    }
}
