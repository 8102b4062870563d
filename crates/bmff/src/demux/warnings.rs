/// What was wrong but could be read past. Bounded: a hostile file can be wrong in every box.
#[derive(Clone, Debug, Default)]
pub(super) struct Warnings(Vec<String>);

/// After this many nobody reads on.
const MOST: usize = 100;

impl Warnings {
    /// Adds a plain sentence, once.
    pub(super) fn push(&mut self, warning: impl Into<String>) {
        if self.0.len() > MOST {
            return;
        }
        let warning =
            if self.0.len() == MOST { "more is wrong than is listed".into() } else { warning.into() };
        if !self.0.contains(&warning) {
            self.0.push(warning);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sentences, in the order they came.
    pub(super) fn into_vec(self) -> Vec<String> {
        self.0
    }
}

impl std::fmt::Display for Warnings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}
