//! Prose that must stay true: compiled as documentation, its links checked with the code's.
