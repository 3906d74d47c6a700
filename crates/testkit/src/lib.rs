//! Repository builder, fake ports and test contexts; not shipped.
