//! Which codecs there are, and which of them is taken.

mod choice;
mod info;
mod provider;
mod selection;
mod specification;

pub use choice::{Choice, ChoiceReason};
pub use info::{Codec, DecoderInfo, EncoderInfo, Licence, QualityClass, SpeedClass};
pub use provider::Provider;
pub use specification::{EncoderSpecification, HardwareUse, Lack};

use std::fmt;
use std::sync::Arc;

use reelwright_media::{Error, Result};

/// Providers of codecs, in the order they are asked.
///
/// The first provider with a codec that fits is taken, however good another's would be: the order says which one a
/// program trusts most, by licence or by quality, and is the program's to set ([`Self::prefer`]). Of one provider's
/// encoders that fit the one of the highest [`QualityClass`] is taken, in real time the one of the fastest [`SpeedClass`];
/// among equals the one it names first. Only [`HardwareUse::Prefer`] and [`Self::first`] go before the order.
#[derive(Clone, Default)]
pub struct Registry {
    providers: Vec<Arc<dyn Provider>>,
    /// Encoders taken before all others of their codec, by id.
    first: Vec<String>,
}

impl Registry {
    /// A registry without codecs.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same registry with another provider, asked after those before it.
    #[must_use]
    pub fn with(mut self, provider: Arc<dyn Provider>) -> Self {
        self.providers.push(provider);
        self
    }

    /// The same registry with the provider of this name asked before all others.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] where there is none of this name, with the names there are.
    pub fn prefer(mut self, name: &str) -> Result<Self> {
        let index = self.find(name)?;
        self.providers[..=index].rotate_right(1);
        Ok(self)
    }

    /// The same registry with the encoder of this id taken before all others of its codec, whichever provider is asked
    /// first, where it fits and hardware isn't preferred. Without effect where there is no such encoder.
    #[must_use]
    pub fn first(mut self, id: impl Into<String>) -> Self {
        self.first.push(id.into());
        self
    }

    /// The same registry with the provider of this name alone.
    ///
    /// # Errors
    ///
    /// As [`Self::prefer`].
    pub fn only(mut self, name: &str) -> Result<Self> {
        let index = self.find(name)?;
        self.providers = vec![self.providers.swap_remove(index)];
        Ok(self)
    }

    /// The names of the providers, in the order they are asked.
    pub fn providers(&self) -> impl Iterator<Item = &'static str> {
        self.providers.iter().map(|provider| provider.name())
    }

    /// Every encoder, in the order the providers are asked.
    pub fn encoders(&self) -> impl Iterator<Item = &EncoderInfo> {
        self.providers.iter().flat_map(|provider| provider.encoders())
    }

    /// Every decoder, in the order they are asked.
    pub fn decoders(&self) -> impl Iterator<Item = &DecoderInfo> {
        self.providers.iter().flat_map(|provider| provider.decoders())
    }

    fn find(&self, name: &str) -> Result<usize> {
        self.providers.iter().position(|provider| provider.name() == name).ok_or_else(|| {
            let names: Vec<_> = self.providers().collect();
            Error::misuse(format!(
                "there is no provider of codecs named '{name}'; there are {}",
                names.join(", ")
            ))
        })
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registry")?;
        f.debug_list().entries(self.providers()).finish()
    }
}
