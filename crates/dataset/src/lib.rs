//! Judges and ships: exports, validation, and the audit by re-derivation.
