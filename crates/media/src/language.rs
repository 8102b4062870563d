use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// A language by its ISO 639-2/T code and, where the three letters don't suffice, a BCP 47 tag.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Language {
    code: [u8; 3],
    tag: Option<String>,
}

impl Language {
    /// Not stated: `und`.
    pub const UNDETERMINED: Self = Self { code: *b"und", tag: None };

    /// Three lower-case ASCII letters, as in `eng`; `None` for anything else. Bibliographic codes (ISO 639-2/B), which
    /// Matroska and broadcasts state, become terminological ones: `ger` is `deu`.
    pub fn from_code(code: &str) -> Option<Self> {
        const BIBLIOGRAPHIC: [(&str, &str); 20] = [
            ("alb", "sqi"),
            ("arm", "hye"),
            ("baq", "eus"),
            ("bur", "mya"),
            ("chi", "zho"),
            ("cze", "ces"),
            ("dut", "nld"),
            ("fre", "fra"),
            ("geo", "kat"),
            ("ger", "deu"),
            ("gre", "ell"),
            ("ice", "isl"),
            ("mac", "mkd"),
            ("mao", "mri"),
            ("may", "msa"),
            ("per", "fas"),
            ("rum", "ron"),
            ("slo", "slk"),
            ("tib", "bod"),
            ("wel", "cym"),
        ];
        let code = BIBLIOGRAPHIC.iter().find(|(from, _)| *from == code).map_or(code, |(_, to)| *to);
        let code: [u8; 3] = code.as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_lowercase).then_some(Self { code, tag: None })
    }

    /// A BCP 47 tag (`en`, `en-GB`, `zh-Hans`) or a bare code of ISO 639-1 or 639-2, in any case; `None` where the language
    /// it begins with is none of theirs. A tag of more than the language is kept.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next()?.to_ascii_lowercase();
        let language = match primary.len() {
            2 => {
                let long = SHORT_CODES.split(' ').find_map(|pair| pair.strip_prefix(primary.as_str()))?;
                Self::from_code(long)?
            }
            _ => Self::from_code(&primary)?,
        };
        Some(if tag.len() > primary.len() { language.with_tag(tag) } else { language })
    }

    /// The packed 15 bits of `mdhd` (three times five bits, each letter minus 0x60). Values below 0x400 are
    /// Macintosh language codes in QuickTime files; 0x7FFF and codes without letters read as undetermined.
    pub fn from_packed(packed: u16) -> Self {
        if packed < 0x400 {
            return Self::from_macintosh(packed);
        }
        let letter = |shift: u16| ((packed >> shift & 0x1F) as u8) + 0x60;
        let code = [letter(10), letter(5), letter(0)];
        if packed != 0x7FFF && code.iter().all(u8::is_ascii_lowercase) {
            Self { code, tag: None }
        } else {
            Self::UNDETERMINED
        }
    }

    /// The packed 15 bits of `mdhd`.
    pub fn to_packed(&self) -> u16 {
        self.code.iter().fold(0, |packed, &letter| packed << 5 | u16::from(letter.wrapping_sub(0x60) & 0x1F))
    }

    /// The same language with a BCP 47 tag, as in `zh-Hans`.
    #[must_use]
    pub fn with_tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into()).filter(|tag| !tag.is_empty());
        self
    }

    /// The ISO 639-2/T code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or("und")
    }

    /// The BCP 47 tag, where one was stated.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// Whether no language is stated.
    pub fn is_undetermined(&self) -> bool {
        self.code == *b"und" && self.tag.is_none()
    }

    /// QuickTime's Macintosh language numbers ("Language Code Values" in the QuickTime File Format specification).
    fn from_macintosh(code: u16) -> Self {
        const FROM_0: [&str; 95] = [
            "eng", "fra", "deu", "ita", "nld", "swe", "spa", "dan", "por", "nor", "heb", "jpn", "ara", "fin",
            "ell", "isl", "mlt", "tur", "hrv", "zho", "urd", "hin", "tha", "kor", "lit", "pol", "hun", "est",
            "lav", "sme", "fao", "fas", "rus", "zho", "nld", "gle", "sqi", "ron", "ces", "slk", "slv", "yid",
            "srp", "mkd", "bul", "ukr", "bel", "uzb", "kaz", "aze", "aze", "hye", "kat", "ron", "kir", "tgk",
            "tuk", "mon", "mon", "pus", "kur", "kas", "snd", "bod", "nep", "san", "mar", "ben", "asm", "guj",
            "pan", "ori", "mal", "kan", "tam", "tel", "sin", "mya", "khm", "lao", "vie", "ind", "tgl", "msa",
            "msa", "amh", "tir", "orm", "som", "swa", "kin", "run", "nya", "mlg", "epo",
        ];
        const FROM_128: [&str; 11] =
            ["cym", "eus", "cat", "lat", "que", "grn", "aym", "tat", "uig", "dzo", "jav"];
        let known = match usize::from(code) {
            code @ ..128 => FROM_0.get(code),
            code => FROM_128.get(code - 128),
        };
        known.and_then(|code| Self::from_code(code)).unwrap_or(Self::UNDETERMINED)
    }
}

/// The two letters of ISO 639-1, each followed by the three of ISO 639-2/T.
const SHORT_CODES: &str = "aaaar ababk aeave afafr akaka amamh anarg arara asasm avava ayaym azaze babak bebel bgbul bibis \
    bmbam bnben bobod brbre bsbos cacat ceche chcha cocos crcre csces cuchu cvchv cycym dadan dedeu \
    dvdiv dzdzo eeewe elell eneng eoepo esspa etest eueus fafas ffful fifin fjfij fofao frfra fyfry \
    gagle gdgla glglg gngrn guguj gvglv hahau heheb hihin hohmo hrhrv hthat huhun hyhye hzher iaina \
    idind ieile igibo iiiii ikipk ioido isisl itita iuiku jajpn jvjav kakat kgkon kikik kjkua kkkaz \
    klkal kmkhm knkan kokor krkau kskas kukur kvkom kwcor kykir lalat lbltz lglug lilim lnlin lolao \
    ltlit lulub lvlav mgmlg mhmah mimri mkmkd mlmal mnmon mrmar msmsa mtmlt mymya nanau nbnob ndnde \
    nenep ngndo nlnld nnnno nonor nrnbl nvnav nynya ococi ojoji omorm orori ososs papan pipli plpol \
    pspus ptpor quque rmroh rnrun roron rurus rwkin sasan scsrd sdsnd sesme sgsag sisin skslk slslv \
    smsmo snsna sosom sqsqi srsrp ssssw stsot susun svswe swswa tatam tetel tgtgk ththa titir tktuk \
    tltgl tntsn toton trtur tstso tttat twtwi tytah uguig ukukr ururd uzuzb veven vivie vovol wawln \
    wowol xhxho yiyid yoyor zazha zhzho zuzul";

impl Default for Language {
    fn default() -> Self {
        Self::UNDETERMINED
    }
}

impl FromStr for Language {
    type Err = Error;

    /// Reads a BCP 47 tag or a bare code of ISO 639: [`Self::from_tag`].
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::from_tag(text).ok_or_else(|| {
            Error::misuse(format!("'{text}' is no language of ISO 639, as in en, deu or zh-Hans"))
        })
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag().unwrap_or(self.code()))
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_as_mdhd_does() {
        assert_eq!(Language::UNDETERMINED.to_packed(), 0x55C4);
        assert_eq!(Language::from_packed(0x55C4), Language::UNDETERMINED);
        assert_eq!(Language::from_packed(Language::from_code("jpn").unwrap().to_packed()).code(), "jpn");
        assert_eq!(Language::from_packed(0).code(), "eng");
        assert_eq!(Language::from_code("EN"), None);
        assert_eq!(Language::from_code("ger"), Language::from_code("deu"));
    }

    #[test]
    fn tags_begin_with_a_language() {
        let read =
            |tag| Language::from_tag(tag).map(|language| (language.code().to_owned(), language.to_string()));
        let is = |code: &str, shown: &str| Some((code.to_owned(), shown.to_owned()));
        assert_eq!(
            (read("de"), read("EN"), read("fre")),
            (is("deu", "deu"), is("eng", "eng"), is("fra", "fra"))
        );
        assert_eq!((read("pt-BR"), read("gsw")), (is("por", "pt-BR"), is("gsw", "gsw")));
        assert_eq!(
            ("de".parse::<Language>().ok(), "xx".parse::<Language>().ok()),
            (Language::from_tag("de"), None)
        );
        assert_eq!((read("xx"), read(""), read("english"), read("ed")), (None, None, None, None));
    }

    #[test]
    fn macintosh_numbers_are_languages() {
        let known =
            [(32, "rus"), (38, "ces"), (45, "ukr"), (51, "hye"), (60, "kur"), (70, "pan"), (80, "vie")];
        let known = known.into_iter().chain([(94, "epo"), (128, "cym"), (130, "cat"), (138, "jav")]);
        for (number, code) in known.chain([(95, "und"), (127, "und"), (139, "und"), (0x3FF, "und")]) {
            assert_eq!(Language::from_packed(number).code(), code, "{number}");
        }
    }
}
