/// A growing array that never moves what it holds: growth costs one block, not a copy of everything.
#[derive(Debug)]
pub(crate) struct Blocks<T> {
    blocks: Vec<Vec<T>>,
    len: usize,
}

/// Entries of a block: large enough to make the outer array short, small enough not to matter for short tracks.
const BLOCK: usize = 16 * 1024;

impl<T: Copy> Blocks<T> {
    pub(crate) const fn new() -> Self {
        Self { blocks: Vec::new(), len: 0 }
    }

    pub(crate) fn push(&mut self, value: T) {
        match self.blocks.last_mut() {
            Some(block) if block.len() < BLOCK => block.push(value),
            Some(_) => {
                let mut block = Vec::with_capacity(BLOCK);
                block.push(value);
                self.blocks.push(block);
            }
            None => self.blocks.push(vec![value]),
        }
        self.len += 1;
    }

    pub(crate) fn last(&self) -> Option<T> {
        self.blocks.last()?.last().copied()
    }

    pub(crate) fn last_mut(&mut self) -> Option<&mut T> {
        self.blocks.last_mut()?.last_mut()
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.blocks.iter().flatten().copied()
    }
}

/// Run-length coded values, as `stts` and `ctts` store them.
#[derive(Debug)]
pub(crate) struct Runs<T> {
    runs: Blocks<(u32, T)>,
}

impl<T: Copy + PartialEq> Runs<T> {
    pub(crate) const fn new() -> Self {
        Self { runs: Blocks::new() }
    }

    /// `count` more times `value`.
    pub(crate) fn push(&mut self, count: u32, value: T) {
        if count == 0 {
            return;
        }
        if let Some((total, last)) = self.runs.last_mut()
            && *last == value
            && let Some(sum) = total.checked_add(count)
        {
            *total = sum;
            return;
        }
        self.runs.push((count, value));
    }

    /// The last value.
    pub(crate) fn last(&self) -> Option<T> {
        self.runs.last().map(|(_, value)| value)
    }

    /// Runs, not values.
    pub(crate) fn len(&self) -> usize {
        self.runs.len()
    }

    /// The runs as (count, value).
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, T)> + '_ {
        self.runs.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_join_equal_neighbours() {
        let mut runs = Runs::new();
        for value in [5, 5, 7, 5] {
            runs.push(1, value);
        }
        runs.push(u32::MAX, 5);
        runs.push(0, 9);
        assert_eq!(runs.iter().collect::<Vec<_>>(), [(2, 5), (1, 7), (1, 5), (u32::MAX, 5)]);
        assert_eq!((runs.len(), runs.last()), (4, Some(5)));
    }

    #[test]
    fn blocks_keep_their_order() {
        let mut blocks = Blocks::new();
        for value in 0..BLOCK * 2 + 3 {
            blocks.push(value);
        }
        assert_eq!((blocks.len(), blocks.last()), (BLOCK * 2 + 3, Some(BLOCK * 2 + 2)));
        assert!(blocks.iter().eq(0..BLOCK * 2 + 3));
    }
}
