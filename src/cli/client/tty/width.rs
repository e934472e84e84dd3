//! How many columns of a terminal a character takes.
//!
//! Owns: a short form of the tables that terminals have (Unicode Standard Annex 11, East Asian Width; general categories Mn, Me and
//! Cf). A character that is judged wrongly is drawn a column off, and that is all.

use std::cmp::Ordering;

/// Characters that are drawn over the one before them, or not at all.
const NONE: [(u32, u32); 39] = [
    (0x0300, 0x036f),
    (0x0483, 0x0489),
    (0x0591, 0x05bd),
    (0x05bf, 0x05bf),
    (0x05c1, 0x05c7),
    (0x0610, 0x061a),
    (0x064b, 0x065f),
    (0x0670, 0x0670),
    (0x06d6, 0x06dc),
    (0x06df, 0x06e4),
    (0x06e7, 0x06ed),
    (0x0730, 0x074a),
    (0x0900, 0x0902),
    (0x093c, 0x093c),
    (0x0941, 0x0948),
    (0x094d, 0x094d),
    (0x0951, 0x0957),
    (0x09bc, 0x09bc),
    (0x09c1, 0x09c4),
    (0x09cd, 0x09cd),
    (0x0a3c, 0x0a51),
    (0x0abc, 0x0abc),
    (0x0b3c, 0x0b3c),
    (0x0bc0, 0x0bc0),
    (0x0bcd, 0x0bcd),
    (0x0e31, 0x0e31),
    (0x0e34, 0x0e3a),
    (0x0e47, 0x0e4e),
    (0x0eb1, 0x0ebc),
    (0x1ab0, 0x1aff),
    (0x1dc0, 0x1dff),
    (0x200b, 0x200f),
    (0x2060, 0x2064),
    (0x20d0, 0x20f0),
    (0x3099, 0x309a),
    (0xfe00, 0xfe0f),
    (0xfe20, 0xfe2f),
    (0xfeff, 0xfeff),
    (0xe0100, 0xe01ef),
];

/// Characters that take two columns.
const TWO: [(u32, u32); 37] = [
    (0x1100, 0x115f),
    (0x231a, 0x231b),
    (0x23e9, 0x23ec),
    (0x23f0, 0x23f0),
    (0x23f3, 0x23f3),
    (0x25fd, 0x25fe),
    (0x2614, 0x2615),
    (0x2648, 0x2653),
    (0x267f, 0x267f),
    (0x2693, 0x2693),
    (0x26a1, 0x26a1),
    (0x26aa, 0x26ab),
    (0x26bd, 0x26be),
    (0x26c4, 0x26c5),
    (0x26ce, 0x26ce),
    (0x26d4, 0x26d4),
    (0x2705, 0x2705),
    (0x270a, 0x270b),
    (0x2728, 0x2728),
    (0x274c, 0x274c),
    (0x2753, 0x2757),
    (0x2795, 0x2797),
    (0x2b1b, 0x2b1c),
    (0x2b50, 0x2b50),
    (0x2b55, 0x2b55),
    (0x2e80, 0x303e),
    (0x3041, 0xa4cf),
    (0xa960, 0xa97f),
    (0xac00, 0xd7a3),
    (0xf900, 0xfaff),
    (0xfe10, 0xfe19),
    (0xfe30, 0xfe6f),
    (0xff00, 0xff60),
    (0xffe0, 0xffe6),
    (0x1f300, 0x1f64f),
    (0x1f680, 0x1f9ff),
    (0x20000, 0x3fffd),
];

/// 0, 1 or 2.
pub(super) fn of(c: char) -> usize {
    let within = |table: &[(u32, u32)]| {
        let found = table.binary_search_by(|(first, last)| match u32::from(c) {
            c if c < *first => Ordering::Greater,
            c if c > *last => Ordering::Less,
            _ => Ordering::Equal,
        });
        found.is_ok()
    };
    match c {
        '\u{20}'..='\u{7e}' => 1,
        _ if within(&NONE) => 0,
        _ if within(&TWO) => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_order() {
        for table in [&NONE[..], &TWO] {
            assert!(table.iter().all(|(first, last)| first <= last));
            assert!(table.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }

    #[test]
    fn letters_take_one_column_ideographs_two_and_accents_none() {
        for (c, columns) in [
            ('a', 1),
            ('\u{e9}', 1),
            ('\u{5d0}', 1),
            ('\u{301}', 0),
            ('\u{200d}', 0),
            ('\u{fe0f}', 0),
            ('\u{4e2d}', 2),
            ('\u{3042}', 2),
            ('\u{ac00}', 2),
            ('\u{ff21}', 2),
            ('\u{ff71}', 1),
            ('\u{1f40d}', 2),
            ('\u{20000}', 2),
            ('\u{10ffff}', 1),
        ] {
            assert_eq!(of(c), columns, "{c:?}");
        }
    }
}
