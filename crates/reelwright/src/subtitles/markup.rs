use super::styled::{Face, Styled};

/// How a subtitle's text is marked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Markup {
    /// A few tags of HTML.
    #[default]
    SubRip,
    /// SubStation Alpha, Advanced or not: eight fields, then a text with overrides in braces.
    SubStation,
    /// WebVTT's cue text.
    WebVtt,
    /// The same behind a line for the cue's name and one for its settings.
    WebVttBlock,
}

impl Markup {
    /// The text with what of its looks timed text can say; everything else that isn't text is left out.
    pub(super) fn read(self, block: &str) -> Styled {
        let block = block.replace("\r\n", "\n").replace('\r', "\n");
        let text = match self {
            Self::SubRip | Self::WebVtt => &block[..],
            Self::SubStation => block.splitn(9, ',').nth(8).unwrap_or_default(),
            Self::WebVttBlock => block.splitn(3, '\n').nth(2).unwrap_or_default(),
        };
        let mut reading = Reading { markup: self, ..Reading::default() };
        reading.read(text);
        reading.out.trimmed()
    }
}

#[derive(Default)]
struct Reading {
    markup: Markup,
    out: Styled,
    /// How many tags of each are open.
    bold: usize,
    italic: usize,
    underlined: usize,
    /// Of the fonts that are open.
    colors: Vec<Option<[u8; 3]>>,
    /// What SubStation's overrides say.
    face: Face,
    /// Commands for lines and curves follow, not text.
    drawing: bool,
}

impl Reading {
    fn read(&mut self, text: &str) {
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let known = match (letter, self.markup) {
                ('{', Markup::SubRip | Markup::SubStation) => self.overrides(rest),
                ('<', Markup::SubRip | Markup::WebVtt | Markup::WebVttBlock) => self.tag(rest),
                ('\\', Markup::SubStation) => self.escape(rest),
                ('&', Markup::WebVtt | Markup::WebVttBlock) => self.entity(rest),
                _ => None,
            };
            match known {
                Some(length) => rest = &rest[length..],
                None => {
                    self.letter(letter);
                    rest = &rest[letter.len_utf8()..];
                }
            }
        }
    }

    fn letter(&mut self, letter: char) {
        if self.drawing {
            return;
        }
        let color = self.colors.iter().rev().find_map(|color| *color);
        let face = Face {
            bold: self.face.bold || self.bold > 0,
            italic: self.face.italic || self.italic > 0,
            underlined: self.face.underlined || self.underlined > 0,
            color,
        };
        self.out.push(letter, face);
    }

    /// A tag in angle brackets, and its length; `None` where a smaller-than is meant.
    fn tag(&mut self, rest: &str) -> Option<usize> {
        const LONGEST: usize = 256;
        const OTHERS: [&str; 12] =
            ["s", "strike", "span", "c", "v", "lang", "ruby", "rt", "p", "div", "center", "small"];
        let end = rest.bytes().take(LONGEST).position(|byte| byte == b'>')?;
        let inner = &rest[1..end];
        let closes = inner.starts_with('/');
        let body = inner.trim_start_matches('/').trim();
        let name: String = body.chars().take_while(char::is_ascii_alphanumeric).collect();
        let name = name.to_ascii_lowercase();
        let count = match name.as_str() {
            "b" | "strong" => Some(&mut self.bold),
            "i" | "em" => Some(&mut self.italic),
            "u" => Some(&mut self.underlined),
            _ => None,
        };
        if let Some(count) = count {
            *count = if closes { count.saturating_sub(1) } else { *count + 1 };
            return Some(end + 1);
        }
        match (name.as_str(), closes) {
            ("font", true) => _ = self.colors.pop(),
            ("font", false) if self.colors.len() < LONGEST => self.colors.push(color_of(body)),
            ("font", false) => {}
            ("br", _) => self.letter('\n'),
            (other, _) if OTHERS.contains(&other) => {}
            // All that WebVTT has in brackets are tags and times.
            _ if self.markup != Markup::SubRip => {}
            _ => return None,
        }
        Some(end + 1)
    }

    /// Overrides in braces, and their length. SubRip has borrowed them.
    fn overrides(&mut self, rest: &str) -> Option<usize> {
        let end = rest.find('}')?;
        let inner = &rest[1..end];
        if self.markup == Markup::SubRip && !inner.starts_with('\\') {
            return None;
        }
        for command in inner.split('\\').skip(1) {
            let number = |name: &str| {
                let digits = command.strip_prefix(name)?;
                digits.trim().parse::<u32>().ok()
            };
            if let Some(on) = number("b") {
                // Weights are stated too: 400 is plain.
                self.face.bold = on == 1 || on > 400;
            } else if let Some(on) = number("i") {
                self.face.italic = on != 0;
            } else if let Some(on) = number("u") {
                self.face.underlined = on != 0;
            } else if let Some(scale) = number("p") {
                self.drawing = scale != 0;
            } else if command.starts_with('r') {
                self.face = Face::default();
            }
        }
        Some(end + 1)
    }

    fn escape(&mut self, rest: &str) -> Option<usize> {
        let letter = match rest.as_bytes().get(1)? {
            b'N' | b'n' => '\n',
            b'h' => '\u{A0}',
            _ => return None,
        };
        self.letter(letter);
        Some(2)
    }

    fn entity(&mut self, rest: &str) -> Option<usize> {
        const ENTITIES: [(&str, char); 6] = [
            ("&amp;", '&'),
            ("&lt;", '<'),
            ("&gt;", '>'),
            ("&nbsp;", '\u{A0}'),
            ("&lrm;", '\u{200E}'),
            ("&rlm;", '\u{200F}'),
        ];
        let (name, letter) = ENTITIES.iter().find(|(name, _)| rest.starts_with(name))?;
        self.letter(*letter);
        Some(name.len())
    }
}

/// The colour that a font tag states, in sixteenths or by one of HTML's names.
fn color_of(tag: &str) -> Option<[u8; 3]> {
    const NAMES: [(&str, u32); 10] = [
        ("white", 0xFF_FFFF),
        ("black", 0),
        ("red", 0xFF_0000),
        ("green", 0x00_8000),
        ("lime", 0x00_FF00),
        ("blue", 0x00_00FF),
        ("yellow", 0xFF_FF00),
        ("cyan", 0x00_FFFF),
        ("aqua", 0x00_FFFF),
        ("magenta", 0xFF_00FF),
    ];
    let lower = tag.to_ascii_lowercase();
    let (_, value) = lower.split_once("color")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let value = value.trim_start_matches(['"', '\'']);
    let value = value.split(['"', '\'', ' ']).next()?;
    let digits = value.trim_start_matches('#');
    let named = NAMES.iter().find(|(name, _)| *name == value).map(|(_, color)| *color);
    let color = named.or_else(|| u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 6))?;
    let [_, red, green, blue] = color.to_be_bytes();
    Some([red, green, blue])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(markup: Markup, block: &str) -> String {
        markup.read(block).text().to_owned()
    }

    #[test]
    fn tags_are_looks_and_never_letters() {
        let italic = Face { italic: true, ..Face::default() };
        let read = Markup::SubRip.read("a <i>bü</i>\r\n<font color=\"#00FF7f\"><B>c</B></font> {\\an8}d\n");
        assert_eq!(read.text(), "a bü\nc d");
        let colored = Face { bold: true, color: Some([0, 255, 127]), ..Face::default() };
        assert_eq!(read.runs(), [(2, 4, italic), (5, 6, colored)]);
        assert_eq!(text(Markup::SubRip, "1 < 2 <3 {x} a&amp;b <b"), "1 < 2 <3 {x} a&amp;b <b");
        assert_eq!(text(Markup::SubRip, " <i> </i> "), "");
    }

    #[test]
    fn substation_has_fields_overrides_and_drawings() {
        let line = "0,0,Default,,0,0,0,,{\\i1}Hello{\\i0}, you\\N{\\p1}m 0 0 l 9 9{\\p0}there\\h!";
        let read = Markup::SubStation.read(line);
        assert_eq!(read.text(), "Hello, you\nthere\u{A0}!");
        assert_eq!(read.runs(), [(0, 5, Face { italic: true, ..Face::default() })]);
    }

    #[test]
    fn webvtt_has_voices_times_and_entities() {
        assert_eq!(text(Markup::WebVtt, "<v Ann>1 &lt; 2<00:01.000> <c.loud>&amp;</c>"), "1 < 2 &");
        assert_eq!(text(Markup::WebVttBlock, "name\nline:0\nHello\nyou"), "Hello\nyou");
    }

    #[test]
    fn styles_are_counted_in_characters() {
        let sample = Markup::SubRip.read("ü<b>x</b>").sample();
        let styles = b"\0\0\0\x16styl\0\x01\0\x01\0\x02\0\x01\x01\x10\xFF\xFF\xFF\xFF";
        assert_eq!(&sample[..], [&b"\0\x03\xC3\xBCx"[..], styles].concat());
    }
}
