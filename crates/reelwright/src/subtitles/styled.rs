use bytes::Bytes;
use reelwright_bmff::Writer;
use reelwright_bmff::entry::text::LETTERS;

/// How letters look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Face {
    pub(super) bold: bool,
    pub(super) italic: bool,
    pub(super) underlined: bool,
    /// Red, green, blue; `None` for the default.
    pub(super) color: Option<[u8; 3]>,
}

/// A text and how stretches of it look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Styled {
    text: String,
    /// In characters.
    length: usize,
    /// First character, the one after the last, and how they look; in order, none plain.
    runs: Vec<(usize, usize, Face)>,
}

impl Styled {
    pub(super) fn push(&mut self, letter: char, face: Face) {
        let at = self.length;
        self.text.push(letter);
        self.length += 1;
        if face == Face::default() {
            return;
        }
        match self.runs.last_mut() {
            Some((_, end, last)) if *end == at && *last == face => *end += 1,
            _ => self.runs.push((at, at + 1, face)),
        }
    }

    /// Adds another below it.
    pub(super) fn push_line(&mut self, other: &Self) {
        if self.length > 0 && other.length > 0 {
            self.push('\n', Face::default());
        }
        let at = self.length;
        self.text.push_str(&other.text);
        self.length += other.length;
        self.runs.extend(other.runs.iter().map(|(start, end, face)| (start + at, end + at, *face)));
    }

    /// The same without space at either end.
    pub(super) fn trimmed(mut self) -> Self {
        self.text.truncate(self.text.trim_end().len());
        let front = self.text.len() - self.text.trim_start().len();
        let skipped = self.text[..front].chars().count();
        self.text.drain(..front);
        self.length = self.text.chars().count();
        let length = self.length;
        let moved = self.runs.into_iter().map(|(start, end, face)| {
            (start.saturating_sub(skipped).min(length), end.saturating_sub(skipped).min(length), face)
        });
        self.runs = moved.filter(|(start, end, _)| start < end).collect();
        self
    }

    #[cfg(test)]
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    #[cfg(test)]
    pub(super) fn runs(&self) -> &[(usize, usize, Face)] {
        &self.runs
    }

    /// A sample of timed text (3GPP TS 26.245, 5.17): the text's length, the text, and its styles by character.
    pub(super) fn sample(&self) -> Bytes {
        let fits = |&end: &usize| self.text.is_char_boundary(end);
        let end = (0..=self.text.len().min(usize::from(u16::MAX))).rev().find(fits).unwrap_or(0);
        let short = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
        let mut w = Writer::new();
        w.u16(short(end));
        w.bytes(&self.text.as_bytes()[..end]);
        let shown = self.text[..end].chars().count();
        let runs = self.runs.iter().filter(|(start, ..)| *start < shown).take(usize::from(u16::MAX));
        let runs: Vec<_> = runs.collect();
        if !runs.is_empty() {
            w.write_box(b"styl", |w| {
                w.u16(short(runs.len()));
                for (start, end, face) in runs {
                    let [red, green, blue] = face.color.unwrap_or([0xFF; 3]);
                    w.u16(short(*start));
                    w.u16(short((*end).min(shown)));
                    w.u16(1);
                    w.u8(u8::from(face.bold) | u8::from(face.italic) << 1 | u8::from(face.underlined) << 2);
                    w.u8(LETTERS);
                    w.bytes(&[red, green, blue, 0xFF]);
                }
            });
        }
        w.into_bytes().into()
    }
}
