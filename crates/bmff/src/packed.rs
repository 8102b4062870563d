use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use reelwright_media::Result;

use crate::{Field, Reader, Version, Writer};

/// A row of fixed length in a table.
pub trait Entry: Copy + fmt::Debug {
    /// Bytes a row takes.
    const SIZE: usize;

    /// Decodes a row of [`Self::SIZE`] bytes.
    fn decode(row: &[u8]) -> Option<Self>;

    /// Appends the row.
    fn encode(&self, w: &mut Writer);
}

/// A table read straight from the bytes of its box: rows are decoded when asked for, none is copied.
pub struct Packed<E> {
    bytes: Bytes,
    rows: PhantomData<E>,
}

impl<E: Entry> Packed<E> {
    /// No rows.
    pub const EMPTY: Self = Self { bytes: Bytes::new(), rows: PhantomData };

    /// The rows `bytes` holds; what is left over at the end is ignored.
    pub fn from_bytes(bytes: Bytes) -> Self {
        let whole = bytes.len() - bytes.len() % E::SIZE;
        Self { bytes: bytes.slice(..whole), rows: PhantomData }
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.bytes.len() / E::SIZE
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Row `index`, from 0.
    pub fn get(&self, index: usize) -> Option<E> {
        let start = index.checked_mul(E::SIZE)?;
        E::decode(self.bytes.get(start..start.checked_add(E::SIZE)?)?)
    }

    /// The last row.
    pub fn last(&self) -> Option<E> {
        self.len().checked_sub(1).and_then(|index| self.get(index))
    }

    /// The rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = E> + DoubleEndedIterator + '_ {
        self.bytes.chunks_exact(E::SIZE).map(|row| E::decode(row).expect("a row of the right length decodes"))
    }

    /// The rows as they are stored.
    pub fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }
}

impl<E: Entry> FromIterator<E> for Packed<E> {
    fn from_iter<I: IntoIterator<Item = E>>(rows: I) -> Self {
        let mut writer = Writer::new();
        for row in rows {
            row.encode(&mut writer);
        }
        Self { bytes: writer.into_bytes().into(), rows: PhantomData }
    }
}

impl<E> Clone for Packed<E> {
    fn clone(&self) -> Self {
        Self { bytes: self.bytes.clone(), rows: PhantomData }
    }
}

impl<E> Default for Packed<E> {
    fn default() -> Self {
        Self { bytes: Bytes::new(), rows: PhantomData }
    }
}

impl<E> PartialEq for Packed<E> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<E> Eq for Packed<E> {}

impl<E: Entry> fmt::Debug for Packed<E> {
    /// The count and the first eight rows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.len() > 8 { ", ..." } else { "" };
        let rows: Vec<_> = self.iter().take(8).map(|row| format!("{row:?}")).collect();
        write!(f, "{} [{}{more}]", self.len(), rows.join(", "))
    }
}

/// A table behind its 32-bit count of rows; a count beyond the end of the box is cut to what is there.
pub(crate) struct Counted;

impl<E: Entry> Field<Packed<E>> for Counted {
    fn read(r: &mut Reader<'_>, _: Version) -> Result<Packed<E>> {
        let stated = usize::try_from(r.u32()?).unwrap_or(usize::MAX);
        let rows = stated.min(r.remaining() / E::SIZE);
        Ok(Packed::from_bytes(r.bytes(rows * E::SIZE)?))
    }

    fn write(value: &Packed<E>, w: &mut Writer, _: Version) {
        w.u32(u32::try_from(value.len()).unwrap_or(u32::MAX));
        w.bytes(&value.bytes);
    }

    fn show(value: &Packed<E>) -> String {
        format!("{value:?}")
    }
}

/// A table behind its 16-bit count of rows; a count beyond the end of the box is cut to what is there.
pub(crate) struct Counted16;

impl<E: Entry> Field<Packed<E>> for Counted16 {
    fn read(r: &mut Reader<'_>, _: Version) -> Result<Packed<E>> {
        let rows = usize::from(r.u16()?).min(r.remaining() / E::SIZE);
        Ok(Packed::from_bytes(r.bytes(rows * E::SIZE)?))
    }

    fn write(value: &Packed<E>, w: &mut Writer, _: Version) {
        let rows = u16::try_from(value.len()).unwrap_or(u16::MAX);
        w.u16(rows);
        w.bytes(&value.bytes[..usize::from(rows) * E::SIZE]);
    }

    fn show(value: &Packed<E>) -> String {
        format!("{value:?}")
    }
}

/// A table that fills the rest of its box.
pub(crate) struct RestRows;

impl<E: Entry> Field<Packed<E>> for RestRows {
    fn read(r: &mut Reader<'_>, _: Version) -> Result<Packed<E>> {
        Ok(Packed::from_bytes(r.rest()))
    }

    fn write(value: &Packed<E>, w: &mut Writer, _: Version) {
        w.bytes(&value.bytes);
    }

    fn show(value: &Packed<E>) -> String {
        format!("{value:?}")
    }
}

macro_rules! number_rows {
    ($($number:ty),*) => {$(
        impl Entry for $number {
            const SIZE: usize = size_of::<$number>();

            fn decode(row: &[u8]) -> Option<Self> {
                row.try_into().ok().map(<$number>::from_be_bytes)
            }

            fn encode(&self, w: &mut Writer) {
                w.bytes(&self.to_be_bytes());
            }
        }
    )*};
}

number_rows!(u8, u16, u32, u64);

/// Declares a row of numbers.
macro_rules! entry {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident : $number:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $number,)*
        }

        impl $crate::Entry for $name {
            const SIZE: usize = 0 $(+ size_of::<$number>())*;

            fn decode(row: &[u8]) -> Option<Self> {
                $(let ($field, row) = row.split_at_checked(size_of::<$number>())?;)*
                row.is_empty().then_some(())?;
                Some(Self { $($field: <$number>::from_be_bytes($field.try_into().ok()?),)* })
            }

            fn encode(&self, w: &mut $crate::Writer) {
                $(w.bytes(&self.$field.to_be_bytes());)*
            }
        }
    };
}
pub(crate) use entry;

#[cfg(test)]
#[allow(unreachable_pub)]
mod tests {
    use super::*;

    entry! {
        /// A test row.
        Row {
            /// First.
            a: u32,
            /// Second.
            b: i16,
        }
    }

    #[test]
    fn rows_are_decoded_in_place_and_counts_are_cut() {
        let bytes = Bytes::from_static(b"\xFF\xFF\xFF\xFF\0\0\0\x01\xFF\xFF\0\0\0\x02\0\x02\0");
        let table: Packed<Row> = Counted::read(&mut Reader::new(&bytes), Version::default()).unwrap();
        assert_eq!(table.iter().collect::<Vec<_>>(), [Row { a: 1, b: -1 }, Row { a: 2, b: 2 }]);
        assert_eq!(table.get(2), None);
        assert_eq!(table.iter().collect::<Packed<_>>(), table);
    }
}
