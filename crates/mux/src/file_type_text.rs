//! Kinds of file as text.

use std::fmt;
use std::str::FromStr;

use reelwright_media::Error;

use crate::FileType;

impl fmt::Display for FileType {
    /// [`FileType::name`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for FileType {
    type Err = Error;

    /// Reads an extension, with or without its dot, in any case; or the uniform type identifier.
    fn from_str(text: &str) -> Result<Self, Error> {
        let extension = text.strip_prefix('.').unwrap_or(text);
        let by_uti = || Self::ALL.into_iter().find(|kind| kind.uti() == text);
        Self::from_extension(extension).or_else(by_uti).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|kind| kind.extensions()[0]).collect();
            Error::misuse(format!("'{text}' is no kind of file to write; there are {}", names.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_what_it_is_called() {
        for kind in FileType::ALL {
            assert_eq!(kind.uti().parse::<FileType>().unwrap(), kind);
            for extension in kind.extensions() {
                assert_eq!(format!(".{}", extension.to_uppercase()).parse::<FileType>().unwrap(), kind);
            }
            assert_eq!(kind.to_string(), kind.name());
        }
        assert!("mkv".parse::<FileType>().unwrap_err().to_string().contains("mov, mp4"));
    }
}
