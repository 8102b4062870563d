use std::fmt;

use bytes::Bytes;
use reelwright_media::{FourCc, Matrix, Result};

use crate::{Reader, Writer};

/// A box declared once for reading, writing and dumping.
pub trait BoxBody: Sized {
    /// The box type it is written as.
    const KIND: FourCc;

    /// Reads the body, version and flags included; `r` ends where the box does. What stands behind the known fields
    /// is left unread.
    ///
    /// # Errors
    ///
    /// Truncated or malformed, located by `r`.
    fn read(r: &mut Reader<'_>) -> Result<Self>;

    /// Writes the body, version and flags included.
    fn write(&self, w: &mut Writer);

    /// Names and values of the fields, for a dump.
    fn fields(&self) -> Fields;
}

/// Names and values of a box's fields, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<(&'static str, String)>);

impl Fields {
    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.0.push((name, brief(value.to_string())));
        self
    }
}

/// No value of a dump is longer than so many characters.
const LONGEST_SHOWN: usize = 240;

/// The beginning of a text that is too long to be shown.
pub(crate) fn brief(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST_SHOWN) {
        text.truncate(end);
        text.push_str("...");
    }
    text
}

/// Version and flags of a full box; zero in plain ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// The version.
    pub version: u8,
    /// The flags, 24 bits.
    pub flags: u32,
}

/// How a field of type `T` is stored.
pub trait Field<T> {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// Truncated or malformed, located by `r`.
    fn read(r: &mut Reader<'_>, version: Version) -> Result<T>;

    /// Writes it.
    fn write(value: &T, w: &mut Writer, version: Version);

    /// The lowest version of the box that can hold the value.
    fn version(_value: &T) -> u8 {
        0
    }

    /// The value as a dump prints it.
    fn show(value: &T) -> String;
}

macro_rules! number_fields {
    ($($name:ident),*) => {$(
        impl Field<$name> for $name {
            fn read(r: &mut Reader<'_>, _: Version) -> Result<$name> {
                r.$name()
            }

            fn write(value: &$name, w: &mut Writer, _: Version) {
                w.$name(*value);
            }

            fn show(value: &$name) -> String {
                value.to_string()
            }
        }
    )*};
}

number_fields!(u8, u16, u32, u64, i8, i16, i32, i64);

impl Field<FourCc> for FourCc {
    fn read(r: &mut Reader<'_>, _: Version) -> Result<Self> {
        r.fourcc()
    }

    fn write(value: &Self, w: &mut Writer, _: Version) {
        w.fourcc(*value);
    }

    fn show(value: &Self) -> String {
        value.to_string()
    }
}

impl Field<Matrix> for Matrix {
    fn read(r: &mut Reader<'_>, _: Version) -> Result<Self> {
        r.matrix()
    }

    fn write(value: &Self, w: &mut Writer, _: Version) {
        w.matrix(value);
    }

    fn show(value: &Self) -> String {
        format!("{value:?}")
    }
}

impl<T: Field<T> + Copy + Default, const N: usize> Field<[T; N]> for [T; N] {
    fn read(r: &mut Reader<'_>, version: Version) -> Result<Self> {
        let mut values = [T::default(); N];
        for value in &mut values {
            *value = T::read(r, version)?;
        }
        Ok(values)
    }

    fn write(value: &Self, w: &mut Writer, version: Version) {
        for value in value {
            T::write(value, w, version);
        }
    }

    fn show(value: &Self) -> String {
        format!("[{}]", value.iter().map(T::show).collect::<Vec<_>>().join(" "))
    }
}

/// A time or length: 32 bits in version 0, 64 in version 1. All ones of 32 bits, "unknown", become all ones of 64.
pub(crate) struct Wide;

impl Field<u64> for Wide {
    fn read(r: &mut Reader<'_>, version: Version) -> Result<u64> {
        if version.version > 0 {
            return r.u64();
        }
        Ok(match r.u32()? {
            u32::MAX => u64::MAX,
            value => value.into(),
        })
    }

    fn write(value: &u64, w: &mut Writer, version: Version) {
        match u32::try_from(*value) {
            _ if version.version > 0 => w.u64(*value),
            Ok(value) => w.u32(value),
            Err(_) => w.u32(u32::MAX),
        }
    }

    fn version(value: &u64) -> u8 {
        u8::from((u64::from(u32::MAX)..u64::MAX).contains(value))
    }

    fn show(value: &u64) -> String {
        if *value == u64::MAX { "unknown".into() } else { value.to_string() }
    }
}

/// A number: 32 bits in version 0, 64 in version 1.
pub(crate) struct Number;

impl Field<u64> for Number {
    fn read(r: &mut Reader<'_>, version: Version) -> Result<u64> {
        if version.version > 0 { r.u64() } else { r.u32().map(u64::from) }
    }

    fn write(value: &u64, w: &mut Writer, version: Version) {
        match u32::try_from(*value) {
            Ok(value) if version.version == 0 => w.u32(value),
            _ => w.u64(*value),
        }
    }

    fn version(value: &u64) -> u8 {
        u8::from(u32::try_from(*value).is_err())
    }

    fn show(value: &u64) -> String {
        value.to_string()
    }
}

/// A signed number: 32 bits in version 0, 64 in version 1.
pub(crate) struct SignedWide;

impl Field<i64> for SignedWide {
    fn read(r: &mut Reader<'_>, version: Version) -> Result<i64> {
        if version.version > 0 { r.i64() } else { r.i32().map(i64::from) }
    }

    fn write(value: &i64, w: &mut Writer, version: Version) {
        match i32::try_from(*value) {
            Ok(value) if version.version == 0 => w.i32(value),
            _ => w.i64(*value),
        }
    }

    fn version(value: &i64) -> u8 {
        u8::from(i32::try_from(*value).is_err())
    }

    fn show(value: &i64) -> String {
        value.to_string()
    }
}

/// Four-character codes up to the end of the box.
pub(crate) struct Codes;

impl Field<Vec<FourCc>> for Codes {
    fn read(r: &mut Reader<'_>, _: Version) -> Result<Vec<FourCc>> {
        let mut codes = Vec::new();
        while r.remaining() >= 4 {
            codes.push(r.fourcc()?);
        }
        Ok(codes)
    }

    fn write(value: &Vec<FourCc>, w: &mut Writer, _: Version) {
        value.iter().for_each(|&code| w.fourcc(code));
    }

    fn show(value: &Vec<FourCc>) -> String {
        value.iter().take(LONGEST_SHOWN).map(FourCc::to_string).collect::<Vec<_>>().join(" ")
    }
}

/// Everything up to the end of the box.
pub(crate) struct Rest;

impl Field<Bytes> for Rest {
    fn read(r: &mut Reader<'_>, _: Version) -> Result<Bytes> {
        Ok(r.rest())
    }

    fn write(value: &Bytes, w: &mut Writer, _: Version) {
        w.bytes(value);
    }

    fn show(value: &Bytes) -> String {
        let shown: String = value.iter().take(32).map(|byte| format!("{byte:02x}")).collect();
        let more = if value.len() > 32 { "..." } else { "" };
        format!("{} bytes {shown}{more}", value.len())
    }
}

/// Declares boxes whose fields stand one after the other: `full NAME = b"kind" { field: Type, ... }` for full boxes,
/// `plain` for others; `field: Type as Codec` where a [`Field`] other than the type's own stores it.
///
/// A full box keeps `version` and `flags`; it is written in its version, or the lowest higher one that can hold its
/// values.
macro_rules! declare {
    ($($(#[$doc:meta])* $form:ident $name:ident = $kind:literal {
        $($(#[$field_doc:meta])* $field:ident : $ty:ty $(as $codec:ty)?,)*
    })*) => {
        $($crate::declare::declare!(@ $form $(#[$doc])* $name = $kind {
            $($(#[$field_doc])* $field : $ty $(as $codec)?,)*
        });)*
    };
    (@ full $(#[$doc:meta])* $name:ident = $kind:literal {
        $($(#[$field_doc:meta])* $field:ident : $ty:ty $(as $codec:ty)?,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            /// Version as stored; the lowest it is written in.
            pub version: u8,
            /// Flags, 24 bits.
            pub flags: u32,
            $($(#[$field_doc])* pub $field: $ty,)*
        }

        impl $crate::BoxBody for $name {
            const KIND: ::reelwright_media::FourCc = ::reelwright_media::FourCc::new($kind);

            fn read(r: &mut $crate::Reader<'_>) -> ::reelwright_media::Result<Self> {
                let (version, flags) = r.version_and_flags()?;
                #[allow(unused_variables)]
                let at = $crate::Version { version, flags };
                $(let $field = <$crate::declare::codec!($ty $(, $codec)?) as $crate::Field<$ty>>::read(r, at)?;)*
                Ok(Self { version, flags, $($field,)* })
            }

            fn write(&self, w: &mut $crate::Writer) {
                let version = self.version;
                $(let version = version.max(
                    <$crate::declare::codec!($ty $(, $codec)?) as $crate::Field<$ty>>::version(&self.$field)
                );)*
                #[allow(unused_variables)]
                let at = $crate::Version { version, flags: self.flags };
                w.version_and_flags(version, self.flags);
                $(<$crate::declare::codec!($ty $(, $codec)?) as $crate::Field<$ty>>::write(&self.$field, w, at);)*
            }

            fn fields(&self) -> $crate::Fields {
                $crate::Fields::default()
                    .with("version", self.version)
                    .with("flags", format_args!("0x{:06x}", self.flags))
                    $(.with(
                        stringify!($field),
                        <$crate::declare::codec!($ty $(, $codec)?) as $crate::Field<$ty>>::show(&self.$field),
                    ))*
            }
        }
    };
    (@ plain $(#[$doc:meta])* $name:ident = $kind:literal {
        $($(#[$field_doc:meta])* $field:ident : $ty:ty $(as $codec:ty)?,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $ty,)*
        }

        impl $crate::BoxBody for $name {
            const KIND: ::reelwright_media::FourCc = ::reelwright_media::FourCc::new($kind);

            fn read(r: &mut $crate::Reader<'_>) -> ::reelwright_media::Result<Self> {
                let at = $crate::Version::default();
                $(let $field = <$crate::declare::codec!($ty $(, $codec)?) as $crate::Field<$ty>>::read(r, at)?;)*
                Ok(Self { $($field,)* })
            }

            fn write(&self, w: &mut $crate::Writer) {
                let at = $crate::Version::default();
                $(<$crate::declare::codec!($ty $(, $codec)?) as $crate::Field<$ty>>::write(&self.$field, w, at);)*
            }

            fn fields(&self) -> $crate::Fields {
                $crate::Fields::default()
                    $(.with(
                        stringify!($field),
                        <$crate::declare::codec!($ty $(, $codec)?) as $crate::Field<$ty>>::show(&self.$field),
                    ))*
            }
        }
    };
}
pub(crate) use declare;

/// The [`Field`] that stores a declared field: the type itself unless another is named.
macro_rules! codec {
    ($ty:ty) => {
        $ty
    };
    ($ty:ty, $codec:ty) => {
        $codec
    };
}
pub(crate) use codec;

#[cfg(test)]
#[allow(unreachable_pub)]
mod tests {
    use super::*;
    use crate::{BoxBody, boxes};

    declare! {
        /// A test box.
        full Sample = b"test" {
            /// A time.
            time: u64 as Wide,
            /// A code.
            code: FourCc,
            /// The rest.
            rest: Bytes as Rest,
        }
        /// Another.
        plain Plain = b"plai" {
            /// Numbers.
            numbers: [u16; 3],
        }
    }

    #[test]
    fn one_declaration_reads_writes_and_chooses_the_version() {
        for (time, version) in [(7, 0), (u64::MAX, 0), (u64::from(u32::MAX), 1), (1 << 40, 1)] {
            let value = Sample { time, code: FourCc::new(b"abcd"), rest: "xyz".into(), ..Default::default() };
            let mut w = Writer::new();
            w.put(&value);
            let bytes = Bytes::from(w.into_bytes());
            let read: Sample = boxes(&bytes).find(b"test").unwrap().read().unwrap();
            assert_eq!(read, Sample { version, ..value });
        }
        let plain = Plain { numbers: [1, 2, 3] };
        let mut w = Writer::new();
        w.put(&plain);
        assert_eq!(w.as_slice(), b"\0\0\0\x0Eplai\0\x01\0\x02\0\x03");
        assert_eq!(plain.fields().0, [("numbers", "[1 2 3]".to_string())]);
    }
}
