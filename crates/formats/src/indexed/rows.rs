use std::ops::Index;

/// A list that grows piece by piece: nothing is copied when it does, no room is kept for what may never come, and taking
/// it apart gives its memory back on the way.
#[derive(Debug)]
pub(crate) struct Rows<T> {
    /// All but the last hold exactly [`Self::PIECE`].
    pieces: Vec<Vec<T>>,
}

impl<T> Rows<T> {
    /// Few enough for hundreds of short lists, enough for a short list of pieces.
    const PIECE: usize = 128;

    pub(crate) const fn new() -> Self {
        Self { pieces: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.pieces.last().map_or(0, |last| (self.pieces.len() - 1) * Self::PIECE + last.len())
    }

    pub(crate) fn push(&mut self, row: T) {
        if self.pieces.last().is_none_or(|last| last.len() == Self::PIECE) {
            self.pieces.push(Vec::with_capacity(Self::PIECE));
        }
        if let Some(last) = self.pieces.last_mut() {
            last.push(row);
        }
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        let row = self.pieces.last_mut()?.pop();
        if self.pieces.last().is_some_and(Vec::is_empty) {
            self.pieces.pop();
        }
        row
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.pieces.get(index / Self::PIECE)?.get(index % Self::PIECE)
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.pieces.get_mut(index / Self::PIECE)?.get_mut(index % Self::PIECE)
    }

    pub(crate) fn first(&self) -> Option<&T> {
        self.get(0)
    }

    pub(crate) fn last(&self) -> Option<&T> {
        self.pieces.last()?.last()
    }

    pub(crate) fn last_mut(&mut self) -> Option<&mut T> {
        self.pieces.last_mut()?.last_mut()
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.pieces.iter().flatten()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.pieces.iter_mut().flatten()
    }

    /// How many rows at the front fulfil `before`, which none behind them does.
    pub(crate) fn partition_point(&self, before: impl Fn(&T) -> bool) -> usize {
        let begun = self.pieces.partition_point(|piece| piece.first().is_some_and(&before));
        let Some(last) = begun.checked_sub(1) else { return 0 };
        last * Self::PIECE + self.pieces[last].partition_point(before)
    }
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Index<usize> for Rows<T> {
    type Output = T;

    fn index(&self, index: usize) -> &T {
        &self.pieces[index / Self::PIECE][index % Self::PIECE]
    }
}

impl<T> IntoIterator for Rows<T> {
    type Item = T;
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Vec<T>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.pieces.into_iter().flatten()
    }
}

impl<T> FromIterator<T> for Rows<T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        let mut out = Self::new();
        rows.into_iter().for_each(|row| out.push(row));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_a_list() {
        for count in [0, 1, 127, 128, 129, 1000] {
            let mut rows: Rows<usize> = (0..count).collect();
            assert_eq!((rows.len(), rows.first().copied()), (count, (count > 0).then_some(0)));
            assert_eq!(rows.last().copied(), count.checked_sub(1));
            assert!((0..count).all(|index| rows[index] == index && rows.get(index) == Some(&index)));
            assert!(rows.get(count).is_none() && rows.get_mut(count).is_none());
            for limit in [0, 1, 127, 128, 129, 500, 2000] {
                assert_eq!(rows.partition_point(|&row| row < limit), limit.min(count), "{limit} of {count}");
            }
            rows.iter_mut().for_each(|row| *row += 1);
            assert!(rows.iter().copied().eq(1..=count));
            assert_eq!(
                (rows.pop(), rows.len()),
                (count.checked_sub(1).map(|last| last + 1), count.saturating_sub(1))
            );
            if count > 0 {
                rows.push(count);
            }
            assert!(rows.into_iter().skip(3).eq((1..=count).skip(3)));
        }
    }
}
